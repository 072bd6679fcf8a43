/** The case format for editors and for implementations in other languages, generated from its schema. */
import { Schema } from "effect"
import { Case } from "./Case.ts"

const document = Schema.toJsonSchemaDocument(Case, { onExcessProperty: "error" })

/** JSON Schema, draft 2020-12. */
export const caseJsonSchema: Readonly<Record<string, unknown>> = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "https://unpkg.com/@tenterhook/conformance/schema/case.schema.json",
  ...document.schema,
  $defs: document.definitions
}
