/** A sound adapter whose processes are objects, with its bench; and every way in which a copy of it can be broken. */
import {
  type Action,
  AdapterError,
  Adapters,
  emptyReply,
  type Invocation,
  Missing,
  type Reply,
  type Running,
  ToolFailed
} from "@tenterhook/core"
import { Deferred, Effect, Exit, Layer, Schema } from "effect"
import { createHash } from "node:crypto"
import { Bench, type Behaviour, type Capabilities } from "../src/index.ts"

/** What a broken copy does wrong. */
export type Fault =
  | "reply differs each time"
  | "channels are mixed"
  | "nonzero is an error"
  | "stop leaves the child"
  | "stop forgets what was said"
  | "missing is a reply"
  | "missing is found late"
  | "missing names nobody"
  | "scope does not stop"
  | "wait is shielded"
  | "late stop is empty"
  | "output is unbounded"
  | "cut is not marked"
  | "tail is lost"
  | "buffers are shared"
  | "payload is cut"
  | "stop is slow"
  | "stop never ends"
  | "any action goes"
  | "failures are retried"
  | "unread payload fails"
  | "signal is status 0"
  | "waits for what is left"
  | "what is left is not counted"
  | "start is a defect"

export const memoryLayer = (fault?: Fault): Layer.Layer<Adapters | Bench> =>
  Layer.unwrap(
    Effect.sync(() => {
      const world: World = { programs: new Map(), living: new Set(), begun: 0, last: undefined, shared: "" }
      const adapter = {
        kind: "memory",
        action: fault === "any action goes" ? (Schema.Unknown as never) : MemoryAction,
        start: (invocation: Invocation<MemoryAction>) => start(world, invocation, fault)
      }
      return Layer.merge(
        Layer.succeed(Bench, benchOf(world)),
        Layer.effectDiscard(Adapters.use((adapters) => adapters.register(adapter)))
      ).pipe(Layer.provideMerge(Layer.fresh(Adapters.layer)))
    })
  )

const MemoryAction = Schema.Struct({ kind: Schema.Literal("memory"), program: Schema.String })
type MemoryAction = typeof MemoryAction.Type

interface World {
  readonly programs: Map<string, Behaviour>
  /** Processes and what they started. */
  readonly living: Set<object>
  begun: number
  last: string | undefined
  /** For the copy whose invocations share a buffer. */
  shared: string
}

const capabilities: Capabilities = {
  speaks: "output",
  partial: true,
  status: true,
  diagnostics: true,
  outputLimitBytes: 10_000,
  payload: true,
  missing: true,
  stubborn: true,
  dies: "signal",
  leaves: true
}

const benchOf = (world: World) =>
  Bench.of({
    kind: "memory",
    capabilities,
    arrange: (behaviour) =>
      Effect.sync((): Action & MemoryAction => {
        const program = behaviour._tag === "Missing" ? "nowhere" : `program ${world.programs.size}`
        if (behaviour._tag !== "Missing") world.programs.set(program, behaviour)
        return { kind: "memory", program }
      }),
    alive: Effect.sync(() => world.living.size),
    begun: Effect.sync(() => world.begun),
    spoken: Effect.gen(function* () {
      while (world.last === undefined) yield* Effect.sleep(5)
    })
  })

