/** The keys of a data folder, with promises: its database is opened beside whatever server runs on it. */
import { SqliteClient } from "@tenterhook/sqlite"
import { Effect, Layer, ManagedRuntime } from "effect"
import { databaseFile, makeFolder, makePrivate } from "../store/DataFolder.ts"
import { type CreatedKey, type KeyRecord, Keys, type NewKey } from "./Keys.ts"
import { migrateKeys } from "./tables.ts"

/** Each rejects with a `KeysError` for what was asked wrongly, and with an `SqlError` where the database does not do it. */
export interface OpenKeys {
  readonly create: (key: NewKey) => Promise<CreatedKey>
  readonly list: () => Promise<ReadonlyArray<KeyRecord>>
  readonly revoke: (id: string) => Promise<KeyRecord>
  readonly close: () => Promise<void>
}

/** Makes the folder and its database where they are not there: a key may be made before the server first runs. */
export const openKeys = (dataFolder: string): OpenKeys => {
  makeFolder(dataFolder)
  makePrivate(databaseFile(dataFolder))
  const database = SqliteClient.layer({ filename: databaseFile(dataFolder) })
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
