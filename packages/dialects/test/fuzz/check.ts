/** What must hold of every config and of every hook's end, however spoilt. A broken promise is a text. */
import {
  type AnyAdapter,
  ConfigError,
  classOf,
  type ConfigSource,
  type Dialect,
  EncodeError,
  emptyReply,
  type End,
  type EventContext,
  type EventName,
  type Fire,
  FireId,
  FunctionAdapter,
  type Hook,
  type HookSet,
  HttpAction,
  type Output,
  ShellAction,
  textOf,
  ToolAction,
  verdicts
} from "@tenterhook/core"
import { Effect, Exit, type Schema } from "effect"
import * as exported from "../../src/index.ts"
import { parse } from "yaml"
import { corpusOf, type Corpus } from "./corpus.ts"
import { anyText, anyValue, codeOnly, spoiltText, spoiltValue } from "./mutate.ts"
import { type Random, randomOf } from "./Random.ts"

export type Kind = "config" | "output"

/** Runs one check; the broken promise, or nothing. */
export const check = async (kind: Kind, seed: number, run: number): Promise<string | undefined> => {
  const random = randomOf(seed, run)
  const dialect = random.pick(dialects)
  try {
    const broken = kind === "config" ? await checkConfig(random, dialect) : await checkOutput(random, dialect)
    return broken === undefined ? undefined : `${dialect.id}: ${broken}`
  } catch (error) {
    return `${dialect.id}: threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

/** Every dialect that the package exports. */
export const dialects: ReadonlyArray<Dialect> = Object.values(exported).filter(
  (value): value is Dialect => typeof value === "object" && value !== null && "decode" in value && "load" in value
)

const corpora = new Map<string, Corpus>(dialects.map(({ id }) => [id, corpusOf(id)]))
const stub = (kind: string, action: unknown): AnyAdapter => ({
  kind,
  action: action as Schema.Decoder<any>,
  start: () => Effect.die("nothing is started here")
})
const adapters = [
  FunctionAdapter.functionAdapter,
  stub("shell", ShellAction),
  stub("tool", ToolAction),
  stub("http", HttpAction)
]

const checkConfig = async (random: Random, dialect: Dialect) => {
  const source = anySource(random, dialect)
  const recognized = dialects.map((one) => one.recognizes(source))
  if (recognized.some((one) => typeof one !== "boolean")) return "recognizes gave no boolean"
  const exit = await Effect.runPromiseExit(dialect.load(source, { mode: random.pick(dialect.modes), adapters }))
  if (Exit.isSuccess(exit)) return checkSet(random, dialect, exit.value)
  for (const reason of exit.cause.reasons) {
    if (reason._tag !== "Fail")
      return `a defect at load: ${reason._tag === "Die" ? describe(reason.defect) : reason._tag}\n${show(source)}`
    const broken = checkRefusal(source, reason.error)
    if (broken !== undefined) return `${broken}\n${show(source)}`
  }
  return undefined
}

const checkRefusal = (source: ConfigSource, error: unknown) => {
  if (!(error instanceof ConfigError)) return `refused with something else than a ConfigError: ${String(error)}`
  if (error.problems.length === 0) return "refused without a problem"
  for (const { file, line, column, path, text } of error.problems) {
    if (text.trim() === "" || /\bat .+:\d+:\d+\b|\[object Object\]|undefined is not/.test(text))
      return `a problem without words for people: ${text}`
    if (source._tag === "text") {
      const lines = source.text.split(/\r\n|[\n\r]/).length
      if (file !== source.file || line === null || column === null)
        return `a problem without its place: ${path}: ${text}`
      if (line < 1 || line > lines || column < 1) return `a problem outside of the text, at ${line}:${column}: ${text}`
    } else if (path === "" && source._tag === "value" && text.length < 5) return `a problem without its place: ${text}`
  }
  return undefined
}

const checkSet = async (random: Random, dialect: Dialect, loaded: HookSet) => {
  const context = anyContext(random, corpora.get(dialect.id)!)
  const set = loaded.at?.(context) ?? loaded
  if (loaded.at !== undefined && loaded.at({ ...context, env: { ...context.env } }) !== set)
    return "at gave two sets for the same values"
  for (const notice of loaded.notices) if (notice.text.trim() === "") return "an empty notice"
  for (const hook of set.hooks) {
    if (hook.name === "" || Number.isNaN(hook.timeoutMs))
      return `a hook without a name or a deadline: ${JSON.stringify(hook)}`
    for (const value of [undefined, "", "bash", random.pick(hostileValues)]) {
      if (hook.matcher !== undefined && typeof hook.matcher.test(value) !== "boolean")
        return "a matcher that gave no boolean"
    }
    if (hook.condition !== undefined && typeof hook.condition.test(context) !== "boolean")
      return "a condition that gave no boolean"
    const exit = await Effect.runPromiseExit(dialect.encode(hook, anyFire(random, set, hook, context)))
    if (Exit.isSuccess(exit)) {
      if (exit.value.action.kind !== hook.action.kind) return "encode changed the kind of an action"
      continue
    }
    for (const reason of exit.cause.reasons) {
      if (reason._tag !== "Fail")
        return `a defect at encode: ${reason._tag === "Die" ? describe(reason.defect) : reason._tag}`
      if (!(reason.error instanceof EncodeError) || reason.error.message === "") return "encode failed without words"
    }
  }
  return undefined
}

const checkOutput = async (random: Random, dialect: Dialect) => {
  const hooks = await goodHooks(dialect)
  if (hooks.length === 0) return "no good hook to try"
  const [set, hook] = random.pick(hooks)
  const context = anyContext(random, corpora.get(dialect.id)!)
  const fire = anyFire(random, set, hook, context)
  const end = anyEnd(random, hook)
  const { outcome, message } = dialect.decode(hook, fire, end)
  const about = () =>
    `\n${hook.name}: ${end._tag} ${written({ ...end, output: undefined, said: textOf(end._tag === "reply" ? end.output : end.reply.output) })}`
  switch (outcome.status) {
    case "succeeded": {
      if (end._tag === "failure") return `a ${end.reason} became a success${about()}`
      const broken = checkAnswer(outcome.output) ?? checkVerdict(dialect, hook, fire, end, outcome.output)
      return broken === undefined ? undefined : `${broken}${about()}`
    }
    case "failed":
      return message !== undefined && message.trim() === "" ? `a failure without words${about()}` : undefined
    case "skipped":
      return undefined
  }
}

/** The shape that merging relies on. */
const checkAnswer = ({ verdict, reason, rewrite, context = [], notices = [], halt, resume }: Output) => {
  const text = (value: unknown) => value === undefined || typeof value === "string"
  if (verdict !== undefined && !verdicts.includes(verdict)) return `a verdict that is none: ${String(verdict)}`
  if (![reason, halt, resume].every(text) || !context.every((one) => typeof one === "string"))
    return "a text that is none"
  if (!notices.every((one) => typeof one.text === "string" && ["info", "warn", "error"].includes(one.level)))
    return "a notice that is none"
  if (rewrite !== undefined && (!["replace", "patch"].includes(rewrite.mode) || rewrite.value === undefined))
    return "a rewrite that is none"
  return undefined
}

/** Nobody gets an allow that no hook wrote, and no deny is read as anything else. */
const checkVerdict = (
  dialect: Dialect,
  hook: Hook,
  { event }: Fire,
  end: Extract<End, { _tag: "reply" }>,
  { verdict, resume }: Output
) => {
  const said = textOf(end.output) + written(end.value)
  if (verdict === "allow" && !said.includes("allow")) return "an allow that nobody wrote"
  if (dialect.id !== "native" || hook.action.kind !== "shell" || end.value !== undefined || end.signal !== null) {
    return undefined
  }
  if (end.status === 2 && verdict !== "deny" && !(event.class === "loop" && resume !== undefined))
    return "exit code 2 was not read as no"
  if (end.status !== 0 || end.truncated) return undefined
  try {
    const value: unknown = JSON.parse(textOf(end.output))
    const denies =
      typeof value === "object" &&
      value !== null &&
      Object.hasOwn(value, "verdict") &&
      (value as Record<string, unknown>)["verdict"] === "deny"
    return denies && verdict !== "deny" ? "a deny was lost" : undefined
  } catch {
    return undefined
  }
}

const anySource = (random: Random, dialect: Dialect): ConfigSource => {
  const { configs } = corpora.get(random.chance(0.9) ? dialect.id : random.pick(dialects).id)!
  const good = random.pick(configs)
  const folder = "/project"
  const dice = random.int(10)
  if (dice === 0) return { _tag: "text", file: good.file, folder, text: anyText(random) }
  if (dice === 1)
    return {
      _tag: "text",
      file: random.pick(["a.json", "a.yaml", "a.md", good.file]),
      folder,
      text: JSON.stringify(anyValue(random, 6))
    }
  if (dice === 2) return { _tag: "environment", folder }
  if (dice < 6) return { _tag: "text", file: good.file, folder, text: spoiltText(random, good.text) }
  if (dice === 6) return { _tag: "value", folder, value: anyValue(random, 6) }
  const value = spoiltValue(random, valueOf(good.text))
  if (dice === 7)
    return { _tag: "text", file: good.file.replace(/\.\w+$/, ".json"), folder, text: JSON.stringify(value) ?? "" }
  const hooks =
    typeof value === "object" && value !== null && "hooks" in value && random.chance(0.5)
      ? (value as { hooks: unknown }).hooks
      : value
  if (Array.isArray(hooks) && hooks.length > 0 && random.chance(0.3)) {
    const hook: unknown = random.pick(hooks)
    if (typeof hook === "object" && hook !== null && !Array.isArray(hook)) {
      const key = random.pick([...Object.keys(hook), "run"])
      if (key !== "__proto__") (hook as Record<string, unknown>)[key] = codeOnly(random)
    }
  }
  return { _tag: "value", folder, value: hooks }
}

const anyContext = (random: Random, corpus: Corpus): EventContext => {
  const env: Record<string, string> = { ...random.pick(corpus.environments) }
  for (const name of Object.keys(env)) if (random.chance(0.3)) env[name] = String(random.pick(hostileValues))
  const text = () => String(random.pick(hostileValues))
  return {
    env,
    cwd: "/project",
    ...(random.chance(0.8) ? { tool: { name: text(), input: anyValue(random, 2) } } : {}),
    ...(random.chance(0.5) ? { prompt: text(), sessionId: text() } : {}),
    ...(random.chance(0.5) ? { task: { id: text(), dir: "/project", repoUrl: text() } } : {}),
    ...(random.chance(0.3)
      ? { extra: { [random.pick(["env", "deployment_id", "__proto__x"])]: anyValue(random, 2) } }
      : {}),
    ...(random.chance(0.3) ? { result: { output: random.chance(0.1) ? 12n : anyValue(random, 2) } } : {})
  }
}

const anyFire = (random: Random, { mode }: HookSet, hook: Hook, context: EventContext): Fire => {
  const name: EventName =
    hook.events === "*" || hook.events.length === 0
      ? random.pick(["pre_tool_use", "stop", "a:b"])
      : random.pick(hook.events)
  return { fireId: FireId.make("fire_1"), event: { name, class: classOf(name) }, context, mode }
}

const anyEnd = (random: Random, hook: Hook): End => {
  const text = random.chance(0.3) ? anyText(random) : spoiltText(random, random.pick(goodOutputs))
  const output = random.chance(0.1)
    ? Uint8Array.from({ length: random.int(200) }, () => random.int(256))
    : new TextEncoder().encode(random.chance(0.3) ? random.pick(goodOutputs) : text)
  const reply = {
    ...emptyReply,
    status: random.pick([0, 0, 0, 0, 1, 2, 127, 255, null, 200, 500]),
    signal: random.chance(0.05) ? "SIGKILL" : null,
    output,
    diagnostics: new TextEncoder().encode(random.chance(0.5) ? anyText(random) : ""),
    truncated: random.chance(0.1),
    ...(hook.action.kind === "shell" && random.chance(0.95)
      ? {}
      : {
          value: random.chance(0.2)
            ? codeOnly(random)
            : spoiltValue(random, { verdict: "deny", reason: "no", context: ["a"], x: 1 })
        })
  }
  return random.chance(0.15)
    ? {
        _tag: "failure",
        reason: random.pick(["timeout", "cancelled", "spawn", "missing", "transport", "tool", "oversize"]),
        message: "it broke",
        reply
      }
    : { _tag: "reply", ...reply }
}

/** Hooks of configs that load, once for each dialect. */
const goodHooks = (dialect: Dialect) => {
  let found = hooksOf.get(dialect.id)
  if (found === undefined) hooksOf.set(dialect.id, (found = loadGood(dialect)))
  return found
}

const hooksOf = new Map<string, Promise<ReadonlyArray<readonly [HookSet, Hook]>>>()

const loadGood = async (dialect: Dialect) => {
  const { configs, environments } = corpora.get(dialect.id)!
  const sources: ReadonlyArray<ConfigSource> = [
    ...configs.map((good) => ({ _tag: "text", folder: "/project", ...good }) as const),
    { _tag: "environment", folder: "/project" }
  ]
  const found: Array<readonly [HookSet, Hook]> = []
  for (const mode of dialect.modes) {
    for (const source of sources) {
      const exit = await Effect.runPromiseExit(dialect.load(source, { mode, adapters }))
      if (Exit.isFailure(exit)) continue
      const sets =
        exit.value.at === undefined ? [exit.value] : environments.map((env) => exit.value.at!({ env, cwd: "/project" }))
      for (const set of sets) for (const hook of set.hooks) found.push([set, hook])
    }
  }
  return found
}

const valueOf = (text: string): unknown => {
  try {
    return parse(text)
  } catch {
    return {}
  }
}

/** As JSON where it is that; for people. */
const written = (value: unknown): string => {
  try {
    return (JSON.stringify(value) ?? "").slice(0, 2_000)
  } catch {
    return String(value)
  }
}

const describe = (defect: unknown) => (defect instanceof Error ? (defect.stack ?? defect.message) : String(defect))
const show = (source: ConfigSource) =>
  source._tag === "text" ? `${source.file}: ${JSON.stringify(source.text.slice(0, 2_000))}` : source._tag

const hostileValues: ReadonlyArray<string | undefined> = [
  "bash",
  "",
  " ",
  "\0",
  "a".repeat(5_000),
  "$(id)",
  "`id`",
  "'; rm -rf /",
  "${tool.name}",
  "$&$1$$",
  "__proto__",
  "\ud800",
  "😀",
  "..",
  "-rf",
  "a\nb",
  "[a-",
  "0",
  "-1",
  "1e9",
  "/project/hook.sh",
  undefined
]

const goodOutputs = [
  "",
  "{}",
  "plain text\n",
  '{"verdict":"deny","reason":"no"}',
  '{"verdict":"allow","context":["a"],"notices":[{"level":"warn","text":"t"}]}',
  '{"rewrite":{"target":"input","mode":"replace","value":{"a":1}},"halt":"stop","resume":"go"}',
  'checking\n{"verdict":"deny"}',
  '{"action":"block","message":"no"}',
  '{"action":"modify","modified_args":{"command":"ls"}}',
  '{"action":"continue"}',
  '{"action": "block", "message": "two\nlines", "n": NaN, "i": 007}',
  "[1,2]",
  '"text"',
  "null",
  '{"verdict":"ask"} trailing',
  '{"decision":"block"}',
  '{"a":'.repeat(500)
]
