/** What every dialect promises. Numbers are never given anew: the documentation and the dialects' tests quote them. */
import {
  type ConfigProblem,
  type ConfigSource,
  ConfigError,
  type Decoded,
  type Dialect,
  emptyReply,
  EncodeError,
  type End,
  type EventName,
  FireId,
  type Fire,
  FunctionAction,
  classOf,
  type Hook,
  type HookSet,
  HttpAction,
  isEventName,
  type OutcomeReport,
  type Reply,
  ShellAction,
  ToolAction,
  verdicts
} from "@tenterhook/core"
import { Effect, Exit, Schema } from "effect"
import * as Yaml from "yaml"
import { type Rule, Unchecked, Violation } from "../Rule.ts"
import { type Chance, chance, damagedText, damagedValue, junkBytes, junkText, junkValues } from "./Chance.ts"
import { DialectBench, type DialectFixtures } from "./DialectBench.ts"

type DialectRule = Rule<DialectBench>

const namesItself: DialectRule = {
  id: "DIA-1",
  title: "it has an id, a title, and modes whose first is the default; what it loads carries them",
  check: Effect.gen(function* () {
    const { dialect, good } = yield* DialectBench
    const { id, title, modes } = dialect
    yield* expect(/^[a-z][a-z0-9-]*$/.test(id), "an id in small letters", show(id), "ids are typed on command lines")
    yield* expect(title.trim() !== "", "a title", show(title), "name the product and document that it follows")
    yield* expect(
      modes.length > 0 && new Set(modes).size === modes.length && modes.every((mode) => mode !== ""),
      "at least one mode, all different",
      show(modes),
      `["documented"] if there is nothing to choose`
    )
    for (const { mode, set, name } of yield* loadedGood(good)) {
      const actual = `${set.dialect}, ${set.mode}`
      yield* expect(
        actual === `${id}, ${mode}`,
        `${name}: a set of ${id}, ${mode}`,
        actual,
        "put the dialect's id and the mode that was asked for into the hook set"
      )
    }
  })
}

const knowsItsEvents: DialectRule = {
  id: "DIA-2",
  title: "its event table and its hooks name only events that exist",
  check: Effect.gen(function* () {
    const { dialect, good } = yield* DialectBench
    for (const [native, entry] of Object.entries(dialect.events)) {
      yield* expect(native !== "", "a native name", `"" for ${entry.event}`, "name the event as the product spells it")
      yield* expect(
        isEventName(entry.event),
        `a canonical event, or <namespace>:<name>, for ${native}`,
        show(entry.event),
        "take the names from core's canonicalEvents"
      )
      yield* expect(
        entry.class === undefined || eventClasses.includes(entry.class),
        `a class for ${native}`,
        show(entry.class),
        `one of ${eventClasses.join(", ")}`
      )
    }
    for (const { set, name } of yield* loadedGood(good)) {
      for (const hook of set.hooks) {
        const unknown = hook.events === "*" ? [] : hook.events.filter((event) => !isEventName(event))
        yield* expect(
          unknown.length === 0,
          `${name}: ${hook.name} is for events that exist`,
          show(unknown),
          "map native names through the event table; an unknown event leaves events empty, with a notice"
        )
      }
    }
  })
}

const isDeterministic: DialectRule = {
  id: "DIA-3",
  title: "loading is deterministic",
  check: Effect.gen(function* () {
    const { good } = yield* DialectBench
    const first = yield* loadedGood(good)
    const second = yield* loadedGood(good)
    for (const [index, { name, mode, set }] of first.entries()) {
      const [a, b] = [view(set), view(second[index]!.set)]
      yield* expect(
        a === b,
        `${name} (${mode}): the same hook set twice`,
        firstDifference(a, b),
        "loading reads its source and nothing else: no clock, no counter, no process.env"
      )
    }
  })
}

