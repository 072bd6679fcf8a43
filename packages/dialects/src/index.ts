export { wegent } from "./wegent/wegent.ts"
export { native } from "./native/native.ts"
export { youbencha } from "./youbencha/youbencha.ts"
export { oats } from "./oats/oats.ts"
export { errata } from "./errata/errata.ts"
export { wacht } from "./wacht/wacht.ts"
export {
  type ErrataContext,
  type ErrataEnv,
  type ErrataEvent,
  type FireHooks as ErrataFire,
  hooksFromContext,
  type HookResult as ErrataHookResult,
  makeErrata,
  matchesEvent,
  type Run as ErrataRun,
  withHooks
} from "./errata/Contract.ts"
export type { ErrataHook } from "./errata/Config.ts"
export { type HookConfig as NativeHook } from "./native/Config.ts"
export { nativeJsonSchema } from "./native/jsonSchema.ts"
export { nearest } from "./config/nearest.ts"
export { checkSyntax, type ConfigPath, type Document, formatPath, readDocument, show } from "./config/Document.ts"
