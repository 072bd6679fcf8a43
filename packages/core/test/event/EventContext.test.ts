import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { decodeContext, EventContext, unknownContextKeys } from "../../src/index.ts"

const decode = (input: unknown): EventContext => Result.getOrThrow(decodeContext(input))

describe("decodeContext", () => {
  it("takes whole numbers as ids, and null as unknown", () => {
    assert.deepStrictEqual(decode({ sessionId: 7, task: { id: 8, name: null }, prompt: null, cwd: undefined }), {
      sessionId: "7",
      task: { id: "8" }
    })
  })

  it("keeps null where it is a value of its own", () => {
    assert.deepStrictEqual(decode({ tool: { name: "x", input: null } }), { tool: { name: "x", input: null } })
  })

  it("names every place that does not fit", () => {
    const refused = decodeContext({ sessionId: [], task: { dir: 3 }, tool: {} })
    assert.isTrue(Result.isFailure(refused))
    if (Result.isSuccess(refused)) return
    assert.deepStrictEqual(
      refused.failure.problems.map(({ path }) => path),
      ["sessionId", "task.dir", "tool.name"]
    )
    assert.match(refused.failure.message, /^context\.sessionId: expected string/)
  })

  it("names the keys that no event has", () => {
    assert.deepStrictEqual(unknownContextKeys({ sessionId: "s", session: "s" }), ["session"])
  })

  it.effect.prop("never throws, whatever comes in", [Schema.Unknown], ([input]) =>
    Effect.sync(() => assert.isTrue(Result.isResult(decodeContext(input))))
  )
})

it("describes every key in its JSON Schema", () => {
  const undescribed: Array<string> = []
  const look = (schema: JsonSchema, path: string) => {
    for (const [key, one] of Object.entries(schema.properties ?? {})) {
      if (one.description === undefined && !path.endsWith("mcp.")) undescribed.push(path + key)
      for (const form of one.anyOf ?? [one]) look(form, `${path}${key}.`)
    }
  }
  look(Schema.toJsonSchemaDocument(EventContext).schema as JsonSchema, "")
  assert.deepStrictEqual(undescribed, [])
})

interface JsonSchema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly anyOf?: ReadonlyArray<JsonSchema>
}
