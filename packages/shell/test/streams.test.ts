import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { makeOutput } from "../src/Output.ts"
import { action, farTooLateMs, invocation, run, said, shell, shellLayer, timed, uniqueSleep } from "./shell.ts"

it.layer(shellLayer(), { excludeTestServices: true })("stdin", (it) => {
  const payload = { stdin: "payload" } as const

  it.effect("is /dev/null where nothing is sent", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* run(action("readlink /proc/self/fd/0; cat"), { payload: Buffer.from("not sent") })).output,
        "/dev/null\n"
      )
      assert.strictEqual((yield* run(action("readlink /proc/self/fd/0", payload))).output, "/dev/null\n")
    })
  )

  it.effect("is never a socket, and /dev/stdin opens", () =>
    Effect.gen(function* () {
      const reply = yield* run(action("test -S /dev/stdin && echo socket; cat /dev/stdin", payload), {
        payload: Buffer.from("pay\0load\xff", "latin1")
      })
      assert.strictEqual(reply.output.slice(0, 8), "pay\0load")
      assert.notInclude(reply.output, "socket")
    })
  )

  it.effect("takes two megabytes whole", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from("payload é\n".repeat(200_000))
      const reply = yield* run(action("sha256sum", payload), { payload: bytes })
      assert.strictEqual(reply.output.split(" ")[0], createHash("sha256").update(bytes).digest("hex"))
    })
  )

  it.effect("may go unread", () =>
    Effect.gen(function* () {
      const reply = yield* run(action("echo fine", payload), { payload: new Uint8Array(2_000_000) })
      assert.deepInclude(reply, { status: 0, output: "fine\n", diagnostics: "" })
    })
  )

  it.effect("is the command's alone", () =>
    Effect.gen(function* () {
      const replies = yield* Effect.forEach(
        [..."abcdef"],
        (text) => run(action("cat", payload), { payload: Buffer.from(text.repeat(1000)) }),
        { concurrency: 6 }
      )
      assert.deepStrictEqual(
        replies.map(({ output }) => output),
        [..."abcdef"].map((text) => text.repeat(1000))
      )
    })
  )
})

it.layer(shellLayer(), { excludeTestServices: true })("output", (it) => {
  it.effect("comes through real pipes, which scripts may open by name", () =>
    Effect.gen(function* () {
      const reply = yield* run(
        action("echo a >/dev/stdout; echo b >/dev/stderr; echo c | tee /dev/stderr; test -p /dev/stdout && echo pipe")
      )
      assert.strictEqual(reply.output, "a\nc\npipe\n")
      assert.strictEqual(reply.diagnostics, "b\nc\n")
    })
  )

  it.effect("is kept byte for byte", () =>
    Effect.gen(function* () {
      const adapter = yield* shell
      const running = yield* adapter.start(invocation(action("printf '\\377\\000\\n\\n'")))
      assert.deepStrictEqual([...(yield* running.reply).output], [255, 0, 10, 10])
    })
  )

  it.effect("is bounded: the first half and the last half of the limit are kept", () =>
    Effect.gen(function* () {
      const reply = yield* run(action("echo HEAD; head -c 3000000 /dev/zero | tr '\\0' x; echo TAIL; echo short >&2"))
      assert.strictEqual(reply.output.length, 1024 * 1024)
      assert.match(reply.output, /^HEAD\nx+TAIL\n$/)
      assert.isTrue(reply.truncated)
      assert.strictEqual(reply.diagnostics, "short\n")
    })
  )

  it.effect("as a flood fills no memory and does not end the command", () =>
    Effect.gen(function* () {
      const adapter = yield* shell
      const before = process.memoryUsage()
      const running = yield* adapter.start(invocation(action("yes flood & yes flood >&2")))
      yield* Effect.sleep(1000)
      const after = process.memoryUsage()
      const reply = said(yield* running.stop("timeout"))
      assert.strictEqual(reply.output.length, 1024 * 1024)
      assert.strictEqual(reply.diagnostics.length, 1024 * 1024)
      assert.isTrue(reply.truncated)
      assert.isBelow(after.arrayBuffers - before.arrayBuffers, 100 * 1024 * 1024)
    }).pipe(Effect.scoped)
  )

  it.effect("held open by a child delays nothing", () =>
    Effect.gen(function* () {
      const { value, ms } = yield* timed(run(action(`sleep ${uniqueSleep()} & echo out`), { linger: "end" }))
      assert.deepInclude(value, { status: 0, output: "out\n" })
      assert.isBelow(ms, farTooLateMs)
    })
  )

  it.effect("may be closed long before the end", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* run(action("echo early; exec >&- 2>&-; sleep 0.3; exit 4")), {
        status: 4,
        output: "early\n"
      })
    })
  )
})

it.layer(shellLayer({ outputBytes: 10 }), { excludeTestServices: true })("with a limit of ten bytes", (it) => {
  it.effect("ten are whole, eleven are cut", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* run(action("printf 0123456789")), { output: "0123456789", truncated: false })
      assert.deepInclude(yield* run(action("printf 0123456789a >&2")), { diagnostics: "012346789a", truncated: true })
      assert.deepInclude(yield* run(action("printf 01234x56789")), { truncated: true, cutObjects: false })
      assert.deepInclude(yield* run(action("printf '01234{56789'")), { truncated: true, cutObjects: true })
    })
  )
})

describe("what is kept of a stream", () => {
  const Piece = Schema.String
  const Limit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))

  it.prop("is its first and last half, however it comes in pieces", [Schema.Array(Piece), Limit], ([pieces, limit]) => {
    const chunks = pieces.map((piece) => Buffer.from(piece))
    const output = makeOutput(limit)
    for (const chunk of chunks) output.add(chunk)
    const whole = Buffer.concat(chunks)
    const head = Math.ceil(limit / 2)
    const cut = whole.length > limit
    const kept = cut ? Buffer.concat([whole.subarray(0, head), whole.subarray(whole.length - (limit - head))]) : whole
    assert.deepStrictEqual(Buffer.from(output.bytes()), kept)
    assert.strictEqual(output.truncated(), cut)
  })

  it.prop(
    "tells whether a brace was dropped, however it comes in pieces",
    [Schema.Array(Schema.Literals(["{", "ab", "c", "", "de{"])), Limit],
    ([pieces, limit]) => {
      const output = makeOutput(limit)
      for (const piece of pieces) output.add(Buffer.from(piece))
      const whole = pieces.join("")
      const dropped =
        whole.length > limit ? whole.slice(Math.ceil(limit / 2), whole.length - Math.floor(limit / 2)) : ""
      output.bytes()
      assert.strictEqual(output.droppedBrace(), dropped.includes("{"))
    }
  )

  it("survives many pieces", () => {
    const output = makeOutput(1000)
    for (let index = 0; index < 300_000; index++) output.add(Buffer.from(`${index} `))
    const text = Buffer.from(output.bytes()).toString()
    assert.isTrue(text.startsWith("0 1 2 ") && text.endsWith("299998 299999 "))
    assert.strictEqual(text.length, 1000)
  })
})
