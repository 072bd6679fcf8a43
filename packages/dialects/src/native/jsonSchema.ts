/** The JSON Schema of `tenterhook.yaml` and `tenterhook.json`, for editors. It accepts what loading accepts. */
import { Schema } from "effect"
import { actionKeys, belongsTo, eventForm, FileConfig } from "./Config.ts"

/** `version` of the package that ships it becomes part of its `$id`. */
export const nativeJsonSchema = (version?: string): Record<string, unknown> => {
  const { schema, definitions } = Schema.toJsonSchemaDocument(FileConfig, { onExcessProperty: "error" })
  const root = schema as JsonObject
  const properties = root["properties"] as JsonObject
  return withOwnKeys({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `https://unpkg.com/tenterhook${version === undefined ? "" : `@${version}`}/schema/tenterhook.schema.json`,
    ...root,
    properties: {
      ...properties,
      policies: { ...(properties["policies"] as JsonObject), propertyNames: eventForm }
    },
    $defs: {
      ...definitions,
      Hook: { ...definitions["Hook"], ...oneAction },
      Policy: { ...definitions["Policy"], not: haltingInParallel }
    }
  }) as JsonObject
}

type JsonObject = Record<string, unknown>

/** A hook does one thing, and the keys of another kind of action are marked. */
const oneAction: JsonObject = {
  oneOf: actionKeys.map((key) => ({ required: [key] })),
  dependentRequired: Object.fromEntries(Object.entries(belongsTo).map(([key, of]) => [key, [of]]))
}

const haltingInParallel: JsonObject = {
  properties: {
    order: { const: "parallel", description: "All hooks have started at once." },
    halting: { enum: ["decisive", "failure"], description: "Nothing is left that could be halted." }
  },
  required: ["order", "halting"]
}

/** Wherever keys are closed, those that begin with `x-` stay free. */
const withOwnKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withOwnKeys)
  if (typeof value !== "object" || value === null) return value
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withOwnKeys(one)]))
  return inner["additionalProperties"] === false ? { ...inner, patternProperties: ownKeys } : inner
}

const ownKeys: JsonObject = {
  "^x-": { description: "A key of your own, e.g. a note or a YAML anchor. It is ignored." }
}
