/** Output that cannot be read is a failure: taken for empty output, a deny in it would proceed. */
import { closeSync } from "node:fs"
import { Readable } from "node:stream"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { beforeEach, describe, vi } from "vitest"
import type { PipeReader } from "../src/pipeReader.ts"
import { action, run, shellLayer } from "./shell.ts"

let reader: PipeReader | null = null
vi.mock("../src/pipeReader.ts", () => ({ pipeReader: () => reader }))
beforeEach(() => vi.resetModules())

/** What bun's sockets on a pipe do. */
const silent: PipeReader = (descriptor) =>
  new Readable({
    read: () => {},
    destroy: (error, done) => {
      closeSync(descriptor)
      done(error)
    }
  })
const broken: PipeReader = (descriptor) => {
  const stream = silent(descriptor)
  setImmediate(() => stream.destroy(Object.assign(new Error("read EIO"), { code: "EIO" })))
  return stream
}

describe("a command whose output cannot be read", () => {
  it.effect("has failed, whatever its exit code", () => {
    reader = broken
    return Effect.gen(function* () {
      const error = yield* Effect.flip(run(action(`sleep 0.2; echo '{"verdict":"deny"}'`)))
      assert.strictEqual(error.reason._tag, "transport")
      assert.include(error.message, "its output could not be read: EIO")
    }).pipe(Effect.provide(Layer.fresh(shellLayer())))
  })
})

describe("selfCheck", () => {
  const checkWith = async (read: PipeReader | null) => {
    reader = read
    const { selfCheck } = await import("../src/selfCheck.ts")
    return selfCheck()
  }

  it("passes on Node, with pipes of ours and with Node's own", async () => {
    const { pipeReader } = await vi.importActual<typeof import("../src/pipeReader.ts")>("../src/pipeReader.ts")
    assert.isNull(await checkWith(pipeReader()))
    vi.resetModules()
    assert.isNull(await checkWith(null))
  })

  it("finds output that is silently empty, and output that cannot be read", async () => {
    assert.strictEqual(await checkWith(silent), 'a command that answers "3 out err" gave "3  "')
    vi.resetModules()
    assert.strictEqual(await checkWith(broken), "EIO")
  })
})
