/** Hooks for an agent in five lines. Nobody needs to know Effect. */
import "./runtime.ts"
export { createHooks, type Hooks, type HooksOptions } from "./createHooks.ts"
export type { AnyHooks, FireOptions } from "./AnyHooks.ts"
export {
  connectHooks,
  type ConnectOptions,
  InvalidConnection,
  type ProblemDocument,
  type ProblemEntry,
  type ServerHooks,
  ServerRefused,
  ServerUnreachable
} from "./connectHooks.ts"
export { ConfigNotFound } from "./ConfigNotFound.ts"
export type { ConfigText } from "./ConfigText.ts"
export { InvalidOptions } from "./options/Check.ts"
export { UnsupportedRuntime } from "./UnsupportedRuntime.ts"
export type { Delivered, DeliverOptions } from "./Mailroom.ts"
export type { EndpointOptions } from "./outbox.ts"
export { errata } from "./errata.ts"
export type {
  ErrataContext,
  ErrataEnv,
  ErrataEvent,
  ErrataHook,
  ErrataHookResult,
  ErrataRun
} from "@tenterhook/dialects"
export { foldersUp } from "./foldersUp.ts"
export { discoveredNotice } from "./discoveredNotice.ts"
export { type Ask } from "./ask.ts"
export { type Execution, type ExecutionEnd, ExecutionRefused, type OngoingExecution } from "./Execution.ts"
export { type EngineAdapter, type PlainAdapter, type PlainCall, type PlainReply } from "./PlainAdapter.ts"
export type {
  PlainAnswer,
  PlainConfig,
  PlainDialect,
  PlainEnd,
  PlainFire,
  PlainHook,
  PlainHooks,
  PlainInput,
  PlainPlace
} from "./PlainDialect.ts"
export { definePlugin, type Plugin } from "./plugins/Plugin.ts"
export { PluginError } from "./plugins/PluginError.ts"
export { adapterOf } from "./plugins/adapterOf.ts"
export { dialectOf, type EngineDialect } from "./plugins/dialectOf.ts"
export { openPlugins, type PluggedIn, type PluginOptions } from "./plugins/openPlugins.ts"
export {
  ConfigError,
  type EventClass,
  type EventContext,
  type EventName,
  type Explanation,
  type FireReport,
  type HookExplanation,
  type HookSet,
  type HostCapability,
  InvalidContext,
  type JournalEntry,
  type LoadNotice,
  movableClock,
  type MovableClock,
  NoDialect,
  type OutcomeReport,
  UnknownEvent,
  type Verdict
} from "@tenterhook/core"
export type { ToolDefinition, ToolkitOptions, ToolSource } from "@tenterhook/tool-call"
export type { Delivery, Endpoint, EndpointRules } from "@tenterhook/webhook/outbox"
