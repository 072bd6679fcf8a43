/** What `tenterhook schema` prints: every key is described, wherever it stands. */
import { assert, describe, it } from "vitest"
import { schemas } from "../src/commands/schema.ts"

type JsonObject = Record<string, any>

describe.each(Object.keys(schemas) as ReadonlyArray<keyof typeof schemas>)("the JSON Schema of %s", (name) => {
  it("has a description for every property", async () => {
    const schema = (await schemas[name]()) as JsonObject
    const lacking = propertiesIn(schema, "").flatMap(([path, property]) =>
      isDescribed(property, schema) ? [] : [path]
    )
    assert.deepStrictEqual(lacking, [])
  })

  it("says what it is", async () => {
    const schema = (await schemas[name]()) as JsonObject
    assert.match(schema["$schema"], /2020-12/)
    assert.isString(schema["$id"])
    assert.isTrue(isDescribed(schema, schema), "the schema itself has no description")
  })
})

/** Every property of every object, in definitions too, with where it is. */
const propertiesIn = (value: unknown, path: string): ReadonlyArray<readonly [path: string, property: JsonObject]> => {
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = `${path}/${key}`
    const isMap =
      (key === "properties" || key === "patternProperties") && typeof inner === "object" && !path.endsWith("properties")
    const own = isMap ? Object.entries(inner as JsonObject).map(([name, one]) => [`${at}/${name}`, one] as const) : []
    return [...own, ...propertiesIn(inner, at)]
  })
}

/** Editors show the description that stands beside a reference, or that of what it refers to. */
const isDescribed = (property: JsonObject, root: JsonObject): boolean => {
  if (typeof property["description"] === "string" && property["description"].trim() !== "") return true
  const target = /^#\/\$defs\/(.+)$/.exec(property["$ref"] ?? "")?.[1]
  return target !== undefined && isDescribed(root["$defs"][target], root)
}
