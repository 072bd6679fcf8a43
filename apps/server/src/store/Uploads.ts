/** What was uploaded, by its digest. The same again is the same row. */
import { rowsOf } from "@tenterhook/sql"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { HookSetUpload } from "../api/hookSets.ts"
import { type StoreError, stored } from "./StoreError.ts"

export class Uploads extends Context.Service<
  Uploads,
  {
    /** Gives its digest. Also within the transaction of the caller. */
    readonly keep: (upload: HookSetUpload) => Effect.Effect<string, StoreError>
    /** A digest that is not there is a defect: rows refer to what is kept. */
    readonly get: (digest: string) => Effect.Effect<HookSetUpload, StoreError>
    /** Removes what was kept before the time and nothing refers to. */
    readonly forget: (before: number) => Effect.Effect<void, StoreError>
  }
>()("@tenterhook/server/store/Uploads") {
  static readonly layer = Layer.effect(
    Uploads,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const keep = Effect.fn("Uploads.keep")(function* (upload: HookSetUpload) {
        const digest = digestOf(upload)
        const row = { digest, upload: JSON.stringify(essence(upload)), created_at: yield* Clock.currentTimeMillis }
        // One that is asked for again is not old: nobody forgets it before it is referred to.
        yield* sql`INSERT INTO upload ${sql.insert(row)} ON CONFLICT (digest)
          DO UPDATE SET created_at = excluded.created_at WHERE upload.created_at < excluded.created_at - ${aDayMs}`
        return digest
      }, stored("keep the hooks"))

      const get = Effect.fn("Uploads.get")(function* (digest: string) {
        const [row] = yield* uploadRows(sql`SELECT upload FROM upload WHERE digest = ${digest}`)
        return row === undefined ? yield* Effect.die(new Error(`no upload ${digest}`)) : row.upload
      }, stored("read the hooks"))

      const forget = Effect.fn("Uploads.forget")(function* (before: number) {
        yield* sql`DELETE FROM upload WHERE created_at < ${before}
          AND digest NOT IN (SELECT digest FROM hook_set_version) AND digest NOT IN (SELECT digest FROM execution)`
      }, stored("forget hooks"))

      return Uploads.of({ keep, get, forget })
    })
  )
}

/** Of what decides how its hooks behave: its name does not. */
export const digestOf = (upload: HookSetUpload): string =>
  createHash("sha256")
    .update(JSON.stringify(essence(upload)))
    .digest("hex")

/** With its keys in one order. */
const essence = ({ dialect, mode, lenient, configs, tools, allow }: HookSetUpload): HookSetUpload => ({
  ...(dialect === undefined ? {} : { dialect }),
  ...(mode === undefined ? {} : { mode }),
  ...(lenient === true ? { lenient } : {}),
  configs: configs.map(({ file, text, folder }) => ({ file, text, ...(folder === undefined ? {} : { folder }) })),
  ...(tools === undefined
    ? {}
    : {
        tools: {
          ...(tools.servers === undefined ? {} : { servers: tools.servers }),
          ...(tools.shared === undefined ? {} : { shared: tools.shared })
        }
      }),
  ...(allow === undefined ? {} : { allow })
})

const aDayMs = 86_400_000
const uploadRows = rowsOf(Schema.Struct({ upload: Schema.fromJsonString(HookSetUpload) }))
