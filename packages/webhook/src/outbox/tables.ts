/**
 * Where the truth lives. Times are epoch milliseconds, lists and objects are JSON texts, booleans are 0 and 1.
 * A delivery that is being sent is `pending`, and a lease has its number.
 */
import { migrate as migrateTables } from "@tenterhook/sql"
import { Effect } from "effect"
import { type Migrator, SqlClient, type SqlError } from "effect/sql"

/** Makes or brings up to date what is there. Several processes may do so at once. */
export const migrate: Effect.Effect<void, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =
  Effect.suspend(() => migrateTables("outbox_migration", migrations))

const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const sequence = sql.literal(
    sql.onDialectOrElse({
      orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT",
      pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    })
  )
  yield* sql`CREATE TABLE outbox_endpoint (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    events TEXT NOT NULL,
    filter TEXT,
    headers TEXT NOT NULL,
    secrets TEXT NOT NULL,
    rate_per_second DOUBLE PRECISION,
    concurrency INTEGER NOT NULL,
    fifo INTEGER NOT NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    failing_since BIGINT,
    failed_at BIGINT,
    rate_free_at DOUBLE PRECISION NOT NULL
  )`
  yield* sql`CREATE TABLE outbox_announcement (
    id TEXT PRIMARY KEY,
    dedupe_key TEXT UNIQUE,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    announced_at BIGINT NOT NULL
  )`
  yield* sql`CREATE TABLE outbox_delivery (
    seq ${sequence},
    id TEXT NOT NULL UNIQUE,
    webhook_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL REFERENCES outbox_endpoint (id) ON DELETE CASCADE,
    announcement_id TEXT NOT NULL REFERENCES outbox_announcement (id) ON DELETE CASCADE,
    replay_of TEXT,
    status TEXT NOT NULL,
    cause TEXT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    next_at BIGINT,
    ended_at BIGINT,
    attempts INTEGER NOT NULL,
    leased_until BIGINT NOT NULL,
    leased_by TEXT
  )`
  yield* sql`CREATE TABLE outbox_attempt (
    delivery_id TEXT NOT NULL REFERENCES outbox_delivery (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at BIGINT NOT NULL,
    duration_ms DOUBLE PRECISION NOT NULL,
    status INTEGER,
    error TEXT,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    truncated INTEGER NOT NULL,
    PRIMARY KEY (delivery_id, number)
  )`
  // Another text with every change to an endpoint, so that processes know when what they remember is old.
  yield* sql`CREATE TABLE outbox_revision (one INTEGER PRIMARY KEY, revision TEXT NOT NULL)`
  yield* sql`INSERT INTO outbox_revision (one, revision) VALUES (1, 'first')`
  yield* sql`CREATE INDEX outbox_delivery_due ON outbox_delivery (endpoint_id, next_at, seq) WHERE status = 'pending' AND leased_until = 0`
  yield* sql`CREATE INDEX outbox_delivery_first ON outbox_delivery (endpoint_id, seq) WHERE status = 'pending'`
  yield* sql`CREATE INDEX outbox_delivery_leased ON outbox_delivery (endpoint_id, leased_until) WHERE leased_until > 0`
  yield* sql`CREATE INDEX outbox_delivery_lease_end ON outbox_delivery (leased_until) WHERE leased_until > 0`
  yield* sql`CREATE INDEX outbox_delivery_endpoint ON outbox_delivery (endpoint_id, status, created_at)`
  yield* sql`CREATE INDEX outbox_delivery_announcement ON outbox_delivery (announcement_id)`
})

const retention = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // When its data was forgotten: they are the JSON text `null` from then on.
  yield* sql`ALTER TABLE outbox_announcement ADD COLUMN forgotten_at BIGINT`
  yield* sql`CREATE INDEX outbox_delivery_ended ON outbox_delivery (ended_at) WHERE ended_at IS NOT NULL`
  yield* sql`CREATE INDEX outbox_delivery_replay ON outbox_delivery (replay_of) WHERE replay_of IS NOT NULL`
})

const endpointRules = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE outbox_endpoint ADD COLUMN rules TEXT`
})

/**
 * What is being sent stands in rows of its own, a few for each worker, so that taking a delivery does not write it. On
 * Postgres what a foreign key would look up for each row is held together by whoever deletes.
 */
const leases = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const name of ["due", "first", "leased", "lease_end", "endpoint", "ended"])
    yield* sql`DROP INDEX ${sql(`outbox_delivery_${name}`)}`
  yield* sql`ALTER TABLE outbox_delivery DROP COLUMN leased_until`
  yield* sql`ALTER TABLE outbox_delivery DROP COLUMN leased_by`
  // `deliveries`: their numbers. `until` is by the clock that all who share the database have.
  yield* sql`CREATE TABLE outbox_lease (
    id TEXT PRIMARY KEY,
    endpoint_id TEXT NOT NULL,
    until BIGINT NOT NULL,
    deliveries TEXT NOT NULL
  )`
  // Whether its endpoint keeps the order: others need no index for it.
  yield* sql`ALTER TABLE outbox_delivery ADD COLUMN fifo INTEGER NOT NULL DEFAULT 0`
  yield* sql`UPDATE outbox_delivery SET fifo = 1 WHERE status IN ('pending', 'held')
    AND endpoint_id IN (SELECT id FROM outbox_endpoint WHERE fifo = 1)`
  yield* sql`CREATE INDEX outbox_delivery_first ON outbox_delivery (endpoint_id, fifo, seq)
    WHERE status = 'pending' AND fifo = 1`
  yield* sql`CREATE INDEX outbox_delivery_due ON outbox_delivery (endpoint_id, next_at, seq) WHERE status = 'pending'`
  yield* sql`CREATE INDEX outbox_delivery_endpoint ON outbox_delivery (endpoint_id, seq)`
  yield* sql`CREATE INDEX outbox_delivery_given_up ON outbox_delivery (endpoint_id, status, created_at)
    WHERE status IN ('failed', 'held')`
  yield* sql.onDialectOrElse({
    orElse: () => Effect.void,
    pg: () =>
      Effect.gen(function* () {
        yield* sql`ALTER TABLE outbox_delivery DROP CONSTRAINT outbox_delivery_endpoint_id_fkey,
          DROP CONSTRAINT outbox_delivery_announcement_id_fkey`
        yield* sql`ALTER TABLE outbox_attempt DROP CONSTRAINT outbox_attempt_delivery_id_fkey`
        yield* sql`ALTER TABLE outbox_announcement DROP CONSTRAINT outbox_announcement_dedupe_key_key`
        yield* sql`CREATE UNIQUE INDEX outbox_announcement_key ON outbox_announcement (dedupe_key)
          WHERE dedupe_key IS NOT NULL`
      })
  })
})

const migrations = {
  "0001_tables": tables,
  "0002_retention": retention,
  "0003_endpoint_rules": endpointRules,
  "0004_leases": leases
}
