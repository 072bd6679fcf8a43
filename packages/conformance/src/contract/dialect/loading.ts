/** Loading the configs of the fixtures, and finding the hooks that the fires are for. */
import {
  classOf,
  ConfigError,
  type ConfigProblem,
  type ConfigSource,
  type Dialect,
  type EventName,
  type Fire,
  FireId,
  type Hook,
  type HookSet
} from "@tenterhook/core"
import { Effect, Exit } from "effect"
import { expect, Unchecked, Violation } from "../Rule.ts"
import { DialectBench, type DialectFixtures } from "./DialectBench.ts"

export interface Loaded {
  readonly name: string
  readonly mode: string
  readonly source: ConfigSource
  readonly set: HookSet
}

/** Every good config in every mode. */
export const loadedGood = Effect.fnUntraced(function* (good: DialectFixtures["good"]) {
  const { dialect } = yield* DialectBench
  const all: Array<Loaded> = []
  for (const { name, source } of good) {
    for (const mode of dialect.modes) all.push({ name, mode, source, set: yield* loaded(dialect, source, mode, name) })
  }
  return all.length > 0 ? all : yield* new Unchecked({ why: "the fixtures have no good config" })
})

export const loaded = Effect.fnUntraced(function* (
  dialect: Dialect,
  source: ConfigSource,
  mode: string,
  name: string,
  lenient = false
) {
  const exit = yield* Effect.exit(load(dialect, source, mode, lenient))
  if (Exit.isSuccess(exit)) return exit.value
  return yield* new Violation({
    expected: `${name} (${mode}) to load${lenient ? ", leniently" : ""}`,
    actual: `${exit.cause}`,
    hint: lenient ? "with lenient, unknown keys and events are notices" : "the fixtures call this config good"
  })
})

export interface Pair {
  readonly name: string
  readonly dialect: Dialect
  readonly hook: Hook
  readonly fire: Fire
}

/** Every hook of every good config with each of the fires that it is for. */
export const pairs = Effect.gen(function* () {
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

/** The error that a source is refused with; null where it loads. Anything else is a violation. */
export const refusal = Effect.fnUntraced(function* (
  dialect: Dialect,
  source: ConfigSource,
  mode: string,
  name: string
) {
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

export const expectPlaces = Effect.fnUntraced(function* (
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

export const isLineOf = (line: number | null, text: string) =>
  line !== null && Number.isInteger(line) && line >= 1 && line <= text.split(/\r\n|\r|\n/).length

const isPlaced = (problem: ConfigProblem, source: ConfigSource) =>
  source._tag !== "text" ||
  (problem.file === source.file &&
    isLineOf(problem.line, source.text) &&
    Number.isInteger(problem.column) &&
    problem.column! >= 1)

const load = (dialect: Dialect, source: ConfigSource, mode: string, lenient = false) =>
  Effect.flatMap(DialectBench, ({ adapters }) => dialect.load(source, { mode, adapters, lenient }))

const eventClass = (dialect: Dialect, event: EventName) =>
  Object.values(dialect.events).find((entry) => entry.event === event)?.class ?? classOf(event)
