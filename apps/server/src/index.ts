/** Hooks as a service, in this process. */
export { Api } from "./api/Api.ts"
