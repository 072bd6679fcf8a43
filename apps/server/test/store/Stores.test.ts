import { assert, describe, it } from "@effect/vitest"
import { type Database, databases } from "@tenterhook/testing-databases"
import { openSender } from "@tenterhook/webhook"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Context, Effect, Layer } from "effect"
import { migrateKeys } from "../../src/keys/tables.ts"
import { Agents } from "../../src/store/Agents.ts"
import { Executions } from "../../src/store/Executions.ts"
import { Fires } from "../../src/store/Fires.ts"
import { HookSets } from "../../src/store/HookSets.ts"
import { Processes } from "../../src/store/Processes.ts"
import { type Stores, stores } from "../../src/store/stores.ts"
import { migrate } from "../../src/store/tables.ts"
import { Uploads } from "../../src/store/Uploads.ts"
import { audit, rules } from "./contract.ts"

const sender = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => openSender()),
      (sender) => Effect.promise(() => sender.close())
    ),
    // Nothing is sent; whether a name has an address is not asked.
    (sender) => Outbox.layer({ sender: { ...sender, check: async () => null } })
  )
)

const on = ({ client, place }: Database) =>
  stores.pipe(
    Layer.provideMerge(sender),
    Layer.provideMerge(place.startsWith("postgres") ? Processes.layerShared : Processes.layerAlone),
    Layer.provideMerge(Layer.effectDiscard(Effect.all([migrate, migrateKeys], { discard: true }))),
    Layer.provideMerge(client)
  )

describe.each(databases)("the contract of stores: $name", (engine) => {
  const empty = Layer.unwrap(Effect.map(engine.database, on))
  for (const { id, title, check } of rules)
    it.live(`${id} ${title}`, () => Effect.provide(check, empty) as Effect.Effect<void, never>)
})

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
  for (const [what, ids, breaking] of broken)
    it.live(what, () =>
      Effect.gen(function* () {
        const whole = Layer.unwrap(Effect.map(databases[0]!.database, on))
        const found = yield* audit(Layer.provide(breaking, whole) as Layer.Layer<Stores, unknown>)
        assert.deepStrictEqual(
          found.map(({ id }) => id),
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
