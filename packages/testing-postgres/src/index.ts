/** A real Postgres for tests. */
export { hasPostgres, type Postgres, type PostgresOptions, startPostgres } from "./startPostgres.ts"
export { freePort } from "./freePort.ts"
