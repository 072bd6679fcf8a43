/** Writes the case format's JSON Schema: `node --conditions=@tenterhook/source scripts/writeSchema.ts`. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { caseJsonSchema } from "../src/index.ts"

await writeFile(join(import.meta.dirname, "../schema/case.schema.json"), `${JSON.stringify(caseJsonSchema, null, 2)}\n`)