const start = Effect.fnUntraced(function* (
  world: World,
  invocation: Invocation<MemoryAction>,
  fault: Fault | undefined
) {
  const { hook, action } = invocation
  const program = world.programs.get(action.program)
  if (fault === "start is a defect") return yield* Effect.die(new Error("no idea"))
  if (program === undefined) {
    if (fault === "missing is found late") world.begun++
    if (fault === "missing is a reply") return ended({ ...emptyReply, status: 127 })
    const named = fault === "missing names nobody" ? ("somebody" as typeof hook) : hook
    return yield* new AdapterError({ hook: named, reason: new Missing({ name: action.program, place: "memory" }) })
  }
  world.begun++
  if (fault === "failures are retried" && program._tag === "Replies" && program.status !== 0) world.begun++

  const settled = yield* Deferred.make<Reply, AdapterError>()
  const parent = {}
  const child = {}
  let asked = 0
  const end = (reply: Reply) => {
    world.living.delete(parent)
    if (fault !== "stop leaves the child") world.living.delete(child)
    return Deferred.done(settled, Exit.succeed(reply))
  }
  const stopped = (): Reply => {
    if (!("saying" in program) || fault === "stop forgets what was said") return { ...emptyReply, signal: "SIGTERM" }
    return { ...emptyReply, signal: "SIGTERM", output: Buffer.from(program.saying) }
  }

  world.living.add(parent)
  if (program._tag === "Hangs" || program._tag === "Stubborn") {
    world.living.add(child)
    world.last = program.saying
  } else {
    yield* Effect.forkScoped(Effect.flatMap(run(world, program, invocation, fault), end))
  }
  yield* Effect.addFinalizer(() => {
    if (fault === "scope does not stop") return Effect.void
    world.living.delete(child)
    return end(stopped())
  })

  const settledOnce =
    fault === "wait is shielded" ? Effect.uninterruptible(Deferred.await(settled)) : Deferred.await(settled)
  const reply = Effect.flatMap(settledOnce, (it): Effect.Effect<Reply, AdapterError> => {
    if (fault === "nonzero is an error" && it.status !== 0 && it.signal === null) {
      return Effect.fail(new AdapterError({ hook, reason: new ToolFailed({ name: action.program, why: "not 0" }) }))
    }
    return Effect.succeed(fault === "reply differs each time" ? { ...it, value: ++asked } : it)
  })
  const stop = () =>
    Effect.gen(function* () {
      if (fault === "stop never ends") return yield* Effect.never
      if (fault === "stop is slow" && program._tag === "Stubborn") yield* Effect.sleep(1700)
      yield* end(stopped())
      if (fault === "late stop is empty")
        return program._tag === "Hangs" || program._tag === "Stubborn" ? stopped() : emptyReply
      return yield* Effect.orDie(Deferred.await(settled))
    })
  const running: Running = { reply, stop }
  return running
})

const run = Effect.fnUntraced(function* (
  world: World,
  program: Behaviour,
  invocation: Invocation<MemoryAction>,
  fault: Fault | undefined
) {
  const says = (saying: string, more: Partial<Reply> = {}): Reply => ({
    ...emptyReply,
    status: 0,
    ...cut(saying, fault),
    ...more
  })
  switch (program._tag) {
    case "Replies": {
      world.shared = program.saying
      yield* Effect.sleep(5)
      const said = fault === "buffers are shared" ? world.shared : program.saying
      const mixed = fault === "channels are mixed"
      return says(mixed ? said + program.aside : said, {
        status: program.status,
        diagnostics: Buffer.from(mixed ? "" : program.aside)
      })
    }
    case "Floods": {
      const filler = "·".repeat(Math.ceil((program.bytes - program.head.length - program.tail.length) / 2))
      return says(program.head + filler + program.tail)
    }
    case "Digests": {
      const payload = invocation.payload ?? new Uint8Array(0)
      const bytes = fault === "payload is cut" ? payload.subarray(0, 65_536) : payload
      return says(`${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`)
    }
    case "Ignores":
      return fault === "unread payload fails" ? { ...emptyReply, signal: "SIGPIPE" } : says(program.saying)
    case "Dies":
      return fault === "signal is status 0" ? says("") : { ...emptyReply, signal: "SIGKILL" }
    case "Leaves": {
      if (fault === "waits for what is left") yield* Effect.sleep(1700)
      return says(program.saying, { leftRunning: fault === "what is left is not counted" ? 0 : 1 })
    }
    case "Hangs":
    case "Stubborn":
    case "Missing":
      return yield* Effect.never
  }
})

const cut = (saying: string, fault: Fault | undefined): Pick<Reply, "output" | "truncated"> => {
  const bytes = Buffer.from(saying)
  const limit = capabilities.outputLimitBytes!
  if (bytes.length <= limit || fault === "output is unbounded") return { output: bytes, truncated: false }
  const head = bytes.subarray(0, fault === "tail is lost" ? limit : limit / 2 - 100)
  const tail = fault === "tail is lost" ? Buffer.from("") : bytes.subarray(bytes.length - (limit / 2 - 100))
  return { output: Buffer.concat([head, tail]), truncated: fault !== "cut is not marked" }
}

const ended = (reply: Reply): Running => ({ reply: Effect.succeed(reply), stop: () => Effect.succeed(reply) })
