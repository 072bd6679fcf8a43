import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { boundedBytes } from "../src/Output.ts"
import type { JsonSchema, ToolDefinition } from "../src/index.ts"
import { begin, call, callFor, pause, toolLayer } from "./tools.ts"

const on =
  (...tools: ReadonlyArray<ToolDefinition>) =>
  <A, E>(effect: Effect.Effect<A, E, any>) =>
    Effect.provide(effect, toolLayer({ tools })) as Effect.Effect<A, E>

const returning = (value: unknown): ToolDefinition => ({ name: "give", run: () => value })

describe("a tool of the host's own process", () => {
  it.live("what it returns is the value and, in JSON, the text", () =>
    Effect.gen(function* () {
      const values: ReadonlyArray<readonly [unknown, unknown, string]> = [
        ["plain", "plain", "plain"],
        ['{"a":1}', '{"a":1}', '{"a":1}'],
        [{ a: [1, null] }, { a: [1, null] }, '{"a":[1,null]}'],
        [{ at: new Date(0), left: undefined }, { at: "1970-01-01T00:00:00.000Z" }, '{"at":"1970-01-01T00:00:00.000Z"}'],
        [5, 5, "5"],
        [false, false, "false"],
        [null, null, "null"],
        [undefined, undefined, ""],
        [Promise.resolve("later"), "later", "later"]
      ]
      for (const [returned, value, output] of values) {
        assert.deepStrictEqual(yield* on(returning(returned))(call("give")), { value, output, truncated: false })
      }
    })
  )

  it.live("what JSON cannot say, a throw and a rejection fail with a sentence", () =>
    Effect.gen(function* () {
      const circular: Record<string, unknown> = {}
      circular["self"] = circular
      assert.match(
        String(yield* on(returning(circular))(call("give"))),
        /^tool: give failed: Converting circular structure/
      )
      assert.strictEqual(
        yield* on(returning(() => 1))(call("give")),
        "tool: give failed: it returned a function, which JSON cannot say"
      )
      assert.match(String(yield* on(returning(10n))(call("give"))), /^tool: give failed: .*BigInt/)
      const thrower = (error: unknown): ToolDefinition => ({
        name: "give",
        run: () => {
          throw error
        }
      })
      assert.strictEqual(yield* on(thrower(new Error("disk full")))(call("give")), "tool: give failed: disk full")
      assert.strictEqual(yield* on(thrower("just text"))(call("give")), "tool: give failed: just text")
      assert.strictEqual(
        yield* on({ name: "give", run: () => Promise.reject(new Error("later")) })(call("give")),
        "tool: give failed: later"
      )
    })
  )

  it.live("a deadline aborts its signal, and is not held up by one that works on", () =>
    Effect.gen(function* () {
      let aborted = false
      const deaf: ToolDefinition = {
        name: "deaf",
        run: (_, { signal }) => {
          signal.addEventListener("abort", () => (aborted = true))
          return new Promise(() => {})
        }
      }
      const before = performance.now()
      assert.deepStrictEqual(yield* on(deaf)(callFor(100, "deaf")), { value: undefined, output: "", truncated: false })
      assert.isBelow(performance.now() - before, 60_000)
      assert.isTrue(aborted)
    })
  )

  it.live("closing the layer aborts what still runs", () =>
    Effect.gen(function* () {
      let aborted = false
      const slow: ToolDefinition = {
        name: "slow",
        run: (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => (aborted = true)))
      }
      yield* Effect.scoped(on(slow)(Effect.andThen(begin("slow"), pause(20))))
      assert.isTrue(aborted)
    })
  )

  it.live("gets a copy of its input", () =>
    Effect.gen(function* () {
      const args = { list: [1] }
      yield* on({ name: "spoil", run: (input) => input.list.push(2) })(call("spoil", args))
      assert.deepStrictEqual(args, { list: [1] })
    })
  )
})

