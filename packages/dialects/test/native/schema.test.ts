/** The published JSON Schema says what the decoder says. */
import { assert, describe, expect, it } from "@effect/vitest"
import { Exit, type JsonSchema, Schema, SchemaRepresentation } from "effect"
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { parse } from "yaml"
import { nativeJsonSchema } from "../../src/index.ts"

const examples = join(import.meta.dirname, "../../../../examples/native")
const { $defs, ...schema } = nativeJsonSchema() as Record<string, any>
const decoder = Schema.decodeUnknownExit(
  SchemaRepresentation.fromJsonSchemaDocument(
    { dialect: "draft-2020-12", schema, definitions: $defs } as JsonSchema.Document<"draft-2020-12">,
    { patterns: "apply" }
  ) as Schema.Decoder<unknown>
)
const accepts = (value: unknown) => Exit.isSuccess(decoder(value, { onExcessProperty: "error" }))

describe("tenterhook.schema.json", () => {
  it("is made from the schema that decodes; vitest -u writes it", async () => {
    await expect(`${JSON.stringify(nativeJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      "../../schema/tenterhook.schema.json"
    )
  })

  it("describes every key", () => {
    for (const [key, of] of Object.entries<any>({ ...$defs.Hook.properties, ...schema.properties })) {
      assert.isString(of.description, `${key} has no description`)
    }
  })

  it.each(globSync("*.{yaml,json}", { cwd: examples }))("accepts %s", (file) => {
    assert.isTrue(accepts(parse(readFileSync(join(examples, file), "utf8"))), basename(file))
  })

  it.each([
    ["no hooks", {}],
    ["a bare number as timeout", { hooks: [{ on: "stop", run: "true", timeout: 5 }] }],
    ["a time without a unit", { hooks: [{ on: "stop", run: "true", timeout: "5" }] }],
    ["an unknown key", { hooks: [{ on: "stop", run: "true", timout: "5s" }] }],
    ["a hook without an event", { hooks: [{ run: "true" }] }],
    ["an unknown failure policy", { hooks: [{ on: "stop", run: "true", onFailure: "closed" }] }],
    ["a number as an argument", { hooks: [{ on: "stop", run: ["sleep", 5] }] }],
    ["a secret in the file", { hooks: [{ on: "stop", post: "https://ops.example.com", secret: "whsec_x" }] }]
  ])("refuses %s", (_, document) => {
    assert.isFalse(accepts(document))
  })
})
