/**
 * The dialect of Cascade, an imaginary agent. Its `cascade.yaml` has rules, each with a gate and a command; commands get
 * JSON of Cascade's own and answer with exit codes of its own. A real dialect names the page that documents each part.
 */
import type { PlainConfig, PlainDialect, PlainHook } from "@tenterhook/sdk"

export const dialect: PlainDialect = {
  id: "cascade",
  title: "Cascade, rules",
  files: ["cascade.yaml", ".cascade/rules.yaml"],
  events: {
    before_tool: "pre_tool_use",
    after_tool: "post_tool_use",
    before_start: "execution_start",
    after_end: "execution_end"
  },

  load: (config) => {
    const { value, problem, notice } = config
    if (!isMap(value) || !Array.isArray(value["rules"])) {
      problem([], `expected a map with rules: a list, got ${show(value)}`)
      return []
    }
    for (const key of Object.keys(value)) if (key !== "rules") notice([key], `unknown key "${key}"; it has rules`)
    return value["rules"].flatMap((rule: unknown, index) => hookOf(rule, ["rules", index], config))
  },

  encode: (hook, { on, context: { tool } }) => ({
    payload: { gate: on, tool: tool?.name ?? null, args: tool?.input ?? null },
    env: { CASCADE_RULE: hook.name ?? "" }
  }),

  decode: (_hook, _fire, { exitCode, stdout }) => {
    const reason = stdout.trim().split("\n")[0] ?? ""
    if (exitCode === 0) return {}
    if (exitCode === 10) return { verdict: "deny", reason }
    if (exitCode === 11) return { verdict: "ask", reason }
    return { failed: `exit code ${exitCode}; Cascade has 0, 10 and 11` }
  }
}

type At = ReadonlyArray<string | number>

/** The rule as a hook with the keys of `tenterhook.yaml`; none where it has a problem. */
const hookOf = (rule: unknown, at: At, { problem, notice }: PlainConfig): ReadonlyArray<PlainHook> => {
  if (!isMap(rule)) {
    problem(at, `expected a rule: a map with gate and command, got ${show(rule)}`)
    return []
  }
  let fits = true
  for (const [key, value] of Object.entries({ gate: undefined, command: undefined, ...rule })) {
    const known = keys[key]
    if (known === undefined) notice([...at, key], `unknown key "${key}"; a rule has ${Object.keys(keys).join(", ")}`)
    else if (!known.test(value)) {
      problem([...at, key], `expected ${known.expected}, got ${show(value)}`)
      fits = false
    }
  }
  const { name, gate, tools, command, seconds = 30, strict = false } = rule as unknown as Rule
  const timeout = `${Math.round(seconds * 1000)}ms`
  return fits
    ? [{ name, on: gate, tool: tools, run: command, timeout, onFailure: strict ? "block" : "continue", at }]
    : []
}

interface Rule {
  readonly name?: string
  readonly gate: string
  readonly tools?: ReadonlyArray<string>
  readonly command: string
  readonly seconds?: number
  /** Whether a failure denies. */
  readonly strict?: boolean
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isText = (value: unknown) => typeof value === "string" && value.trim() !== ""
const isWord = (value: unknown) => typeof value === "string" && /^[a-z_]+$/.test(value)
const isSeconds = (value: unknown) => typeof value === "number" && value >= 0.001 && value <= 3600

const keys: Readonly<Record<string, { readonly test: (value: unknown) => boolean; readonly expected: string }>> = {
  name: { test: isText, expected: "a text" },
  gate: { test: isText, expected: "the name of a gate" },
  tools: {
    test: (value) => Array.isArray(value) && value.length > 0 && value.every(isWord),
    expected: "a list of tools"
  },
  command: { test: isText, expected: "a command line" },
  seconds: { test: isSeconds, expected: "a number of seconds up to 3600" },
  strict: { test: (value) => typeof value === "boolean", expected: "true or false" }
}

const show = (value: unknown) =>
  value === undefined ? "nothing" : (JSON.stringify(value) ?? String(value)).slice(0, 60)