const placesItsHooks: DialectRule = {
  id: "DIA-4",
  title: "every hook has a name, a place in its list, and the file and line where it is written",
  check: Effect.gen(function* () {
    const { good } = yield* DialectBench
    for (const { name, source, set } of yield* loadedGood(good)) {
      const seen = new Set<string>()
      for (const hook of set.hooks) {
        const key = `${hook.nativeEvent}[${hook.index}]`
        const named = hook.name !== "" && Number.isInteger(hook.index) && hook.index >= 0
        yield* expect(
          named && !seen.has(key),
          `${name}: a hook with a name and an index of its own`,
          `"${hook.name}" at ${key}`,
          "count the hooks of each event (or list) from 0"
        )
        seen.add(key)
        const place = `${hook.source.file}:${hook.source.line}`
        const placed =
          source._tag === "text"
            ? hook.source.file === source.file && isLineOf(hook.source.line, source.text)
            : hook.source.line === null
        yield* expect(
          placed,
          `${name}: ${hook.name} at ${source._tag === "text" ? `${source.file} and a line of it` : "no line, for it comes from no text"}`,
          place,
          "explain and the report show it: keep the place when parsing"
        )
      }
    }
  })
}

const refusesWell: DialectRule = {
  id: "DIA-5",
  title: "a bad config is refused with the place, the offending value and what would be right",
  check: Effect.gen(function* () {
    const { dialect, bad } = yield* DialectBench
    for (const { name, source, value, right } of bad) {
      for (const mode of dialect.modes) {
        const error = yield* refusal(dialect, source, mode, name)
        yield* expect(
          error !== null,
          `${name} (${mode}): to be refused`,
          "it loaded",
          "a value that is silently ignored is a hook that silently does not run"
        )
        yield* expectPlaces(name, dialect, source, error!)
        const said = error!.problems.map((problem) => problem.text).join("\n")
        yield* expect(said.includes(value), `${name}: a problem that shows ${value}`, said, "show what came, shortened")
        yield* expect(
          said.includes(right),
          `${name}: a problem that says "${right}"`,
          said,
          "say what was expected, and how to mend it"
        )
      }
    }
  })
}

const survivesText: DialectRule = {
  id: "DIA-6",
  title: "any text loads or is refused with its places, and nothing else happens",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const sources = [...bench.good, ...bench.bad].flatMap(({ source }) => (source._tag === "text" ? [source] : []))
    const luck = chance(6)
    const file = sources[0] ?? { _tag: "text" as const, file: "config.yaml", folder: "/", text: "" }
    for (const text of junkText) yield* survives(bench.dialect, { ...file, text }, luck)
    for (let times = 0; times < 400 && sources.length > 0; times++) {
      const source = luck.pick(sources)
      yield* survives(bench.dialect, { ...source, text: damagedText(source.text, luck) }, luck)
    }
  })
}

const survivesValues: DialectRule = {
  id: "DIA-7",
  title: "any value given in code loads or is refused, and nothing else happens",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const values = [...bench.good, ...bench.bad].flatMap(({ source }) =>
      source._tag === "value" ? [source.value] : source._tag === "text" ? parsed(source.text) : []
    )
    const luck = chance(7)
    const ofValue = (value: unknown): ConfigSource => ({ _tag: "value", value, folder: "/" })
    for (const junk of junkValues) yield* survives(bench.dialect, ofValue(junk()), luck)
    for (let times = 0; times < 400 && values.length > 0; times++) {
      yield* survives(bench.dialect, ofValue(damagedValue(luck.pick(values), luck)), luck)
    }
  })
}

const noticesUnknowns: DialectRule = {
  id: "DIA-8",
  title: "unknown keys and events are noticed, and the rest still loads",
  check: Effect.gen(function* () {
    const { dialect, unknown } = yield* DialectBench
    for (const { name, source, notice } of unknown) {
      for (const mode of dialect.modes) {
        const set = yield* loaded(dialect, source, mode, name)
        const found = set.notices.find(({ text }) => text.includes(notice))
        yield* expect(
          found !== undefined,
          `${name} (${mode}): a notice with "${notice}"`,
          show(set.notices.map(({ text }) => text)),
          "warn about what nobody reads, with the nearest known name"
        )
        const placed = source._tag !== "text" || (found!.file === source.file && isLineOf(found!.line, source.text))
        yield* expect(
          placed,
          `${name}: a notice with its file and line`,
          `${found!.file}:${found!.line}`,
          "keep the place when parsing"
        )
      }
    }
  })
}

