/** The keys of a server, with promises: its database is opened beside whatever server runs on it. */
import { type NoDatabase, PostgresClient } from "@tenterhook/postgres"
import { SqliteClient } from "@tenterhook/sqlite"
import { Effect, Layer, ManagedRuntime } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { databaseFile, makeFolder, makePrivate } from "../store/DataFolder.ts"
import { type FolderMoved, mayBeServed, type StillArriving, whenArrived } from "../migrate/moved.ts"
import { type CreatedKey, type KeyRecord, Keys, type NewKey } from "./Keys.ts"
import { migrateKeys } from "./tables.ts"

export type KeysPlace = { readonly data: string } | { readonly databaseUrl: string }

/** Each rejects with a `KeysError` for what was asked wrongly, and with an `SqlError` where the database does not do it. */
export interface OpenKeys {
  readonly create: (key: NewKey) => Promise<CreatedKey>
  readonly list: () => Promise<ReadonlyArray<KeyRecord>>
  readonly revoke: (id: string) => Promise<KeyRecord>
  readonly close: () => Promise<void>
}

/** The folder and its database are made where they are not there: a key may be made before the server first runs. */
export const openKeys = (place: KeysPlace): OpenKeys => {
  const database: Layer.Layer<SqlClient.SqlClient, SqlError.SqlError | NoDatabase | FolderMoved | StillArriving> =
    "databaseUrl" in place
      ? whenArrived(PostgresClient.layer({ url: place.databaseUrl, maxConnections: 1, waitMs: 5000 }))
      : inFolder(place.data)
  const store = Keys.layer.pipe(Layer.provide(Layer.effectDiscard(migrateKeys)), Layer.provide(database))
  const runtime = ManagedRuntime.make(store)
  const run = <A, E>(effect: Effect.Effect<A, E, Keys>) => runtime.runPromise(effect)
  return {
    create: (key) => run(Keys.use((keys) => keys.create(key))),
    list: () => run(Keys.use((keys) => keys.list)),
    revoke: (id) => run(Keys.use((keys) => keys.revoke(id))),
    close: () => runtime.dispose()
  }
}

const inFolder = (data: string) => {
  makeFolder(data)
  makePrivate(databaseFile(data))
  return Layer.unwrap(Effect.as(mayBeServed(data), SqliteClient.layer({ filename: databaseFile(data) })))
}
