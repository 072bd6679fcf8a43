/** JSON Schemas of the report and the context, made from core's own schemas. */
import { EventContext, FireReport } from "@tenterhook/core"
import { Schema } from "effect"

export const reportJsonSchema = () => documentOf(FireReport, "report")
export const contextJsonSchema = () => ({
  ...documentOf(EventContext, "context"),
  description: "The context of an event: who and where, and what happened."
})

const documentOf = (schema: Schema.Top, name: string) => {
  const { schema: root, definitions } = Schema.toJsonSchemaDocument(schema)
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:tenterhook:${name}`,
    ...root,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions })
  }
}
