/**
 * Where the truth lives, beside the outbox's tables. Times are epoch milliseconds, lists and objects are JSON texts,
 * booleans are 0 and 1; `seq` counts up, so that lists have an order that does not change.
 */
import { migrate as migrateTables } from "@tenterhook/sql"
import { Effect } from "effect"
import { type Migrator, SqlClient, type SqlError } from "effect/sql"

/** Makes or brings up to date what is there. */
export const migrate: Effect.Effect<void, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =
  Effect.suspend(() => migrateTables("server_migration", migrations))

const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const sequence = sql.literal(
    sql.onDialectOrElse({
      orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT",
      pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    })
  )
  // What was uploaded, once: hook set versions, agents' executions and inline hooks refer to it by its digest.
  yield* sql`CREATE TABLE upload (
    digest TEXT PRIMARY KEY,
    upload TEXT NOT NULL,
    created_at BIGINT NOT NULL
  )`
  yield* sql`CREATE TABLE agent (
    seq ${sequence},
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    description TEXT,
    hooks TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`
  yield* sql`CREATE TABLE tool_server (
    name TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    updated_at BIGINT NOT NULL
  )`
  yield* sql`CREATE TABLE hook_set (
    seq ${sequence},
    id TEXT NOT NULL UNIQUE,
    latest INTEGER NOT NULL,
    created_at BIGINT NOT NULL
  )`
  yield* sql`CREATE TABLE hook_set_version (
    hook_set_id TEXT NOT NULL REFERENCES hook_set (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    name TEXT,
    dialect TEXT NOT NULL,
    mode TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES upload (digest),
    hooks INTEGER NOT NULL,
    notices TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (hook_set_id, version)
  )`
  yield* sql`CREATE TABLE fire (
    seq ${sequence},
    id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    dialect TEXT,
    verdict TEXT NOT NULL,
    proceed INTEGER NOT NULL,
    agent_id TEXT,
    hook_set_id TEXT,
    version INTEGER,
    execution_id TEXT,
    outcomes INTEGER NOT NULL,
    duration_ms DOUBLE PRECISION NOT NULL,
    at BIGINT NOT NULL,
    context TEXT NOT NULL,
    report TEXT NOT NULL
  )`
  yield* sql`CREATE INDEX fire_at ON fire (at)`
  yield* sql`CREATE INDEX fire_execution ON fire (execution_id) WHERE execution_id IS NOT NULL`
  yield* sql`CREATE TABLE outcome (
    fire_id TEXT NOT NULL REFERENCES fire (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    hook TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    report TEXT NOT NULL,
    PRIMARY KEY (fire_id, place)
  )`
  yield* sql`CREATE TABLE execution (
    seq ${sequence},
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    agent_id TEXT,
    hook_set_id TEXT,
    version INTEGER,
    digest TEXT NOT NULL REFERENCES upload (digest),
    context TEXT NOT NULL,
    host TEXT,
    start_report TEXT,
    end_report TEXT,
    outcome TEXT,
    error TEXT,
    output TEXT,
    end_context TEXT,
    lease_ms INTEGER NOT NULL,
    lease_ends_at BIGINT,
    created_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,
    ended_at BIGINT,
    settled INTEGER NOT NULL
  )`
  yield* sql`CREATE INDEX execution_lease ON execution (lease_ends_at) WHERE status = 'running'`
  yield* sql`CREATE INDEX execution_unfinished ON execution (touched_at) WHERE status <> 'ended'`
  yield* sql`CREATE INDEX execution_unsettled ON execution (ended_at) WHERE status = 'ended' AND settled = 0`
  yield* sql`CREATE INDEX execution_ended ON execution (ended_at) WHERE status = 'ended'`
  // Written by the readiness check: a database that takes no writes is not ready.
  yield* sql`CREATE TABLE heartbeat (one INTEGER PRIMARY KEY, at BIGINT NOT NULL)`
})

const requests = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Which request with an idempotency key made it: sent again after a crash, that request is answered with it.
  yield* sql`ALTER TABLE fire ADD COLUMN request TEXT`
  yield* sql`CREATE INDEX fire_request ON fire (request) WHERE request IS NOT NULL`
  yield* sql`ALTER TABLE execution ADD COLUMN request TEXT`
})

const processes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE server_process (id TEXT PRIMARY KEY, alive_at BIGINT NOT NULL)`
  // The process that runs a step of it.
  yield* sql`ALTER TABLE execution ADD COLUMN claimed_by TEXT`
})

const migrations = { "0001_tables": tables, "0002_requests": requests, "0003_processes": processes }
