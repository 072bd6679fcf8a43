/**
 * What the server relies on of whatever keeps its things: rules as data, each checked on stores that are empty. A store
 * that is broken on purpose breaks exactly the rules named beside it (Stores.test.ts).
 */
import type { FireReport } from "@tenterhook/core"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Cause, Effect, Exit, Layer, Schema } from "effect"
import { Keys } from "../../src/keys/Keys.ts"
import { Agents } from "../../src/store/Agents.ts"
import { Executions, type NewExecution } from "../../src/store/Executions.ts"
import { Fires, type Fired } from "../../src/store/Fires.ts"
import { HookSets } from "../../src/store/HookSets.ts"
import type { Stores } from "../../src/store/stores.ts"
import { Uploads } from "../../src/store/Uploads.ts"

export interface Rule {
  readonly id: string
  readonly title: string
  readonly check: Effect.Effect<void, unknown, Stores>
}

export class Violation extends Schema.TaggedError<Violation>()("Violation", {
  expected: Schema.String,
  actual: Schema.String
}) {
  override get message() {
    return `expected ${this.expected}, got ${this.actual}`
  }
}

/** The rules that are broken, each with why. The layer is built anew for each of them. */
export const audit = Effect.fnUntraced(function* <E>(layer: Layer.Layer<Stores, E>) {
  const broken: Array<{ readonly id: string; readonly why: string }> = []
  for (const { id, check } of rules) {
    const exit = yield* Effect.exit(Effect.provide(check, Layer.fresh(layer)))
    if (Exit.isFailure(exit)) broken.push({ id, why: Cause.pretty(exit.cause) })
  }
  return broken
})

const expect = <A>(what: string, expected: A, actual: A) => {
  const [left, right] = [JSON.stringify(expected), JSON.stringify(actual)]
  return left === right ? Effect.void : Effect.fail(new Violation({ expected: `${what} ${left}`, actual: right }))
}

const together = <A, E, R>(list: ReadonlyArray<Effect.Effect<A, E, R>>) =>
  Effect.all(list.map(Effect.exit), { concurrency: "unbounded" })

