/** What every adapter promises. Numbers are never given anew: the documentation and the adapters' tests quote them. */
import { type Adapters, type Reply, textOf } from "@tenterhook/core"
import { Effect, Exit, Fiber, Schema } from "effect"
import { createHash } from "node:crypto"
import { type Rule, Violation } from "../Rule.ts"
import { Bench } from "./Bench.ts"
import {
  arranged,
  begin,
  brief,
  expectSoon,
  expectText,
  failureText,
  leftRunning,
  saidIn,
  same,
  spoken,
  subject,
  timed
} from "./steps.ts"

type AdapterRule = Rule<Bench | Adapters>

const says: AdapterRule = {
  id: "ADP-1",
  title: "a reply says what the action said, once and for everybody who asks",
  check: Effect.gen(function* () {
    const { capabilities } = yield* Bench
    const running = yield* begin({ _tag: "Replies", status: 0, saying: "out", aside: "err" })

    const replies = yield* Effect.all([running.reply, running.reply], { concurrency: "unbounded" })
    const again = yield* running.reply

    const expected = `"out" beside "${capabilities.diagnostics ? "err" : ""}"`
    for (const reply of [...replies, again]) {
      yield* expectText(
        expected,
        `"${yield* saidIn(reply)}" beside "${textOf(reply.diagnostics)}"`,
        "keep the two channels apart"
      )
      yield* expectText(
        "a whole reply",
        reply.truncated ? "a truncated reply" : "a whole reply",
        "mark only what was cut"
      )
    }
    if (replies.every((reply) => same(reply, again))) return
    return yield* new Violation({
      expected: "the same reply for everybody",
      actual: "different ones",
      hint: "settle once: a Deferred, not an effect that reads again"
    })
  })
}

const judgesNothing: AdapterRule = {
  id: "ADP-2",
  title: "a status is a reply, not an error",
  check: Effect.gen(function* () {
    const { capabilities } = yield* Bench
    const running = yield* begin({ _tag: "Replies", status: 7, saying: "no", aside: "" })

    const exit = yield* Effect.exit(running.reply)

    const expected = `a reply "no" with status ${capabilities.status ? 7 : null}`
    if (Exit.isFailure(exit)) {
      return yield* new Violation({
        expected,
        actual: `a failure: ${exit.cause}`,
        hint: "what a status means is for the dialect to say"
      })
    }
    const actual = `a reply "${yield* saidIn(exit.value)}" with status ${exit.value.status}`
    yield* expectText(expected, actual, "hand the status on as it came")
  })
}

const stops: AdapterRule = {
  id: "ADP-3",
  title: "stop leaves nothing running and keeps what was said",
  check: Effect.gen(function* () {
    const bench = yield* Bench
    const running = yield* begin({ _tag: "Hangs", saying: "half" })
    yield* spoken

    const said = yield* saidIn(yield* running.stop("timeout"))

    const expected = `"${bench.capabilities.partial ? "half" : ""}", and nothing running`
    yield* expectText(
      expected,
      `"${said}", and ${yield* leftRunning}`,
      "signal the whole process group, then collect what was said"
    )
  })
}

const findsMissing: AdapterRule = {
  id: "ADP-4",
  title: "what is not there fails with `missing`, before anything ran",
  check: Effect.gen(function* () {
    const bench = yield* Bench
    const adapter = yield* subject
    if (!bench.capabilities.missing) {
      const exit = yield* Schema.decodeUnknownEffect(adapter.action)({ kind: bench.kind }).pipe(Effect.exit)
      if (Exit.isFailure(exit)) return
      return yield* new Violation({
        expected: "the action schema to refuse an action that names nothing",
        actual: "it was accepted",
        hint: "require what the action cannot do without"
      })
    }
    const invocation = yield* arranged({ _tag: "Missing" })

    const exit = yield* Effect.exit(Effect.flatMap(adapter.start(invocation), (running) => running.reply))

    const actual = Exit.isSuccess(exit) ? "a reply" : failureText(exit.cause, invocation.hook)
    const begun = yield* bench.begun
    yield* expectText(
      `missing, from ${invocation.hook}, and nothing begun`,
      `${actual}, and ${begun === 0 ? "nothing" : begun} begun`,
      "look before starting, and fail with AdapterError and reason Missing"
    )
  })
}

const endsWithScope: AdapterRule = {
  id: "ADP-5",
  title: "closing the scope stops what still runs",
  check: Effect.gen(function* () {
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* begin({ _tag: "Hangs", saying: "half" })
        yield* spoken
      })
    )
    yield* expectText(
      "nothing running",
      yield* leftRunning,
      "acquire what runs in the scope of start, with a release that ends it"
    )
  })
}

