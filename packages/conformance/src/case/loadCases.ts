/** Reads cases from files and folders. A file that is no case comes back with what is wrong and where; nothing throws. */
import { readdir, readFile, realpath, stat } from "node:fs/promises"
import { resolve } from "node:path"
import { Exit, Schema, SchemaIssue } from "effect"
import * as Yaml from "yaml"
import { caseHead, type Case, type Step, stepKinds } from "./Case.ts"
import { isRecord } from "./Matcher.ts"
import { show } from "./match.ts"

/** A file that was found, with its case or with what is wrong in it. */
export type LoadedCase =
  | { readonly _tag: "case"; readonly file: string; readonly case: Case; readonly stepLines: ReadonlyArray<number> }
  | { readonly _tag: "broken"; readonly file: string; readonly problems: ReadonlyArray<string> }

/** Every case below the paths, sorted by path within each. Relative paths are taken from `cwd`. */
export const loadCases = async (
  paths: ReadonlyArray<string>,
  cwd: string = process.cwd()
): Promise<ReadonlyArray<LoadedCase>> => {
  const seen = new Set<string>()
  const loaded: Array<LoadedCase> = []
  for (const path of paths) {
    const found = await filesBelow(resolve(cwd, path))
    if (typeof found === "string") {
      loaded.push({ _tag: "broken", file: resolve(cwd, path), problems: [`${path}: ${found}`] })
      continue
    }
    for (const file of found) {
      if (seen.has(file)) continue
      seen.add(file)
      loaded.push(await loadCase(file))
    }
  }
  return loaded
}

export const loadCase = async (file: string): Promise<LoadedCase> => {
  try {
    return parseCase(file, await readFile(file, "utf8"))
  } catch (error) {
    return { _tag: "broken", file, problems: [`${file}: could not be read: ${(error as Error).message}`] }
  }
}

/** A case from its text. Problems read `file:line:column: path: what was expected`. */
export const parseCase = (file: string, text: string): LoadedCase => {
  const lines = new Yaml.LineCounter()
  const broken = (problems: ReadonlyArray<string>): LoadedCase => ({ _tag: "broken", file, problems })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }

  const documents = Yaml.parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const document = Array.isArray(documents) ? documents[0] : undefined
  if (document === undefined) return broken([`${file}:1:1: expected a case, got an empty file`])
  const syntax = [...document.errors, ...document.warnings]
  if (syntax.length > 0)
    return broken(syntax.map((error) => `${place(error.pos[0])}: not valid YAML: ${error.message}`))
  if (documents.length > 1)
    return broken([`${file}: expected one case in a file, got ${documents.length} YAML documents`])

  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return broken([`${file}: not valid YAML: ${(error as Error).message}`])
  }
  const problems = problemsOf(value)
  if (problems.length > 0) {
    return broken(
      problems.map(({ path, message }) => {
        const at = formatPath(path)
        return `${place(offsetOf(document, path))}: ${at === "" ? "" : `${at}: `}${message}`
      })
    )
  }
  const lineOf = (index: number) => lines.linePos(offsetOf(document, ["steps", index])).line
  return { _tag: "case", file, case: value as Case, stepLines: (value as Case).steps.map((_, index) => lineOf(index)) }
}

interface Problem {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
}

/** The head and each step are checked alone, so that a mistake in a step is not reported once for every kind of step. */
const problemsOf = (value: unknown): ReadonlyArray<Problem> => {
  if (!isRecord(value))
    return [{ path: [], message: `expected a case (an object with title, dialect and steps), got ${show(value)}` }]
  const { steps, ...head } = value
  const headProblems = problemsIn(Head, head, [])
  if (!Array.isArray(steps) || steps.length === 0) {
    return [...headProblems, { path: ["steps"], message: `expected a list of at least one step, got ${show(steps)}` }]
  }
  return [...headProblems, ...steps.flatMap((step, index) => stepProblems(step, ["steps", index]))]
}