const keepsItsSet: DialectRule = {
  id: "DIA-9",
  title: "a set that is configured by environment is the same object for the same values, and never fails",
  check: Effect.gen(function* () {
    const { good, fires } = yield* DialectBench
    for (const { name, set } of yield* loadedGood(good)) {
      if (set.at === undefined) continue
      for (const { context } of fires) {
        const env = context.env ?? {}
        const same = set.at({ ...context, env: { ...env } }) === set.at({ ...context, env: { ...env } })
        yield* expect(
          same,
          `${name}: one hook set for one environment`,
          "another object each time",
          "remember the set by the values that it reads: the index is built once for each set"
        )
        for (const [key, value] of Object.keys(env).flatMap((key) => junkText.map((junk) => [key, junk] as const)))
          set.at({ ...context, env: { ...env, [key]: value } })
      }
    }
  })
}

const encodesOrSaysWhyNot: DialectRule = {
  id: "DIA-10",
  title: "encode fills in an action of the hook's kind or fails with EncodeError, for any context, the same each time",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    for (const { dialect, hook, fire, name } of yield* pairs) {
      for (const context of oddContexts(fire.context)) {
        const odd: Fire = { ...fire, context }
        const exit = yield* Effect.exit(Effect.suspend(() => dialect.encode(hook, odd)))
        if (Exit.isFailure(exit)) {
          const typed = exit.cause.reasons.every(
            (reason) => reason._tag === "Fail" && reason.error instanceof EncodeError
          )
          yield* expect(
            typed,
            `${name}: ${hook.name} to be encoded, or an EncodeError`,
            `${exit.cause} for ${show(context)}`,
            "what a context lacks is a typed failure"
          )
          continue
        }
        const { action } = exit.value
        yield* expect(
          action.kind === hook.action.kind,
          `${name}: an action of kind ${hook.action.kind}`,
          show(action.kind),
          "encode fills in values, it does not change the adapter"
        )
        const schema = schemaOf(action.kind, bench)
        const valid = schema === undefined || Exit.isSuccess(Schema.decodeUnknownExit(schema)(action))
        yield* expect(
          valid,
          `${name}: an action that its adapter's schema accepts`,
          show(action),
          "fill in the whole action"
        )
        const again = yield* Effect.exit(Effect.suspend(() => dialect.encode(hook, odd)))
        const repeats = Exit.isSuccess(again) && view(again.value) === view(exit.value)
        yield* expect(
          repeats,
          `${name}: the same invocation twice`,
          Exit.isSuccess(again) ? firstDifference(view(exit.value), view(again.value)) : `${again.cause}`,
          "encode reads the hook and the fire and nothing else"
        )
      }
    }
  })
}

const keepsSecrets: DialectRule = {
  id: "DIA-11",
  title: "encode takes the environment from the context alone, never from the process",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const planted = namesIn(bench).filter((name) => process.env[name] === undefined)
    yield* Effect.acquireRelease(
      Effect.sync(() => planted.forEach((name) => (process.env[name] = canary))),
      () => Effect.sync(() => planted.forEach((name) => delete process.env[name]))
    )
    for (const { dialect, hook, fire, name } of yield* pairs) {
      const exit = yield* Effect.exit(Effect.suspend(() => dialect.encode(hook, fire)))
      if (Exit.isFailure(exit)) continue
      const leak = view(exit.value).includes(canary)
      yield* expect(
        !leak,
        `${name}: only what context.env holds`,
        `a value of process.env in the invocation of ${hook.name}`,
        "read context.env; the host decides what is in it"
      )
    }
  })
}

const decodesAnything: DialectRule = {
  id: "DIA-12",
  title: "decode is total and pure: any reply and any failure becomes a well-formed outcome, the same each time",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const luck = chance(12)
    for (const { dialect, hook, fire, name } of yield* pairs) {
      for (const end of ends(bench.outputs, luck)) {
        const first = yield* decoded(dialect, hook, fire, end, name)
        const wrong = malformed(first)
        yield* expect(
          wrong === null,
          `${name}: a well-formed outcome for ${show(end)}`,
          `${wrong} in ${show(first)}`,
          "see Outcome and Output in core"
        )
        const second = yield* decoded(dialect, hook, fire, end, name)
        yield* expect(
          view(first) === view(second),
          `${name}: the same outcome twice`,
          firstDifference(view(first), view(second)),
          "decode is pure"
        )
      }
    }
  })
}

