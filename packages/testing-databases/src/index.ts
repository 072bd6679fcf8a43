/** The databases that stores must work on. */
export { type Database, databases, type Engine } from "./databases.ts"
export { sharedPostgres } from "./sharedPostgres.ts"
