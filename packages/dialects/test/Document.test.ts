import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { decodeAt } from "../src/config/decode.ts"
import { readDocument, unknownKeys } from "../src/config/Document.ts"
import { nearest } from "../src/config/nearest.ts"

const source = (file: string, text: string) => ({ _tag: "text", file, folder: "/", text }) as const

describe("Document", () => {
  it.effect("gives line and column of a value in JSON and YAML", () =>
    Effect.gen(function* () {
      const json = yield* readDocument("oats", source("a.json", '{\n  "hooks": [ { "timeout": "x" } ]\n}'))
      assert.deepStrictEqual(json.place(["hooks", 0, "timeout"]), { line: 2, column: 27 })
      const yaml = yield* readDocument("native", source("a.yaml", "hooks:\n  - timeout: x\n"))
      assert.deepStrictEqual(yaml.place(["hooks", 0, "timeout"]), { line: 2, column: 14 })
      assert.deepStrictEqual(yaml.place(["hooks", 0, "nope"]), { line: 2, column: 5 })
    })
  )

  it.effect("says where the syntax broke", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readDocument("oats", source("a.json", '{\n  "hooks": [,]\n}')))
      assert.match(error.message, /^a\.json:2:13: not valid JSON/)
      const yaml = yield* Effect.flip(readDocument("native", source("a.yaml", "a: [1\nb: 2")))
      assert.match(yaml.message, /^a\.yaml:\d+:\d+: not valid YAML/)
    })
  )

  it.effect("names the value that a schema refuses, and its place", () =>
    Effect.gen(function* () {
      const document = yield* readDocument("oats", source("a.json", '{ "timeout": "soon" }'))
      const decoded = decodeAt(
        Schema.Struct({ timeout: Schema.Int, event: Schema.String }),
        document,
        [],
        document.value
      )
      assert.isFalse(decoded.ok)
      if (decoded.ok) return
      assert.deepInclude(decoded.problems[0], { line: 1, column: 14, path: "timeout" })
      assert.match(decoded.problems[0]!.text, /got "soon"/)
    })
  )

  it.effect("warns about an unknown key with the nearest known one", () =>
    Effect.gen(function* () {
      const document = yield* readDocument("oats", source("a.json", '{ "machter": "x" }'))
      const [notice] = unknownKeys(document, [], document.value, ["matcher", "event"])
      assert.match(notice!.text, /unknown key "machter"; did you mean "matcher"/)
      const known = ["post_tool_use", "pre_tool_use", "session_start"]
      assert.strictEqual(nearest("pre_tool", known), "pre_tool_use")
      assert.strictEqual(nearest("preToolUse", known), "pre_tool_use")
      assert.isUndefined(nearest("on_commit", known))
    })
  )

  it.effect("refuses what is nested too deep, at its place and at once", () =>
    Effect.gen(function* () {
      for (const text of ["[".repeat(50_000), '{"a":'.repeat(50_000)]) {
        const error = yield* Effect.flip(readDocument("oats", source("a.json", text)))
        assert.match(error.message, /^a\.json:1:\d+: nested deeper than 100 levels/)
      }
      for (const text of ["? ".repeat(2_000), "[".repeat(50_000), "- ".repeat(50_000), "{a: ".repeat(50_000)]) {
        const error = yield* Effect.flip(readDocument("native", source("a.yaml", text)))
        assert.match(error.message, /^a\.yaml:1:\d+: nested deeper than 100 levels/)
      }
      const flat = yield* readDocument("oats", source("a.json", `[${"[],".repeat(1_000)}"[[["]`))
      assert.lengthOf(flat.value as Array<unknown>, 1_001)
    })
  )
})