const endsWhenInterrupted: AdapterRule = {
  id: "ADP-6",
  title: "interrupting whoever waits stops what still runs, at once",
  check: Effect.gen(function* () {
    const waiting = Effect.scoped(Effect.flatMap(begin({ _tag: "Hangs", saying: "half" }), (running) => running.reply))
    const fiber = yield* Effect.forkChild(waiting)
    const early = new Violation({
      expected: "to wait for the reply",
      actual: "a reply",
      hint: "an action that hangs has no reply yet"
    })
    yield* Effect.raceFirst(spoken, Effect.andThen(Fiber.join(fiber), Effect.fail(early)))

    const took = yield* timed(Fiber.interrupt(fiber))

    yield* expectText(
      "nothing running",
      yield* leftRunning,
      "acquire in the scope; do not shield the wait from interruption"
    )
    yield* expectSoon(took, "an interruption")
  })
}

const stopsAgain: AdapterRule = {
  id: "ADP-7",
  title: "stop after the end changes nothing, and so does a second stop",
  check: Effect.gen(function* () {
    const bench = yield* Bench
    const ended = yield* begin({ _tag: "Replies", status: 0, saying: "done", aside: "" })
    const reply = yield* ended.reply
    const afterwards = yield* ended.stop("cancelled")
    yield* expectText(
      `"${yield* saidIn(reply)}"`,
      `"${yield* saidIn(afterwards)}"`,
      "stop gives what was said, also when the action is over"
    )
    yield* expectText(
      "the same reply as before",
      same(reply, yield* ended.reply) ? "the same reply as before" : "another reply",
      "an action that is over stays as it ended"
    )

    const running = yield* begin({ _tag: "Hangs", saying: "half" })
    yield* spoken
    const replies = yield* Effect.all([running.stop("timeout"), running.stop("cancelled")], {
      concurrency: "unbounded"
    })
    const third = yield* running.stop("timeout")
    for (const stopped of [...replies, third]) {
      yield* expectText(
        `"${bench.capabilities.partial ? "half" : ""}"`,
        `"${yield* saidIn(stopped)}"`,
        "a second stop waits for the first and gives the same"
      )
    }
  })
}

const staysBounded: AdapterRule = {
  id: "ADP-8",
  title: "output is bounded: head and tail are kept, and the reply says that it was cut",
  check: Effect.gen(function* () {
    const { outputLimitBytes: limit } = (yield* Bench).capabilities
    const bytes = limit === null ? 1_000_000 : limit * 2 + 1000
    const running = yield* begin({ _tag: "Floods", bytes, head: "HEAD", tail: "TAIL" })

    const reply = yield* running.reply

    const said = yield* saidIn(reply)
    const size = Buffer.byteLength(said)
    if (limit === null) {
      yield* expectText(
        `${bytes} bytes, whole`,
        `${size} bytes, ${reply.truncated ? "cut" : "whole"}`,
        "declare outputLimitBytes where output is cut"
      )
    } else {
      yield* expectText(
        `at most ${limit} bytes, marked as truncated`,
        `${size <= limit ? "at most " + limit : size} bytes, ${reply.truncated ? "" : "not "}marked as truncated`,
        "keep a window of head and tail, and set truncated"
      )
    }
    yield* expectText(
      "HEAD … TAIL",
      `${said.slice(0, 4)} … ${said.trimEnd().slice(-4)}`,
      "the tail is where an error explains itself: keep both ends"
    )
  })
}

const keepsApart: AdapterRule = {
  id: "ADP-9",
  title: "invocations at the same time do not mix",
  check: Effect.gen(function* () {
    const sayings = Array.from({ length: 6 }, (_, index) => String(index).repeat(2000))
    const replies = yield* Effect.forEach(
      sayings,
      (saying) => Effect.flatMap(begin({ _tag: "Replies", status: 0, saying, aside: "" }), (running) => running.reply),
      { concurrency: "unbounded" }
    )
    for (const [index, reply] of replies.entries()) {
      yield* expectText(
        brief(sayings[index]!),
        brief(yield* saidIn(reply)),
        "nothing about one invocation may live outside of its start"
      )
    }
  })
}

const passesPayload: AdapterRule = {
  id: "ADP-10",
  title: "the payload arrives whole: two megabytes of it",
  check: Effect.gen(function* () {
    const bench = yield* Bench
    const text = "payload é\n".repeat(200_000)
    if (!bench.capabilities.payload) {
      const running = yield* begin({ _tag: "Replies", status: 0, saying: "undisturbed", aside: "" }, text)
      return yield* expectText(
        "undisturbed",
        yield* saidIn(yield* running.reply),
        "an adapter that has no use for a payload lets it be"
      )
    }
    const running = yield* begin({ _tag: "Digests" }, text)

    const said = yield* saidIn(yield* running.reply)

    const bytes = Buffer.from(text)
    const expected = `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`
    yield* expectText(expected, said.trim(), "write all of it, wait for drain, then close")
  })
}

const stopsInTime: AdapterRule = {
  id: "ADP-11",
  title: "a stop is answered within 1.5 s, whatever the action does",
  check: Effect.gen(function* () {
    const { stubborn } = (yield* Bench).capabilities
    const running = yield* begin(stubborn ? { _tag: "Stubborn", saying: "never" } : { _tag: "Hangs", saying: "never" })
    yield* spoken

    const took = yield* timed(running.stop("timeout"))

    yield* expectSoon(took, "a stop")
    yield* expectText("nothing running", yield* leftRunning, "ask first, and end it after a short grace")
  })
}

