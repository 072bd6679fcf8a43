/** Hooks as a service, in this process: for people who do not use Effect. */
export { Api } from "./api/Api.ts"
export { type OtherDatabase, serve, ServeError, type ServeOptions, type RunningServer } from "./serve.ts"
