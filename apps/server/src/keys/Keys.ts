/** The keys that the server knows: made, listed, revoked, and found again by what a request brings. */
import { rowsOf, Whole } from "@tenterhook/sql"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { hash, randomBytes } from "node:crypto"
import { crc32 } from "node:zlib"
import type { Caller } from "../api/Authorization.ts"
import { everyScope, type Scope, scopes } from "../api/Scope.ts"

/** A key as it is listed. The key itself is not there: only its hash is kept. */
export interface KeyRecord {
  readonly id: string
  readonly name: string | null
  /** `*` stands for all. */
  readonly scopes: ReadonlyArray<string>
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number
  /** To the minute. Null: never used. */
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}

export interface NewKey {
  readonly name?: string
  /** None given: all, also those of later versions. */
  readonly scopes?: ReadonlyArray<string>
}

/** The one time that the key itself is told. */
export interface CreatedKey extends Pick<KeyRecord, "id" | "name" | "scopes" | "createdAt"> {
  readonly key: string
}

export class UnknownScope extends Schema.TaggedError<UnknownScope>()("unknown scope", { scope: Schema.String }) {
  override get message() {
    return `expected a scope, got ${JSON.stringify(this.scope)}; the scopes are ${[everyScope, ...scopes].join(", ")}`
  }
}

export class UnknownKey extends Schema.TaggedError<UnknownKey>()("unknown key", { id: Schema.String }) {
  override get message() {
    return `expected the id of a key, got ${JSON.stringify(this.id)}, which there is none of`
  }
}

export class KeysError extends Schema.TaggedError<KeysError>()("KeysError", {
  reason: Schema.Union([UnknownScope, UnknownKey])
}) {
  override get message() {
    return this.reason.message
  }
}

export class Keys extends Context.Service<
  Keys,
  {
    readonly create: (key: NewKey) => Effect.Effect<CreatedKey, KeysError | SqlError.SqlError>
    /** The same, where there was never a key; null where there was. Of several processes that ask at once one gets it. */
    readonly first: Effect.Effect<CreatedKey | null, SqlError.SqlError>
    /** The newest first, with those that were revoked. */
    readonly list: Effect.Effect<ReadonlyArray<KeyRecord>, SqlError.SqlError>
    /** Other processes notice within a second. A key that was revoked before stays so. */
    readonly revoke: (id: string) => Effect.Effect<KeyRecord, KeysError | SqlError.SqlError>
    /** Whose key it is; null for one that is unknown or revoked. Asks the database once a second at most for each key. */
    readonly find: (key: string) => Effect.Effect<Caller | null, SqlError.SqlError>
    /** Id of a key that was revoked; null for any other text. Asks the database. */
    readonly revokedId: (key: string) => Effect.Effect<string | null, SqlError.SqlError>
    /** Whether there was never a key: a folder whose keys were all revoked is not empty, it is closed. */
    readonly isEmpty: Effect.Effect<boolean, SqlError.SqlError>
  }