export const rules: ReadonlyArray<Rule> = [
  {
    id: "STO-1",
    title: "of those who make an execution of one id at once, one does",
    check: Effect.gen(function* () {
      const { create } = yield* Executions
      const execution = yield* newExecution("ex_1")
      const made = yield* Effect.all(
        Array.from({ length: 6 }, () => create(execution)),
        { concurrency: "unbounded" }
      )
      yield* expect("how many made it:", 1, made.filter(Boolean).length)
    })
  },
  {
    id: "STO-2",
    title: "an execution ends one way, whoever says so at once",
    check: Effect.gen(function* () {
      const { get, ending } = yield* Executions
      yield* running("ex_1")
      const exits = yield* together([
        ending("ex_1", { outcome: "success" }),
        ending("ex_1", { outcome: "error" }),
        ending("ex_1", { outcome: "aborted" })
      ])
      yield* expect("how many ended it:", 1, exits.filter(Exit.isSuccess).length)
      const { outcome } = yield* get("ex_1")
      yield* ending("ex_1", { outcome: outcome! })
      yield* expect("its outcome:", outcome, (yield* get("ex_1")).outcome)
    })
  },
  {
    id: "STO-3",
    title: "a lease that ran out is told to one, one that did not to nobody",
    check: Effect.gen(function* () {
      const { expire, get } = yield* Executions
      yield* Effect.forEach(["ex_1", "ex_2"], (id) => running(id, 1))
      yield* running("ex_3", 60_000)
      yield* Effect.sleep(20)
      const told = yield* Effect.all(
        Array.from({ length: 3 }, () => expire),
        { concurrency: "unbounded" }
      )
      yield* expect("who is told of:", ["ex_1", "ex_2"], told.flat().toSorted())
      yield* expect("the other:", "running", (yield* get("ex_3")).status)
      yield* expect("the outcome:", "aborted", (yield* get("ex_1")).outcome)
    })
  },
  {
    id: "STO-4",
    title: "a fire, its execution and what it announced are kept together or not at all",
    check: Effect.gen(function* () {
      const { keep, list } = yield* Fires
      const { get, ending, claim } = yield* Executions
      const { endpoints, deliveries } = yield* Outbox
      const { id } = yield* endpoints.create({ url: "https://example.com/" })
      yield* endpoints.pause(id)
      yield* running("ex_1")
      yield* ending("ex_1", { outcome: "success" })
      yield* claim("ex_1", "end")
      const end = fired("fire_end", { executionId: "ex_1", phase: "end" })
      yield* keep({ ...end, announcements: [{ type: "a.b", data: null }] })
      yield* expect("the execution:", "ended", (yield* get("ex_1")).status)
      // One of this id is there already, so nothing of it is kept; of those who come with it, all is.
      const exits = yield* together([
        keep({ ...end, announcements: [{ type: "a.never", data: null }] }),
        keep({ ...fired("fire_other"), announcements: [{ type: "a.c", data: null }] })
      ])
      yield* expect(
        "which is kept:",
        ["Failure", "Success"],
        exits.map(({ _tag }) => _tag)
      )
      const { data } = yield* list({})
      yield* expect(
        "the fires:",
        ["fire_other", "fire_end", "fire_ex_1"],
        data.map((one) => one.id)
      )
      yield* expect(
        "the announcements:",
        ["a.c", "a.b"],
        (yield* deliveries.list()).map(({ type }) => type)
      )
    })
  },
  {
    id: "STO-5",
    title: "a page goes on where the one before ended, whatever was added meanwhile",
    check: Effect.gen(function* () {
      const { create, list } = yield* Agents
      const ids = yield* Effect.forEach(Array.from({ length: 5 }), () => Effect.map(create({}), ({ id }) => id))
      const first = yield* list({ limit: 2 })
      yield* create({})
      const second = yield* list({ limit: 2, cursor: first.nextCursor! })
      const third = yield* list({ limit: 2, cursor: second.nextCursor! })
      const seen = [first, second, third].flatMap(({ data }) => data.map(({ id }) => id))
      yield* expect("each once, the newest first:", ids.toReversed(), seen)
      yield* expect("the last page's cursor:", null, third.nextCursor)
    })
  },
  {
    id: "STO-6",
    title: "versions of a hook set that come at once are versions one after the other",
    check: Effect.gen(function* () {
      const { create, replace, versions, get } = yield* HookSets
      const { id } = yield* create(upload(0), loaded)
      yield* Effect.all(
        [1, 2, 3, 4].map((n) => replace(id, upload(n), loaded)),
        { concurrency: "unbounded" }
      )
      const { data } = yield* versions(id, {})
      yield* expect(
        "the versions:",
        [5, 4, 3, 2, 1],
        data.map(({ version }) => version)
      )
      yield* expect("different ones:", 5, new Set(data.map(({ digest }) => digest)).size)
      yield* expect("the newest:", 5, (yield* get(id)).version)
    })
  },
  {
    id: "STO-7",
    title: "hooks that something refers to are kept, others are forgotten",
    check: Effect.gen(function* () {
      const { keep, get, forget } = yield* Uploads
      const { create } = yield* HookSets
      const { digest } = yield* create(upload(1), loaded)
      yield* newExecution("ex_1").pipe(Effect.flatMap((one) => Executions.use((it) => it.create(one))))
      const left = yield* keep(upload(2))
      yield* forget(Number.MAX_SAFE_INTEGER)
      yield* get(digest)
      yield* get(yield* keep(upload(9)))
      const exit = yield* Effect.exit(get(left))
      yield* expect("what nothing refers to:", "Failure", exit._tag)
    })
  },
  {
    id: "STO-8",
    title: "what is old is forgotten, with its outcomes, and nothing that is not",
    check: Effect.gen(function* () {
      const { keep, forget, list } = yield* Fires
      for (let n = 0; n < 6; n++) yield* keep(fired(`fire_${n}`, { at: at + n }))
      yield* expect("how many are gone:", 4, yield* forget(at + 4))
      yield* expect(
        "what is left:",
        ["fire_5", "fire_4"],
        (yield* list({})).data.map(({ id }) => id)
      )
    })
  },
  {
    id: "STO-9",
    title: "one gets the first key, and a key that was revoked is nobody's",
    check: Effect.gen(function* () {
      const keys = yield* Keys
      const first = yield* Effect.all(
        Array.from({ length: 4 }, () => keys.first),
        { concurrency: "unbounded" }
      )
      yield* expect("how many got one:", 1, first.filter((one) => one !== null).length)
      const { id, key } = first.find((one) => one !== null)!
      yield* expect("whose it is:", id, (yield* keys.find(key))?.keyId)
      yield* keys.revoke(id)
      yield* expect("whose it is then:", null, yield* keys.find(key))
      yield* expect("another first one:", null, yield* keys.first)
    })
  }
]

const at = 1_790_000_000_000
const upload = (n: number) => ({ configs: [{ file: "tenterhook.yaml", text: `# ${n}` }] })
const loaded = { dialect: "native", mode: "documented", hooks: 0, notices: [] }
const nobody = { agentId: null, hookSetId: null, version: null }

const newExecution = (id: string, leaseMs = 60_000): Effect.Effect<NewExecution, unknown, Uploads> =>
  Effect.map(
    Uploads.use((uploads) => uploads.keep(upload(9))),
    (digest) => ({ ...nobody, id, digest, context: {}, host: null, leaseMs, request: null })
  )

/** One whose start hooks ran: its lease counts from then. */
const running = Effect.fnUntraced(function* (id: string, leaseMs?: number) {
  const executions = yield* Executions
  yield* executions.create(yield* newExecution(id, leaseMs))
  yield* executions.claim(id, "start")
  yield* (yield* Fires).keep(fired(`fire_${id}`, { executionId: id, phase: "start" }))
})

const fired = (id: string, more: Partial<Fired> = {}): Fired => ({
  ...nobody,
  report: reportOf(id),
  context: {},
  executionId: null,
  announcements: [],
  durationMs: 1.5,
  at,
  ...more
})

const reportOf = (fireId: string): FireReport => ({
  fireId,
  event: "execution_start",
  dialect: null,
  proceed: true,
  verdict: "abstain",
  reasons: [],
  rewrite: null,
  context: [],
  notices: [],
  halt: null,
  resume: null,
  losses: [],
  outcomes: []
})
