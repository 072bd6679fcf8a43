/** Hooks as a service, in this process: for people who do not use Effect. */
export { Api } from "./api/Api.ts"
export { type OtherDatabase, serve, type ServeOptions, type RunningServer } from "./serve.ts"
export { ServeError } from "./ServeError.ts"
export type { KeyEntry, LogEntry, LogLevel, RequestEntry, TryEntry } from "./watch/LogEntry.ts"
