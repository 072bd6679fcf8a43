/** Hook sets in all their versions. */
import { rowsOf, Whole } from "@tenterhook/sql"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { HookSetUpload, LoadNotice } from "../api/hookSets.ts"
import type { HookSet } from "../api/hookSets.ts"
import { about, type InvalidRequest, NotFound } from "../api/Problem.ts"
import { mintId } from "./Id.ts"
import { type Page, paged, type PageQuery, where } from "./page.ts"
import { type StoreError, stored } from "./StoreError.ts"
import { Uploads } from "./Uploads.ts"

/** What loading found out about an upload. */
export interface Loaded {
  readonly dialect: string
  readonly mode: string
  readonly hooks: number
  readonly notices: HookSet["notices"]
}

export type HookSetSummary = Omit<HookSet, "lenient" | "notices" | "configs" | "tools" | "allow">

/** A version by its digest: what a fire needs to know. */
export interface VersionRef {
  readonly hookSetId: string
  readonly version: number
  readonly digest: string
}

export class HookSets extends Context.Service<
  HookSets,
  {
    readonly create: (upload: HookSetUpload, loaded: Loaded) => Effect.Effect<HookSet, StoreError>
    /** The next version; the same one where nothing changed. */
    readonly replace: (
      id: string,
      upload: HookSetUpload,
      loaded: Loaded
    ) => Effect.Effect<HookSet, StoreError | NotFound>
    readonly get: (id: string, version?: number) => Effect.Effect<HookSet, StoreError | NotFound>
    /** Remembered: what another process uploaded meanwhile is seen within a second. */
    readonly find: (id: string, version?: number) => Effect.Effect<VersionRef, StoreError | NotFound>
    readonly list: (query: PageQuery) => Effect.Effect<Page<HookSetSummary>, StoreError | InvalidRequest>
    readonly versions: (
      id: string,
      query: PageQuery
    ) => Effect.Effect<Page<HookSetSummary>, StoreError | NotFound | InvalidRequest>
    readonly remove: (id: string) => Effect.Effect<void, StoreError | NotFound>
  }