const checksActions: AdapterRule = {
  id: "ADP-12",
  title: "the action schema takes its own actions and refuses everything else",
  check: Effect.gen(function* () {
    const bench = yield* Bench
    const adapter = yield* subject
    const { action } = yield* arranged({ _tag: "Replies", status: 0, saying: "x", aside: "" })
    const decode = Schema.decodeUnknownEffect(adapter.action)
    const own = yield* Effect.exit(decode(action))
    if (Exit.isFailure(own)) {
      return yield* new Violation({
        expected: "its own action to be accepted",
        actual: `${own.cause}`,
        hint: "the schema must describe what start takes"
      })
    }
    for (const junk of [
      null,
      undefined,
      0,
      "x",
      [],
      {},
      { kind: bench.kind === "x" ? "y" : "x" },
      { ...action, kind: `not ${bench.kind}` }
    ]) {
      const exit = yield* Effect.exit(decode(junk))
      if (Exit.isFailure(exit) && exit.cause.reasons.every((reason) => reason._tag === "Fail")) continue
      const what = Exit.isSuccess(exit) ? "it was accepted" : `a defect: ${exit.cause}`
      return yield* new Violation({
        expected: `${JSON.stringify(junk) ?? "undefined"} to be refused`,
        actual: what,
        hint: `require kind: "${bench.kind}" and every key that start reads`
      })
    }
  })
}

const runsOnce: AdapterRule = {
  id: "ADP-13",
  title: "an action is run once, however it ends and however often its reply is asked for",
  check: Effect.gen(function* () {
    const bench = yield* Bench
    const failing = yield* begin({ _tag: "Replies", status: 1, saying: "no", aside: "" })
    yield* Effect.exit(failing.reply)
    yield* Effect.exit(failing.reply)
    const dying = yield* begin({ _tag: "Dies" })
    yield* Effect.exit(dying.reply)
    yield* expectText(
      "2 actions begun",
      `${yield* bench.begun} actions begun`,
      "nobody retries an action: it may have done half of its work"
    )
  })
}

const letsBeIgnored: AdapterRule = {
  id: "ADP-14",
  title: "an action that never looks at its payload is a normal day",
  check: Effect.gen(function* () {
    const running = yield* begin({ _tag: "Ignores", saying: "fine" }, "x".repeat(1_000_000))

    const exit = yield* Effect.exit(running.reply)

    const actual = Exit.isSuccess(exit) ? `a reply "${yield* saidIn(exit.value)}"` : `a failure: ${exit.cause}`
    yield* expectText(`a reply "fine"`, actual, "a pipe that nobody reads breaks (EPIPE): that is no error")
  })
}

const tellsDeaths: AdapterRule = {
  id: "ADP-15",
  title: "how an action died can be told",
  check: Effect.gen(function* () {
    const { dies } = (yield* Bench).capabilities
    const invocation = yield* arranged({ _tag: "Dies" })
    const adapter = yield* subject
    const exit = yield* Effect.exit(Effect.flatMap(adapter.start(invocation), (running) => running.reply))
    if (dies === "signal") {
      const actual = Exit.isSuccess(exit)
        ? `status ${exit.value.status} and ${exit.value.signal === null ? "no" : "a"} signal`
        : failureText(exit.cause, invocation.hook)
      return yield* expectText("status null and a signal", actual, "a signal is no exit code: name it in signal")
    }
    const actual = Exit.isSuccess(exit) ? "a reply" : failureText(exit.cause, invocation.hook)
    yield* expectText(`${dies}, from ${invocation.hook}`, actual, `fail with AdapterError and the reason "${dies}"`)
  })
}

const isNotHeldUp: AdapterRule = {
  id: "ADP-16",
  title: "what an action leaves running delays no reply, and is counted",
  check: Effect.gen(function* () {
    const { leaves } = (yield* Bench).capabilities
    if (!leaves) {
      const running = yield* begin({ _tag: "Replies", status: 0, saying: "alone", aside: "" })
      const { leftRunning } = yield* running.reply
      return yield* expectText("0 left running", `${leftRunning} left running`, "count only what really runs")
    }
    const running = yield* begin({ _tag: "Leaves", saying: "started" })
    let reply: Reply | undefined
    const took = yield* timed(Effect.map(running.reply, (it) => (reply = it)))
    yield* expectSoon(took, "a reply")
    yield* expectText(
      `"started", 1 left running`,
      `"${yield* saidIn(reply!)}", ${reply!.leftRunning} left running`,
      "settle on the end of the action plus a short drain, never on the end of its pipes"
    )
  })
}

/** In the order of their numbers. */
export const adapterRules: ReadonlyArray<AdapterRule> = [
  says,
  judgesNothing,
  stops,
  findsMissing,
  endsWithScope,
  endsWhenInterrupted,
  stopsAgain,
  staysBounded,
  keepsApart,
  passesPayload,
  stopsInTime,
  checksActions,
  runsOnce,
  letsBeIgnored,
  tellsDeaths,
  isNotHeldUp
]
