/** SARIF 2.1.0, e.g. for GitHub code scanning. Source: OASIS, Static Analysis Results Interchange Format 2.1.0. */
import { isAbsolute, relative, resolve, sep } from "node:path"
import { pathToFileURL } from "node:url"
import { version } from "../../version.ts"
import { type Remark, remarksOf } from "../Remark.ts"
import type { Reporter } from "./Reporter.ts"

export const sarif: Reporter = (result) =>
  JSON.stringify(
    {
      $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: "tenterhook", version, rules } },
          columnKind: "utf16CodeUnits",
          originalUriBaseIds: { [base]: { uri: `${pathToFileURL(process.cwd()).href}/` } },
          invocations: [{ executionSuccessful: true, exitCode: result.exitCode }],
          results: remarksOf(result).map(resultOf)
        }
      ]
    },
    null,
    2
  )

const resultOf = (remark: Remark) => ({
  ruleId: remark.rule,
  ruleIndex: rules.findIndex(({ id }) => id === remark.rule),
  level: remark.level,
  message: { text: remark.text },
  ...(remark.file === null ? {} : { locations: [{ physicalLocation: placeOf(remark.file, remark) }] })
})

/** Code scanning wants a line: of a remark on a whole file it is the first. */
const placeOf = (file: string, { line, column }: Remark) => ({
  artifactLocation: artifactOf(file),
  region: { startLine: line ?? 1, ...(line === null || column === null ? {} : { startColumn: column }) }
})

const artifactOf = (file: string) => {
  const path = relative(process.cwd(), resolve(file))
  if (path === "" || path.startsWith("..") || isAbsolute(path)) return { uri: pathToFileURL(resolve(file)).href }
  return { uri: path.split(sep).map(encodeURIComponent).join("/"), uriBaseId: base }
}

const base = "SRCROOT"

const rules = [
  { id: "config", text: "The config cannot be loaded." },
  { id: "notice", text: "The config's dialect ignores something in it." },
  { id: "lint", text: "The config loads, and is probably not meant like this." }
].map(({ id, text }) => ({ id, shortDescription: { text } }))