>()("@tenterhook/server/store/HookSets") {
  static readonly layer = Layer.effect(
    HookSets,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const uploads = yield* Uploads
      const latest = new Map<string, { readonly ref: VersionRef; readonly until: number }>()

      const select = sql`SELECT s.seq, v.hook_set_id, v.version, v.name, v.dialect, v.mode, v.digest, v.hooks, v.notices,
        s.created_at, v.created_at AS updated_at
        FROM hook_set s JOIN hook_set_version v ON v.hook_set_id = s.id`

      const rowOf = Effect.fnUntraced(function* (id: string, version: number | undefined) {
        const which = version === undefined ? sql`v.version = s.latest` : sql`v.version = ${version}`
        const [row] = yield* versionRows(sql`${select} WHERE s.id = ${id} AND ${which}`)
        return row ?? (yield* none(id, version))
      })

      const whole = Effect.fnUntraced(function* (row: typeof VersionRow.Type) {
        const { lenient = false, configs, tools, allow } = yield* uploads.get(row.digest)
        const set: HookSet = {
          ...summaryOf(row),
          lenient,
          notices: row.notices,
          configs,
          tools: tools ?? null,
          allow: allow ?? null
        }
        return set
      })

      const write = Effect.fnUntraced(function* (id: string, version: number, upload: HookSetUpload, loaded: Loaded) {
        const digest = yield* uploads.keep(upload)
        const row = {
          hook_set_id: id,
          version,
          name: upload.name ?? null,
          dialect: loaded.dialect,
          mode: loaded.mode,
          digest,
          hooks: loaded.hooks,
          notices: JSON.stringify(loaded.notices),
          created_at: yield* Clock.currentTimeMillis
        }
        yield* sql`INSERT INTO hook_set_version ${sql.insert(row)} ON CONFLICT (hook_set_id, version) DO NOTHING`
      })

      const get = Effect.fn("HookSets.get")(function* (id: string, version?: number) {
        return yield* whole(yield* rowOf(id, version))
      }, stored("read the hook set"))

      const create = Effect.fn("HookSets.create")(function* (upload: HookSetUpload, loaded: Loaded) {
        const id = yield* mintId("hs")
        const row = { id, latest: 1, created_at: yield* Clock.currentTimeMillis }
        yield* sql.withTransaction(
          Effect.andThen(
            sql`INSERT INTO hook_set ${sql.insert(row)} ON CONFLICT (id) DO NOTHING`,
            write(id, 1, upload, loaded)
          )
        )
        return yield* Effect.orDie(Effect.catchTag(get(id), "NotFound", () => Effect.die(new Error(`${id} vanished`))))
      }, stored("save the hook set"))

      const replace = Effect.fn("HookSets.replace")(function* (id: string, upload: HookSetUpload, loaded: Loaded) {
        const change = Effect.gen(function* () {
          // Two that come at once are two versions.
          yield* sql`UPDATE hook_set SET latest = latest WHERE id = ${id}`
          const before = yield* rowOf(id, undefined)
          const digest = yield* uploads.keep(upload)
          if (digest === before.digest && (upload.name ?? null) === before.name) return
          const version = before.version + 1
          yield* write(id, version, upload, loaded)
          yield* sql`UPDATE hook_set SET latest = ${version} WHERE id = ${id}`
        })
        yield* sql.withTransaction(change)
        latest.delete(id)
        return yield* get(id)
      }, stored("save the hook set"))

      const find = Effect.fnUntraced(function* (id: string, version?: number) {
        const now = yield* Clock.currentTimeMillis
        const remembered = latest.get(id)
        const fits = remembered !== undefined && (version ?? remembered.ref.version) === remembered.ref.version
        if (fits && remembered.until > now) return remembered.ref
        const row = yield* rowOf(id, version)
        const ref = { hookSetId: id, version: row.version, digest: row.digest }
        if (version === undefined) latest.set(id, { ref, until: now + rememberedMs })
        return ref
      }, stored("read the hook set"))

      const list = Effect.fn("HookSets.list")((query: PageQuery) =>
        paged(
          query,
          (before, limit) => {
            const conditions = [sql`v.version = s.latest`, before === null ? null : sql`s.seq < ${before}`]
            return versionRows(sql`${select} ${where(sql, conditions)} ORDER BY s.seq DESC LIMIT ${limit}`)
          },
          summaryOf
        ).pipe(stored("list the hook sets"))
      )

      const versions = Effect.fn("HookSets.versions")(function* (id: string, query: PageQuery) {
        yield* rowOf(id, undefined)
        return yield* paged(
          query,
          (before, limit) => {
            const conditions = [sql`s.id = ${id}`, before === null ? null : sql`v.version < ${before}`]
            const rows = versionRows(sql`${select} ${where(sql, conditions)} ORDER BY v.version DESC LIMIT ${limit}`)
            return Effect.map(rows, (all) => all.map((row) => ({ ...row, seq: row.version })))
          },
          summaryOf
        )
      }, stored("list the versions"))

      const remove = Effect.fn("HookSets.remove")(function* (id: string) {
        latest.delete(id)
        const rows = yield* sql`DELETE FROM hook_set WHERE id = ${id} RETURNING id`
        if (rows.length === 0) return yield* none(id, undefined)
      }, stored("remove the hook set"))

      return HookSets.of({ create, replace, get, find, list, versions, remove })
    })
  )
}

const rememberedMs = 1000

const none = (id: string, version: number | undefined) =>
  new NotFound(
    about(
      version === undefined ? "params.id" : "query.version",
      version === undefined
        ? `expected the id of a hook set, got ${JSON.stringify(id)}, which there is none of`
        : `expected a version of ${JSON.stringify(id)}, got ${version}, which there is none of`
    )
  )

const VersionRow = Schema.Struct({
  seq: Whole,
  hook_set_id: Schema.String,
  version: Whole,
  name: Schema.NullOr(Schema.String),
  dialect: Schema.String,
  mode: Schema.String,
  digest: Schema.String,
  hooks: Whole,
  notices: Schema.fromJsonString(Schema.Array(LoadNotice)),
  created_at: Whole,
  updated_at: Whole
})
const versionRows = rowsOf(VersionRow)

const summaryOf = (row: typeof VersionRow.Type): HookSetSummary => ({
  id: row.hook_set_id,
  version: row.version,
  name: row.name,
  dialect: row.dialect,
  mode: row.mode,
  digest: row.digest,
  hooks: row.hooks,
  createdAt: row.created_at,
  updatedAt: row.updated_at
})
