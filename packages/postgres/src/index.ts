/** SqlClient of effect/sql on Postgres. */
export * as PostgresClient from "./PostgresClient.ts"
export { NoDatabase } from "./PostgresClient.ts"