const failsClosed: DialectRule = {
  id: "DIA-13",
  title: "a failure never becomes a permission: no success where the hook blocks, nowhere an allow",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    for (const { dialect, hook, fire, name } of yield* pairs) {
      for (const reason of failureReasons) {
        for (const said of ["", ...bench.outputs]) {
          const end: End = {
            _tag: "failure",
            reason,
            message: `it failed: ${reason}`,
            reply: reply({ output: Buffer.from(said) })
          }
          for (const onFailure of ["block", "continue"] as const) {
            const { outcome } = yield* decoded(dialect, { ...hook, onFailure }, fire, end, name)
            const actual = `${outcome.status}${outcome.status === "succeeded" ? ` with ${outcome.output.verdict ?? "abstain"}` : ""}`
            const permits =
              outcome.status === "succeeded" && (onFailure === "block" || outcome.output.verdict === "allow")
            yield* expect(
              !permits,
              `${name}: ${hook.name} (onFailure ${onFailure}) to fail at ${reason}`,
              `${actual}, after saying ${show(said)}`,
              "partial output is no answer: return failed(reason), and the engine does what onFailure says"
            )
          }
        }
      }
    }
  })
}

const testsAnything: DialectRule = {
  id: "DIA-14",
  title: "matchers, conditions, recognizes and announce never throw",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const { dialect } = bench
    for (const { name, set } of yield* loadedGood(bench.good)) {
      for (const hook of set.hooks) {
        for (const value of [undefined, ...junkText])
          yield* calm(`${name}: the matcher of ${hook.name} on ${show(value)}`, () => hook.matcher?.test(value))
        for (const { context } of [{ context: {} }, ...bench.fires])
          yield* calm(`${name}: the condition of ${hook.name}`, () => hook.condition?.test(context))
      }
    }
    const texts = [...bench.good, ...bench.bad].flatMap(({ source }) => (source._tag === "text" ? [source.text] : []))
    const luck = chance(14)
    for (const text of [...junkText, ...texts.map((text) => damagedText(text, luck))]) {
      yield* calm(`recognizes on ${show(text)}`, () =>
        dialect.recognizes({ _tag: "text", file: "some.yaml", folder: "/", text })
      )
    }
    for (const junk of junkValues)
      yield* calm("recognizes on a value", () => dialect.recognizes({ _tag: "value", value: junk(), folder: "/" }))
    yield* calm("recognizes on the environment", () => dialect.recognizes({ _tag: "environment", folder: "/" }))
    for (const { hook, fire, name } of yield* pairs) {
      for (const status of ["succeeded", "failed", "skipped"] as const) {
        yield* calm(`${name}: announce`, () => dialect.announce?.(fire, outcomeReport(dialect, hook, status)))
      }
    }
  })
}

const discoversNothing: DialectRule = {
  id: "DIA-15",
  title: "in a folder where nothing can be read, it discovers nothing and does not fail",
  check: Effect.gen(function* () {
    const { dialect } = yield* DialectBench
    const folder = { path: "/nowhere", env: {}, read: () => Effect.succeed(null) }
    const exit = yield* Effect.exit(Effect.suspend(() => dialect.discover(folder)))
    const texts = Exit.isSuccess(exit) ? exit.value.filter((source) => source._tag === "text") : []
    yield* expect(
      Exit.isSuccess(exit) && texts.length === 0,
      "no configs",
      Exit.isSuccess(exit) ? show(texts) : `${exit.cause}`,
      "read returns null for what is not there"
    )
  })
}

/** In the order of their numbers. */
export const dialectRules: ReadonlyArray<DialectRule> = [
  namesItself,
  knowsItsEvents,
  isDeterministic,
  placesItsHooks,
  refusesWell,
  survivesText,
  survivesValues,
  noticesUnknowns,
  keepsItsSet,
  encodesOrSaysWhyNot,
  keepsSecrets,
  decodesAnything,
  failsClosed,
  testsAnything,
  discoversNothing
]

