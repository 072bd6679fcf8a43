import { assert, describe, it } from "@effect/vitest"
import { type Database, databases } from "@tenterhook/testing-databases"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Agents } from "../../src/store/Agents.ts"
import { Executions } from "../../src/store/Executions.ts"
import { Fires } from "../../src/store/Fires.ts"
import { HookSets } from "../../src/store/HookSets.ts"
import { Processes } from "../../src/store/Processes.ts"
import type { Stores } from "../../src/store/stores.ts"
import { Uploads } from "../../src/store/Uploads.ts"
import { auditDatabase, auditStores, rules, storesOn } from "../../src/store/contract.ts"

const on = ({ client, place }: Database) => storesOn(client, place.startsWith("postgres"))

describe.each(databases)("the contract of stores: $name", (engine) => {
  const empty = Layer.unwrap(Effect.map(engine.database, on))
  for (const { id, title, check } of rules)
    it.live(`${id} ${title}`, () => Effect.provide(check, empty) as Effect.Effect<void, never>)
})

it.live("a database is held to all of it by one function", () =>
  Effect.gen(function* () {
    const findings = yield* auditDatabase(Effect.map(databases[0]!.database, ({ client }) => client))
    assert.deepStrictEqual(
      findings.map(({ id, broken }) => [id, broken]),
      rules.map(({ id }) => [id, null])
    )
  })
)

/** Each breaks the rules beside it, and no other. */
const broken: ReadonlyArray<readonly [string, ReadonlyArray<string>, Layer.Layer<Stores, never, Stores>]> = [
  [
    "makes an execution for everybody",
    ["STO-1"],
    altered(Executions, (it) => ({ ...it, create: (one) => Effect.as(it.create(one), true) }))
  ],
  [
    "lets the last one say how an execution ended",
    ["STO-2"],
    altered(Executions, (it) => ({ ...it, ending: (id, how) => Effect.ignore(it.ending(id, how)) }))
  ],
  [
    "forgets to tell whose lease ran out",
    ["STO-3"],
    altered(Executions, (it) => ({ ...it, expire: Effect.succeed([]) }))
  ],
  [
    "keeps a fire without what it announced",
    ["STO-4"],
    altered(Fires, (it) => ({ ...it, keep: (one) => it.keep({ ...one, announcements: [] }) }))
  ],
  [
    "gives the first page again",
    ["STO-5"],
    altered(Agents, (it) => ({ ...it, list: ({ limit }) => it.list(limit === undefined ? {} : { limit }) }))
  ],
  [
    "loses a version now and then",
    ["STO-6"],
    altered(HookSets, (it) => ({
      ...it,
      replace: (id, upload, loaded) => (upload.configs[0]!.text === "# 3" ? it.get(id) : it.replace(id, upload, loaded))
    }))
  ],
  ["keeps every upload", ["STO-7"], altered(Uploads, (it) => ({ ...it, forget: () => Effect.void }))],
  ["forgets the newest as well", ["STO-8"], altered(Fires, (it) => ({ ...it, forget: () => it.forget(Infinity) }))]
]

describe("a store that is broken on purpose", () => {
  it.live.runIf(databases.length > 1)("keeps what another process took over", () =>
    Effect.gen(function* () {
      const careless = Layer.effect(
        Processes,
        Effect.map(Effect.all([Processes, SqlClient.SqlClient]), ([it, sql]) =>
          Processes.of({ ...it, mine: () => sql.literal("1 = 1") })
        )
      ).pipe(Layer.provide(Processes.layerShared))
      const found = yield* auditStores(
        Layer.unwrap(Effect.map(databases[1]!.database, ({ client }) => storesOn(client, true, careless)))
      )
      assert.deepStrictEqual(
        found.filter(({ broken }) => broken !== null).map(({ id }) => id),
        ["STO-10"]
      )
    })
  )

  for (const [what, ids, breaking] of broken)
    it.live(what, () =>
      Effect.gen(function* () {
        const whole = Layer.unwrap(Effect.map(databases[0]!.database, on))
        const found = yield* auditStores(Layer.provide(breaking, whole) as Layer.Layer<Stores, unknown>)
        assert.deepStrictEqual(
          found.filter(({ broken }) => broken !== null).map(({ id }) => id),
          ids,
          JSON.stringify(found)
        )
      })
    )
})

/** All stores as they are, but for one. */
function altered<Id extends Stores, A>(
  tag: Context.Service<Id, A>,
  alter: (it: A) => A
): Layer.Layer<Stores, never, Stores> {
  return Layer.effectContext(
    Effect.map(Effect.context<Stores>(), (all) => Context.add(all, tag, alter(Context.get(all, tag as never))))
  ) as Layer.Layer<Stores, never, Stores>
}
