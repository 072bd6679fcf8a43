/** Part of the build: writes the JSON Schema of tenterhook.yaml into the package, with the package's version in its id. */
import { nativeJsonSchema } from "@tenterhook/dialects"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"

const within = (path) => new URL(`../${path}`, import.meta.url)
const { version } = JSON.parse(readFileSync(within("package.json"), "utf8"))

mkdirSync(within("schema"), { recursive: true })
writeFileSync(within("schema/tenterhook.schema.json"), `${JSON.stringify(nativeJsonSchema(version), null, 2)}\n`)