interface Loaded {
  readonly name: string
  readonly mode: string
  readonly source: ConfigSource
  readonly set: HookSet
}

/** Every good config in every mode. */
const loadedGood = Effect.fnUntraced(function* (good: DialectFixtures["good"]) {
  const { dialect } = yield* DialectBench
  const all: Array<Loaded> = []
  for (const { name, source } of good) {
    for (const mode of dialect.modes) all.push({ name, mode, source, set: yield* loaded(dialect, source, mode, name) })
  }
  return all.length > 0 ? all : yield* new Unchecked({ why: "the fixtures have no good config" })
})

const loaded = Effect.fnUntraced(function* (dialect: Dialect, source: ConfigSource, mode: string, name: string) {
  const exit = yield* Effect.exit(load(dialect, source, mode))
  if (Exit.isSuccess(exit)) return exit.value
  return yield* new Violation({
    expected: `${name} (${mode}) to load`,
    actual: `${exit.cause}`,
    hint: "the fixtures call this config good"
  })
})

const load = (dialect: Dialect, source: ConfigSource, mode: string) =>
  Effect.flatMap(DialectBench, ({ adapters }) => dialect.load(source, { mode, adapters }))

/** The error that a source is refused with; null where it loads. Anything else is a violation. */
const refusal = Effect.fnUntraced(function* (dialect: Dialect, source: ConfigSource, mode: string, name: string) {
  const exit = yield* Effect.exit(Effect.suspend(() => load(dialect, source, mode)))
  if (Exit.isSuccess(exit)) return null
  const [reason] = exit.cause.reasons
  if (reason?._tag === "Fail" && reason.error instanceof ConfigError) return reason.error
  return yield* new Violation({
    expected: `${name}: to load or a ConfigError`,
    actual: `${exit.cause}`,
    hint: "bad input is a typed failure, never a defect"
  })
})

const survives = Effect.fnUntraced(function* (dialect: Dialect, source: ConfigSource, luck: Chance) {
  const name =
    source._tag === "text"
      ? `the text ${show(source.text)}`
      : source._tag === "value"
        ? `the value ${show(source.value)}`
        : "the environment"
  const error = yield* refusal(dialect, source, luck.pick(dialect.modes), name)
  if (error !== null) yield* expectPlaces(name, dialect, source, error)
})

const expectPlaces = Effect.fnUntraced(function* (
  name: string,
  dialect: Dialect,
  source: ConfigSource,
  error: ConfigError
) {
  yield* expect(
    error.dialect === dialect.id && error.problems.length > 0,
    `${name}: problems of ${dialect.id}`,
    `${error.problems.length} of ${error.dialect}`,
    "name the dialect, and every problem"
  )
  for (const problem of error.problems) {
    const actual = `${problem.file}:${problem.line}:${problem.column}: ${problem.text}`
    yield* expect(
      isPlaced(problem, source) && problem.text.trim() !== "",
      `${name}: a problem with ${source._tag === "text" ? "file, line and column" : "a text"}`,
      actual,
      "a problem of the whole file stands at its first line"
    )
  }
})

const isPlaced = (problem: ConfigProblem, source: ConfigSource) =>
  source._tag !== "text" ||
  (problem.file === source.file &&
    isLineOf(problem.line, source.text) &&
    Number.isInteger(problem.column) &&
    problem.column! >= 1)

const isLineOf = (line: number | null, text: string) =>
  line !== null && Number.isInteger(line) && line >= 1 && line <= text.split(/\r\n|\r|\n/).length

interface Pair {
  readonly name: string
  readonly dialect: Dialect
  readonly hook: Hook
  readonly fire: Fire
}