const stepProblems = (step: unknown, path: ReadonlyArray<PropertyKey>): ReadonlyArray<Problem> => {
  const known = Object.keys(stepKinds) as Array<keyof typeof stepKinds>
  const kinds = isRecord(step) ? known.filter((kind) => Object.hasOwn(step, kind)) : []
  if (kinds.length !== 1)
    return [{ path, message: `expected a step with exactly one of ${known.join(", ")}, got ${show(step)}` }]
  return problemsIn(stepKinds[kinds[0]!] as Schema.Decoder<Step>, step, path)
}

const Head = Schema.Struct(caseHead)

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const problemsIn = (
  schema: Schema.Decoder<unknown>,
  value: unknown,
  path: ReadonlyArray<PropertyKey>
): ReadonlyArray<Problem> => {
  const exit = Schema.decodeUnknownExit(schema)(value, { errors: "all", onExcessProperty: "error" })
  if (Exit.isSuccess(exit)) return []
  const byPath = new Map<string, { path: ReadonlyArray<PropertyKey>; messages: Array<string>; at: unknown }>()
  for (const reason of exit.cause.reasons) {
    if (reason._tag !== "Fail") continue
    for (const issue of formatter((reason.error as Schema.SchemaError).issue).issues) {
      const inner = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part))
      const full = [...path, ...inner]
      const entry = byPath.get(formatPath(full)) ?? { path: full, messages: [], at: valueAt(value, inner) }
      byPath.set(formatPath(full), entry)
      const message = wordsFor(issue.message, inner)
      if (!entry.messages.includes(message)) entry.messages.push(message)
    }
  }
  return [...byPath.values()].map(({ path, messages, at }) => {
    const missing = messages.some((message) => message.startsWith("missing"))
    return { path, message: missing ? messages.join(", or ") : `${messages.join(", or ")}, got ${show(at)}` }
  })
}

const wordsFor = (message: string, path: ReadonlyArray<PropertyKey>) => {
  if (message === "Missing key") return `missing key "${String(path.at(-1))}"`
  if (message === "Expected no excess property") return `unknown key "${String(path.at(-1))}"`
  return message.charAt(0).toLowerCase() + message.slice(1)
}

const valueAt = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (at, key) => (at === null || at === undefined ? undefined : (at as Record<PropertyKey, unknown>)[key]),
    value
  )

const formatPath = (path: ReadonlyArray<PropertyKey>) =>
  path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    ""
  )

/** Where a key stands, or the value of a list's element; of the nearest one above where it is absent. */
const offsetOf = (document: Yaml.Document, path: ReadonlyArray<PropertyKey>): number => {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = path[length - 1]!
    if (Yaml.isMap(parent)) {
      const pair = parent.items.find((item) => Yaml.isScalar(item.key) && item.key.value === key)
      if (pair !== undefined && Yaml.isNode(pair.key) && pair.key.range) return pair.key.range[0]
    }
    if (Yaml.isSeq(parent)) {
      const item = parent.items[Number(key)]
      if (Yaml.isNode(item) && item.range) return item.range[0]
    }
  }
  return document.contents?.range?.[0] ?? 0
}

/** Files named `.yaml` or `.yml` below a folder, dot folders and node_modules left out; a file named itself always counts. */
const filesBelow = async (path: string): Promise<ReadonlyArray<string> | string> => {
  let info
  try {
    info = await stat(path)
  } catch {
    return "no such file or folder"
  }
  if (info.isFile()) return [path]
  if (!info.isDirectory()) return "neither a file nor a folder"
  const files: Array<string> = []
  await collect(path, new Set(), files)
  return files
}

const collect = async (folder: string, visited: Set<string>, files: Array<string>): Promise<void> => {
  const real = await realpath(folder)
  if (visited.has(real)) return
  visited.add(real)
  const names = (await readdir(folder)).filter((name) => !name.startsWith(".") && name !== "node_modules").sort()
  for (const name of names) {
    const path = resolve(folder, name)
    const info = await stat(path).catch(() => null)
    if (info?.isDirectory()) await collect(path, visited, files)
    else if (info?.isFile() && /\.ya?ml$/i.test(name)) files.push(path)
  }
}