describe("the input is held against the schema", () => {
  const refused = (inputSchema: JsonSchema, args: Record<string, unknown>) =>
    Effect.gen(function* () {
      let ran = false
      const tool: ToolDefinition = { name: "t", inputSchema, run: (input) => ((ran = true), input) }
      const result = yield* on(tool)(call("t", args))
      assert.strictEqual(ran, typeof result !== "string")
      return typeof result === "string" ? result.replace("tool: t failed: ", "") : result.output
    })

  it.live("with the path of each mistake", () =>
    Effect.gen(function* () {
      const schema = {
        type: "object",
        properties: {
          path: { type: "string" },
          mode: { enum: ["r", "w"] },
          deep: {
            type: "array",
            items: { type: "object", properties: { "a/b": { type: "integer", minimum: 1 } }, required: ["a/b"] }
          }
        },
        required: ["path"],
        additionalProperties: false
      }
      const wrong: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
        [{}, "input.path is missing"],
        [{ path: 1 }, "input.path must be string, found number"],
        [{ path: "x", mode: "z" }, 'input.mode must be one of ["r","w"], found "z"'],
        [{ path: "x", extra: 1 }, "input.extra is not known to the tool"],
        [{ path: "x", deep: [{}, { "a/b": 0 }] }, 'input.deep[0]["a/b"] is missing; input.deep[1]["a/b"] must be >= 1'],
        [{ path: null, _runtime: {} }, "input.path must be string, found null"]
      ]
      for (const [args, why] of wrong) assert.strictEqual(yield* refused(schema, args), why)
      assert.strictEqual(yield* refused(schema, { path: "x", _runtime: { a: 1 } }), '{"path":"x"}')
      assert.strictEqual(yield* refused({ type: "object" }, { _runtime: { a: 1 } }), '{"_runtime":{"a":1}}')
    })
  )

  it.live("of the draft that it names", () =>
    Effect.gen(function* () {
      const tuple = {
        $schema: "http://json-schema.org/draft-07/schema#",
        properties: { a: { items: [{ type: "string" }] } }
      }
      assert.match(yield* refused(tuple, { a: [1] }), /^input.a\[0\] must be string/)
      const prefix = {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        properties: { a: { prefixItems: [{ type: "string" }] } }
      }
      assert.match(yield* refused(prefix, { a: [1] }), /^input.a\[0\] must be string/)
      const twice = { $id: "same", properties: { a: { type: "string" } } }
      assert.match(yield* refused({ ...twice }, { a: 1 }), /must be string/)
      assert.match(yield* refused({ ...twice }, { a: 1 }), /must be string/)
    })
  )

  it.live("one that cannot be used is the host's mistake, and said", () =>
    Effect.gen(function* () {
      assert.match(yield* refused({ type: "no such type" }, {}), /^its inputSchema cannot be used: /)
      assert.match(
        yield* refused({ $ref: "https://example.com/far.json" }, {}),
        /^its inputSchema cannot be used: can't resolve/
      )
    })
  )

  describe("a regex in the schema of a tool, on the caller's text", () => {
    const holds = (pattern: string) => ({ properties: { text: { type: "string", pattern } } })

    it.live("is matched in linear time", () =>
      Effect.gen(function* () {
        const since = process.threadCpuUsage()
        const mistake = "input.text must match pattern"
        const email = "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}[a-z]{2,3}$"
        assert.include(yield* refused(holds("^(\\w+\\s?)+$"), { text: `${"a".repeat(100_000)};` }), mistake)
        assert.include(yield* refused(holds(email), { text: "a".repeat(100_000) }), mistake)
        assert.notInclude(yield* refused(holds("^(\\w+\\s?)+$"), { text: "a b" }), mistake)
        const keys = { patternProperties: { "^(a+)+$": { type: "number" } }, propertyNames: { pattern: "^(a|b|ab)*$" } }
        assert.include(yield* refused(keys, { ["a".repeat(50_000)]: "x" }), "must be number, found string")
        assert.include(yield* refused(keys, { [`${"ab".repeat(50_000)};`]: "x" }), "property name must be valid")
        assert.isBelow(process.threadCpuUsage(since).user / 1000, 1000)
      })
    )

    it.live("makes the host's own schema unusable where that cannot be", () =>
      Effect.gen(function* () {
        assert.include(
          yield* refused(holds("^(?!secret)"), { text: "x" }),
          'its inputSchema cannot be used: the pattern "^(?!secret)" cannot be matched in linear time: the look-ahead (?!secret) at character 2 is not supported'
        )
      })
    )

    it.live("stops after a bounded amount of text, whatever the number of patterns", () =>
      Effect.gen(function* () {
        const many = {
          properties: { text: { allOf: Array.from({ length: 100 }, (_, at) => ({ pattern: `^(\\w\\s?)+${at}?$` })) } }
        }
        const since = process.threadCpuUsage()
        assert.match(
          yield* refused(many, { text: "a b ".repeat(1_000_000) }),
          /^its inputSchema cannot be used: the pattern ".*" takes too long on this input$/
        )
        assert.isBelow(process.threadCpuUsage(since).user / 1000, 3000)
      })
    )
  })
})

describe("the text of a reply", () => {
  it("is never longer than its limit, whole where it fits, and never tears a character", () =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "ä", "€", "😀"), maxLength: 60 }),
        fc.integer({ min: 8, max: 60 }),
        (text, limit) => {
          const { bytes, truncated } = boundedBytes(text, limit)
          assert.isAtMost(bytes.length, limit)
          assert.strictEqual(truncated, Buffer.byteLength(text) > limit)
          const kept = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
          if (!truncated) assert.strictEqual(kept, text)
          else assert.isAbove(bytes.length, limit - 7)
        }
      )
    ))
})