/** Every hook of every good config with each of the fires that it is for. */
const pairs = Effect.gen(function* () {
  const { dialect, good, fires } = yield* DialectBench
  const all: Array<Pair> = []
  for (const { name, mode, set } of yield* loadedGood(good)) {
    const before = all.length
    for (const { event, class: given, context } of fires) {
      const fire: Fire = {
        fireId: FireId.make("fire-of-the-contract"),
        event: { name: event, class: given ?? eventClass(dialect, event) },
        context,
        mode
      }
      const hooks = (set.at?.(context) ?? set).hooks.filter(
        (hook) => hook.enabled && (hook.events === "*" || hook.events.includes(event))
      )
      for (const hook of hooks) all.push({ name: `${name} (${mode}) at ${event}`, dialect, hook, fire })
    }
    if (all.length === before)
      return yield* new Unchecked({ why: `none of the fires fits a hook of the good config "${name}" (${mode})` })
  }
  return all
})

const eventClass = (dialect: Dialect, event: EventName) =>
  Object.values(dialect.events).find((entry) => entry.event === event)?.class ?? classOf(event)

const decoded = (dialect: Dialect, hook: Hook, fire: Fire, end: End, name: string): Effect.Effect<Decoded, Violation> =>
  Effect.try({
    try: () => dialect.decode(hook, fire, end),
    catch: (error) =>
      new Violation({
        expected: `${name}: an outcome for ${show(end)}`,
        actual: `a throw: ${error}`,
        hint: "what cannot be read is failed(decode)"
      })
  })

/** What comes back is not looked at: only that something does. */
const calm = (what: string, call: () => unknown) =>
  Effect.try({
    try: () => void call(),
    catch: (error) =>
      new Violation({ expected: `${what}: an answer`, actual: `a throw: ${error}`, hint: "no is an answer" })
  })

/** Replies of every kind, and every failure with and without something said. */
const ends = (outputs: ReadonlyArray<string>, luck: Chance): ReadonlyArray<End> => {
  const said = [...outputs, ...outputs.map((output) => damagedText(output, luck))].map((output) => Buffer.from(output))
  const replies = [...junkBytes, ...said].flatMap((output) => [
    reply({ status: 0, output }),
    reply({ status: luck.pick([1, 2, 126, 127, 255, 404, 500]), output, diagnostics: luck.pick(junkBytes) }),
    reply({ status: null, signal: luck.pick(["SIGKILL", "SIGSEGV"]), output }),
    reply({ status: 0, output, truncated: true, leftRunning: 1 })
  ])
  const values = junkValues.map((junk) => reply({ value: junk() }))
  const failures = failureReasons.flatMap((reason) =>
    [emptyReply, luck.pick(replies)].map((it): End => ({
      _tag: "failure",
      reason,
      message: `it failed: ${reason}`,
      reply: it
    }))
  )
  return [...[...replies, ...values].map((it): End => ({ _tag: "reply", ...it })), ...failures]
}

const reply = (parts: Partial<Reply>): Reply => ({ ...emptyReply, ...parts })

/** What is wrong with the shape of an outcome; null where nothing is. */
const malformed = ({ outcome, decisive, message, exitCode, stdout, stderr }: Decoded): string | null => {
  const texts = [message, stdout, stderr].every((text) => text === undefined || typeof text === "string")
  if (!texts) return "a message, stdout or stderr that is no text"
  if (typeof decisive !== "boolean") return "decisive, which is neither true nor false"
  if (exitCode !== undefined && !Number.isInteger(exitCode)) return "an exit code that is no whole number"
  if (outcome.status === "failed") return failureReasons.includes(outcome.reason) ? null : "an unknown failure reason"
  if (outcome.status === "skipped") return skipReasons.includes(outcome.reason) ? null : "an unknown skip reason"
  if (outcome.status !== "succeeded") return "an unknown status"
  const { verdict, reason, rewrite, context = [], notices = [], halt, resume } = outcome.output
  if (verdict !== undefined && !verdicts.includes(verdict)) return "an unknown verdict"
  if (![reason, halt, resume].every((text) => text === undefined || typeof text === "string"))
    return "a reason, halt or resume that is no text"
  if (!context.every((text) => typeof text === "string")) return "context that is no text"
  if (!notices.every(({ level, text }) => levels.includes(level) && typeof text === "string"))
    return "a notice without level and text"
  if (rewrite !== undefined && !(targets.includes(rewrite.target) && ["replace", "patch"].includes(rewrite.mode)))
    return "a rewrite with an unknown target or mode"
  return null
}