>()("@tenterhook/server/keys/Keys") {
  /** Its table is there: `migrateKeys`. */
  static readonly layer = Layer.effect(
    Keys,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const clock = yield* Clock.Clock
      // By hash, so that looking one up tells nothing about the key. Holds keys that exist, and no others.
      const known = new Map<string, Known>()

      const create = Effect.fn("Keys.create")(function* ({ name, scopes: asked = [] }: NewKey) {
        for (const scope of asked) {
          if (!isScope(scope)) return yield* new KeysError({ reason: new UnknownScope({ scope }) })
        }
        const key = mintKey()
        const record = {
          id: `key_${randomBytes(12).toString("hex")}`,
          name: name ?? null,
          scopes: asked.length === 0 ? [everyScope] : [...new Set(asked)],
          createdAt: clock.currentTimeMillisUnsafe()
        }
        const row = {
          id: record.id,
          name: record.name,
          scopes: JSON.stringify(record.scopes),
          hash: hashOf(key),
          created_at: record.createdAt
        }
        yield* sql`INSERT INTO server_key ${sql.insert(row)}`
        return { ...record, key }
      })

      const list = Effect.suspend(() => keyRows(sql`SELECT * FROM server_key ORDER BY seq DESC`)).pipe(
        Effect.map((rows) => rows.map(recordOf)),
        Effect.withSpan("Keys.list")
      )

      const revoke = Effect.fn("Keys.revoke")(function* (id: string) {
        const now = clock.currentTimeMillisUnsafe()
        const [row] = yield* keyRows(
          sql`UPDATE server_key SET revoked_at = COALESCE(revoked_at, ${now}) WHERE id = ${id} RETURNING *`
        )
        if (row === undefined) return yield* new KeysError({ reason: new UnknownKey({ id }) })
        known.delete(row.hash)
        return recordOf(row)
      })

      const find = Effect.fnUntraced(function* (key: string) {
        if (key.length !== keyLength) return null
        const hashed = hashOf(key)
        const now = clock.currentTimeMillisUnsafe()
        const cached = known.get(hashed)
        if (cached !== undefined && now < cached.until && now >= cached.until - freshMs) return cached.caller
        if (!isKey(key)) return null
        const [row] = yield* keyRows(sql`SELECT * FROM server_key WHERE hash = ${hashed} AND revoked_at IS NULL`)
        if (row === undefined) {
          known.delete(hashed)
          return null
        }
        const caller = cached?.caller ?? { keyId: row.id, scopes: row.scopes }
        // From when it was asked, not from when the answer came.
        known.set(hashed, { caller, until: now + freshMs })
        if (row.last_used_at === null || now - row.last_used_at >= coarseMs) yield* used(row.id, now)
        return caller
      })

      const revokedId = Effect.fnUntraced(function* (key: string) {
        if (!isKey(key)) return null
        const [row] = yield* keyRows(
          sql`SELECT * FROM server_key WHERE hash = ${hashOf(key)} AND revoked_at IS NOT NULL`
        )
        return row?.id ?? null
      })

      /** A request is not refused because this could not be written down. */
      const used = (id: string, now: number) =>
        sql`UPDATE server_key SET last_used_at = ${now} WHERE id = ${id}`.pipe(
          Effect.catch((error) => Effect.logWarning(`the last use of ${id} is not written down: ${error.message}`))
        )

      const isEmpty = sql`SELECT 1 FROM server_key LIMIT 1`.pipe(Effect.map((rows) => rows.length === 0))

      const first = sql.withTransaction(
        Effect.gen(function* () {
          yield* sql.onDialectOrElse({
            orElse: () => Effect.void,
            pg: () => sql`LOCK TABLE server_key IN EXCLUSIVE MODE`
          })
          return (yield* isEmpty) ? yield* Effect.catchTag(create({ name: "first" }), "KeysError", Effect.die) : null
        })
      )

      return Keys.of({ create, first, list, revoke, find, revokedId, isEmpty })
    })
  )
}

/**
 * 32 random bytes, and a checksum that tells a typing error from an unknown key without asking the database.
 * Nothing of it can be guessed, so a fast hash keeps it as safe as a slow one would: there is no dictionary of such keys.
 */
const mintKey = (): string => {
  const secret = randomBytes(32).toString("base64url")
  return `${prefix}${secret}${checksum(secret)}`
}

const isKey = (text: string): boolean =>
  shape.test(text) && checksum(text.slice(prefix.length, -checksumLength)) === text.slice(-checksumLength)

const checksum = (secret: string): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(secret))
  return bytes.toString("base64url")
}

const hashOf = (key: string): string => hash("sha256", key, "base64url")

const isScope = (text: string): text is Scope | typeof everyScope =>
  text === everyScope || (scopes as ReadonlyArray<string>).includes(text)

const recordOf = (row: typeof KeyRow.Type): KeyRecord => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at
})

interface Known {
  readonly caller: Caller
  /** Epoch milliseconds. A clock that was set back ends it as well. */
  readonly until: number
}

const KeyRow = Schema.Struct({
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  scopes: Schema.fromJsonString(Schema.Array(Schema.String)),
  hash: Schema.String,
  created_at: Whole,
  last_used_at: Schema.NullOr(Whole),
  revoked_at: Schema.NullOr(Whole)
})
const keyRows = rowsOf(KeyRow)

const prefix = "th_"
const checksumLength = 6
/** 32 bytes are 43 characters of base64url, and the checksum's 4 bytes are 6. */
const keyLength = 52
const shape = /^th_[\w-]{49}$/
const freshMs = 1000
const coarseMs = 60_000
