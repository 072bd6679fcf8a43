/** The two lists of hooks in a youBencha config, checked as the product's own schemas check them. */
import { type ConfigProblem, type LoadNotice } from "@tenterhook/core"
import { Schema } from "effect"
import { decodeAt } from "../config/decode.ts"
import {
  type ConfigPath,
  type Document,
  keyNoticeAt,
  noticeAt,
  problemAt,
  show,
  unknownKeys,
  unknownText
} from "../config/Document.ts"
import { nearest } from "../config/nearest.ts"

export const lists = ["pre_execution", "post_evaluation"] as const
export type List = (typeof lists)[number]

/** One entry of a list, with its defaults filled in. */
export type Entry = { readonly list: List; readonly index: number; readonly path: ConfigPath } & (
  | { readonly name: "script"; readonly config: ScriptConfig }
  | { readonly name: "webhook"; readonly config: WebhookConfig }
  | { readonly name: "database"; readonly config: DatabaseConfig }
)

/** What the file says of the test case itself, where the fire's context does not. */
export interface TestCase {
  readonly name?: string
  readonly repo?: string
  readonly branch?: string
}

export interface Config {
  readonly entries: ReadonlyArray<Entry>
  readonly testCase: TestCase
  readonly notices: ReadonlyArray<LoadNotice>
}

const text = (what: string) => Schema.String.annotate({ message: `expected text: ${what}` })
const required = <S extends Schema.Top>(schema: S, what: string) =>
  schema.pipe(Schema.annotateKey({ messageMissingKey: `expected ${what}` }))
const texts = Schema.Record(Schema.String, text("its value, in quotes")).annotate({
  message: `expected a map of names to texts`
})
const milliseconds = Schema.Number.annotate({
  message: "expected a number of milliseconds, without unit and quotes"
}).check(Schema.isGreaterThan(0, { message: "expected a number of milliseconds above 0" }))
const flag = Schema.Boolean.annotate({ message: "expected true or false" })

const ScriptConfig = Schema.Struct({
  command: required(text("the shell or executable to run"), `"command": the shell or executable to run`),
  args: Schema.optionalKey(
    Schema.Array(text("one argument")).annotate({
      message: `expected a list of arguments, such as ["-c", "echo hello"]`
    })
  ),
  env: Schema.optionalKey(texts),
  timeout_ms: Schema.optionalKey(milliseconds),
  working_dir: Schema.optionalKey(text("a folder"))
})
export type ScriptConfig = typeof ScriptConfig.Type

const WebhookConfig = Schema.Struct({
  url: required(
    text("a URL").check(
      Schema.makeFilter(
        (url: string) => url.includes("${") || URL.canParse(url) || "expected a URL, such as https://example.com/hook"
      )
    ),
    `"url": where the results are posted`
  ),
  method: Schema.optionalKey(
    Schema.Literals(["POST", "PUT", "PATCH"]).annotate({ message: "expected POST, PUT or PATCH" })
  ),
  headers: Schema.optionalKey(texts),
  include_artifacts: Schema.optionalKey(flag),
  retry_on_failure: Schema.optionalKey(flag),
  timeout_ms: Schema.optionalKey(milliseconds)
})
export type WebhookConfig = typeof WebhookConfig.Type

const DatabaseConfig = Schema.Struct({
  type: required(Schema.Literal("json-file").annotate({ message: `expected "json-file"` }), `"type": json-file`),
  output_path: required(
    text("the file that gets one line for each run"),
    `"output_path": the file that gets one line for each run`
  ),
  include_full_bundle: Schema.optionalKey(flag),
  append: Schema.optionalKey(flag)
})
export type DatabaseConfig = typeof DatabaseConfig.Type

const configs = { script: ScriptConfig, webhook: WebhookConfig, database: DatabaseConfig }
const namesOf: Record<List, ReadonlyArray<keyof typeof configs>> = {
  pre_execution: ["script"],
  post_evaluation: ["script", "database", "webhook"]
}