const eventClasses: ReadonlyArray<string> = ["gate", "loop", "transform", "observe"]
const failureReasons = [
  "spawn",
  "transport",
  "tool",
  "missing",
  "oversize",
  "exit",
  "signal",
  "decode",
  "timeout",
  "cancelled"
] as const
const skipReasons: ReadonlyArray<string> = ["untrusted", "unavailable", "capacity", "halted"]
const levels: ReadonlyArray<string> = ["info", "warn", "error"]
const targets: ReadonlyArray<string> = ["input", "output", "prompt", "response"]

/** The context itself, one with nothing but what every host fills in, and some with texts in it that mean something to somebody. */
const oddContexts = (context: Fire["context"]): ReadonlyArray<Fire["context"]> => {
  const odd = [`a "b" 'c'`, "$&", "${CASE}", "$(id)", "`id`", "a\nb", ""]
  const { cwd = "/", env = {} } = context
  return [
    context,
    { cwd, env },
    ...odd.map((text) => ({
      ...context,
      prompt: text,
      tool: { name: text, input: text },
      task: { ...context.task, id: text, name: text, branch: text }
    }))
  ]
}

const schemaOf = (kind: string, { adapters }: DialectFixtures): Schema.Decoder<unknown> | undefined =>
  adapters.find((adapter) => adapter.kind === kind)?.action ?? coreActions[kind]

const coreActions: Record<string, Schema.Decoder<unknown>> = {
  shell: ShellAction,
  tool: ToolAction,
  http: HttpAction,
  function: FunctionAction
}

/** Words in the configs that could be environment variables, and one that is in none. */
const namesIn = ({ good }: DialectFixtures): ReadonlyArray<string> => {
  const texts = good.map(({ source }) => (source._tag === "text" ? source.text : view(source)))
  return [...new Set(["TENTERHOOK_CANARY", ...texts.flatMap((text) => text.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? [])])]
}

const canary = "canary-8f1d2c"

const outcomeReport = (dialect: Dialect, hook: Hook, status: OutcomeReport["status"]): OutcomeReport => ({
  hook: hook.name,
  index: hook.index,
  dialect: dialect.id,
  source: hook.source,
  adapter: hook.action.kind,
  status,
  reason: status === "succeeded" ? null : status === "failed" ? "timeout" : "unavailable",
  message: null,
  verdict: "abstain",
  exitCode: null,
  signal: null,
  timedOut: false,
  stdout: "",
  stderr: "",
  truncated: false,
  leftRunning: 0,
  output: null,
  durationMs: 1
})

const parsed = (text: string): ReadonlyArray<unknown> => {
  try {
    return [Yaml.parse(text, { logLevel: "silent" })]
  } catch {
    return []
  }
}

const expect = (holds: boolean, expected: string, actual: string, hint: string) =>
  holds ? Effect.void : Effect.fail(new Violation({ expected, actual, hint }))

const show = (value: unknown): string => {
  const text = view(value)
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`
}

/** A value as text that two equal ones share; bytes as text, functions and what JSON lacks by name. */
const view = (value: unknown): string => {
  const above: Array<unknown> = []
  return (
    JSON.stringify(value, function (this: unknown, _key, item: unknown) {
      if (item instanceof Uint8Array) return `bytes ${Buffer.from(item).toString("latin1")}`
      if (typeof item === "function") return `function ${item.name}`
      if (typeof item === "bigint" || typeof item === "symbol" || item === undefined) return String(item)
      if (typeof item === "number" && !Number.isFinite(item)) return String(item)
      if (typeof item !== "object" || item === null) return item
      while (above.length > 0 && above.at(-1) !== this) above.pop()
      if (above.includes(item)) return "(circle)"
      above.push(item)
      return item
    }) ?? "undefined"
  )
}

const firstDifference = (a: string, b: string) => {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const from = Math.max(0, at - 40)
  return `"${a.slice(from, at + 60)}" and "${b.slice(from, at + 60)}"`
}
