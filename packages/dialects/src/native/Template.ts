/** Text with `${path}` places that a fire's values fill in: once, never again in what was filled in. `$${` stands for `${`. */
import { EncodeError, type EventContext, type Fire, contextKeys } from "@tenterhook/core"
import { unknownText } from "../config/Document.ts"

/** What the places of a template may name beside the context. */
export interface Values {
  readonly fire: Fire
  readonly hook: string
  readonly configDir: string
}

export interface Template {
  readonly source: string
  /** Every path that it names. */
  readonly paths: ReadonlyArray<string>
  /** The whole text is one place, whose value then keeps its own type. */
  readonly whole: string | undefined
  /** Throws an `EncodeError` where a value is absent. `as` is applied to each value that is filled in. */
  readonly text: (values: Values, as?: (value: string) => string) => string
}

export const template = (source: string): Template => {
  const parts = partsOf(source)
  const paths = parts.flatMap((part) => (typeof part === "string" ? [] : [part.path]))
  const [only] = parts
  const whole = parts.length === 1 && typeof only === "object" ? only.path : undefined
  if (paths.length === 0) {
    const text = parts.join("")
    return { source, paths, whole, text: () => text }
  }
  return {
    source,
    paths,
    whole,
    text: (values, as = itself) =>
      parts.map((part) => (typeof part === "string" ? part : as(textAt(part.path, values)))).join("")
  }
}

/** Fills in every text of a JSON value. A text that is one place becomes that value itself. */
export const fillIn = (value: unknown, values: Values): unknown => {
  if (typeof value === "string") {
    const { whole, text } = template(value)
    return whole === undefined ? text(values) : valueAtPath(whole, values)
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, values))
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, values)]))
  return value
}

/** Every path named in the texts of a JSON value, with its place. */
export const pathsIn = (
  value: unknown,
  at: ReadonlyArray<string | number> = []
): ReadonlyArray<{ at: ReadonlyArray<string | number>; path: string }> => {
  if (typeof value === "string") return template(value).paths.map((path) => ({ at, path }))
  if (Array.isArray(value)) return value.flatMap((item, index) => pathsIn(item, [...at, index]))
  if (isPlain(value)) return Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...at, key]))
  return []
}

/** The value that a path names; fails where there is none. */
export const valueAtPath = (path: string, values: Values): unknown => {
  const value = lookUp(path, values)
  if (value === undefined || value === null) {
    throw new EncodeError({
      reason: "missing",
      text: `\${${path}}: ${values.fire.event.name} came without such a value`
    })
  }
  return value
}

/** What is doubtful about a context path as a config writes it; undefined where nothing is. */
export const pathProblem = (path: string, known: ReadonlyArray<string>): string | undefined => {
  const [first, second, ...rest] = path.split(".")
  if (!known.includes(first!)) {
    return /^[A-Z][A-Z0-9_]*$/.test(path)
      ? `unknown context path "${path}"; a variable of the host's environment is \${env.${path}}`
      : unknownText("context path", first!, known)
  }
  const members = structure[first!]
  if (second === undefined || members === undefined) return undefined
  if (members === "text") return `"${first}" is a text; it has no "${second}"`
  if (!members.includes(second)) return unknownText(`key of ${first}`, second, members)
  return first !== "tool" || !["input", "mcp"].includes(second)
    ? rest.length > 0
      ? `"${first}.${second}" has no parts`
      : undefined
    : undefined
}

/** What `when` may name. */
export const conditionRoots: ReadonlyArray<string> = contextKeys
/** What a place in a template may name. */
export const templateRoots: ReadonlyArray<string> = [...contextKeys, "event", "fireId", "hook", "configDir"]

type Part = string | { readonly path: string }

const partsOf = (source: string): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  let text = ""
  let from = 0
  for (const found of source.matchAll(place)) {
    text += source.slice(from, found.index)
    from = found.index + found[0].length
    if (found[1] === undefined) {
      text += "${"
    } else {
      if (text !== "") parts.push(text)
      parts.push({ path: found[1] })
      text = ""
    }
  }
  text += source.slice(from)
  if (text !== "" || parts.length === 0) parts.push(text)
  return parts
}

const place = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)\}/g

const textAt = (path: string, values: Values): string => {
  const value = valueAtPath(path, values)
  if (typeof value === "string") return value
  return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value)
}

const lookUp = (path: string, { fire, hook, configDir }: Values): unknown => {
  switch (path) {
    case "event":
      return fire.event.name
    case "fireId":
      return fire.fireId
    case "hook":
      return hook
    case "configDir":
      return configDir
  }
  let value: unknown = fire.context
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const itself = (value: string) => value

/** The parts of the context's records; a key that is absent here may hold anything. */
const structure: Readonly<Record<string, ReadonlyArray<string> | "text">> = {
  agent: ["id", "type", "parentId"],
  task: ["id", "name", "dir", "repoUrl", "branch", "workspaceDir", "repoDir", "artifactsDir"],
  host: ["name", "version"],
  tool: ["name", "nativeName", "callId", "input", "mcp"],
  ...Object.fromEntries(
    (
      [
        "sessionId",
        "rootSessionId",
        "executionId",
        "threadId",
        "turnId",
        "cwd",
        "projectDir",
        "model",
        "permissionMode",
        "transcriptPath",
        "source",
        "reason",
        "prompt",
        "lastMessage",
        "alreadyResumed",
        "trigger",
        "instructions",
        "summary",
        "kind",
        "title",
        "message",
        "filePath",
        "change",
        "from",
        "to",
        "outcome",
        "resultsPath",
        "status"
      ] as const satisfies ReadonlyArray<keyof EventContext>
    ).map((key) => [key, "text"])
  )
}