export const readConfig = (document: Document): Config | ReadonlyArray<ConfigProblem> => {
  const root = document.value
  if (!isRecord(root)) {
    return [problemAt(document, [], `expected a map with "pre_execution" or "post_evaluation", got ${show(root)}`)]
  }
  const problems: Array<ConfigProblem> = []
  const notices: Array<LoadNotice> = [...misspelt(document, root), ...misplaced(document, root)]
  const entries: Array<Entry> = []
  for (const list of lists) {
    const value = root[list]
    if (value === undefined) continue
    if (!Array.isArray(value)) {
      problems.push(
        problemAt(document, [list], `expected a list of hooks, each "- name: …" with its "config", got ${show(value)}`)
      )
      continue
    }
    value.forEach((item: unknown, index) => {
      const entry = readEntry(document, list, index, item, notices)
      if ("list" in entry) entries.push(entry)
      else problems.push(...entry)
    })
  }
  if (problems.length > 0) return problems
  if (entries.length === 0 && notices.length === 0) {
    notices.push(noticeAt(document, [], "no pre_execution and no post_evaluation hooks: nothing will run"))
  }
  return { entries, notices, testCase: testCaseOf(root) }
}

const readEntry = (
  document: Document,
  list: List,
  index: number,
  item: unknown,
  notices: Array<LoadNotice>
): Entry | ReadonlyArray<ConfigProblem> => {
  const path: ConfigPath = [list, index]
  const known = namesOf[list]
  if (!isRecord(item)) return [problemAt(document, path, `expected a hook with "name" and "config", got ${show(item)}`)]
  notices.push(...unknownKeys(document, path, item, ["name", "config"]))
  const name = known.find((candidate) => candidate === item.name)
  if (name === undefined) return [problemAt(document, [...path, "name"], nameText(list, item.name))]
  if (!isRecord(item.config)) {
    return [
      problemAt(
        document,
        [...path, "config"],
        `expected a map with the settings of the ${name} hook, got ${show(item.config)}`
      )
    ]
  }
  const at = [...path, "config"]
  const schema = configs[name]
  const decoded = decodeAt<unknown>(schema, document, at, item.config)
  notices.push(...unknownKeys(document, at, item.config, Object.keys(schema.fields)))
  if (!decoded.ok) return decoded.problems
  const entry = { list, index, path, name, config: decoded.value } as Entry
  if (entry.name === "script") notices.push(...scriptNotices(document, at, entry.config))
  return entry
}

const nameText = (list: List, name: unknown): string => {
  const known = namesOf[list]
  if (typeof name !== "string") return `expected the kind of hook, ${known.join(", ")}, got ${show(name)}`
  const elsewhere = lists.find((other) => other !== list && namesOf[other].some((candidate) => candidate === name))
  return elsewhere === undefined
    ? unknownText("hook", name, known)
    : `expected ${known.join(", ")}, got "${name}"; ${name} belongs to ${elsewhere}`
}

const scriptNotices = (document: Document, at: ConfigPath, config: ScriptConfig): ReadonlyArray<LoadNotice> => {
  const notices: Array<LoadNotice> = []
  if (config.command.trim() === "")
    notices.push(noticeAt(document, [...at, "command"], "the command is blank: this hook is skipped"))
  if (config.working_dir?.includes("${")) {
    notices.push(
      noticeAt(
        document,
        [...at, "working_dir"],
        `nothing is replaced here: the folder is literally ${show(config.working_dir)}`
      )
    )
  }
  return notices
}

/** A key beside the known ones that was probably meant to be one of the lists. All other keys are the suite's own. */
const misspelt = (document: Document, root: Record<string, unknown>): ReadonlyArray<LoadNotice> =>
  Object.keys(root).flatMap((key) => {
    if (lists.some((list) => list === key)) return []
    const start = /^(pre|post)[-_ ]?(exec|eval)/i.exec(key)?.[1]?.toLowerCase()
    const meant = start === "pre" ? "pre_execution" : start === "post" ? "post_evaluation" : nearest(key, lists)
    return meant === undefined ? [] : [keyNoticeAt(document, [key], `unknown key "${key}"; did you mean "${meant}"?`)]
  })

/** A list further down, where nothing reads it. */
const misplaced = (document: Document, root: Record<string, unknown>): ReadonlyArray<LoadNotice> => {
  const notices: Array<LoadNotice> = []
  const look = (value: unknown, path: ConfigPath) => {
    if (typeof value !== "object" || value === null || path.length > 3) return
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key]
      if (path.length === 0 && lists.some((list) => list === key)) continue
      if (lists.some((list) => list === key))
        notices.push(keyNoticeAt(document, at, `only ${key} at the top of the file is read`))
      else look(inner, at)
    }
  }
  look(root, [])
  return notices
}

const testCaseOf = ({ name, repo, branch }: Record<string, unknown>): TestCase => ({
  ...(typeof name === "string" ? { name } : {}),
  ...(typeof repo === "string" ? { repo } : {}),
  ...(typeof branch === "string" ? { branch } : {})
})

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
