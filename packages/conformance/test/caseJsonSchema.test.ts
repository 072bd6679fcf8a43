import { assert, it } from "@effect/vitest"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { caseJsonSchema } from "../src/index.ts"

it("the published JSON Schema is the one that the code has (scripts/writeSchema.ts writes it)", async () => {
  const file = join(import.meta.dirname, "../schema/case.schema.json")
  assert.deepStrictEqual(JSON.parse(await readFile(file, "utf8")), JSON.parse(JSON.stringify(caseJsonSchema)))
})

it("it is strict, and names every key of a case", () => {
  const definitions = caseJsonSchema["$defs"] as Record<
    string,
    { properties: object; required: ReadonlyArray<string>; additionalProperties: boolean }
  >
  const { properties, required, additionalProperties } = definitions["Case"]!
  assert.isFalse(additionalProperties)
  assert.deepStrictEqual([...required].sort(), ["dialect", "steps", "title"])
  assert.deepStrictEqual(Object.keys(properties).sort(), [
    "config",
    "dialect",
    "endpoints",
    "env",
    "files",
    "lenient",
    "mode",
    "needs",
    "platform",
    "receivers",
    "steps",
    "title",
    "tools"
  ])
})
