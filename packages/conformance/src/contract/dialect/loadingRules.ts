/** What a dialect promises of reading configs: DIA-1 to DIA-9. */
import { type ConfigSource, type Dialect, isEventName, type LoadNotice } from "@tenterhook/core"
import { Effect } from "effect"
import * as Yaml from "yaml"
import { expect, type Rule } from "../Rule.ts"
import { firstDifference, show, view } from "../view.ts"
import { type Chance, chance, damagedText, damagedValue, junkText, junkValues } from "./Chance.ts"
import { DialectBench } from "./DialectBench.ts"
import { expectPlaces, isLineOf, loaded, loadedGood, refusal } from "./loading.ts"

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
  title:
    "unknown keys and events are noticed or refused at their place; where they are refused, lenient loads the rest",
  check: Effect.gen(function* () {
    const { dialect, unknown } = yield* DialectBench
    for (const { name, source, notice } of unknown) {
      for (const mode of dialect.modes) {
        const error = yield* refusal(dialect, source, mode, name)
        if (error !== null) yield* expectSaid(`${name} (${mode}): a problem`, error.problems, notice, source)
        const set = yield* loaded(dialect, source, mode, name, error !== null)
        yield* expectSaid(`${name} (${mode}): a notice`, set.notices, notice, source)
      }
    }
  })
}

const expectSaid = Effect.fnUntraced(function* (
  what: string,
  said: ReadonlyArray<LoadNotice>,
  words: string,
  source: ConfigSource
) {
  const found = said.find(({ text }) => text.includes(words))
  yield* expect(
    found !== undefined,
    `${what} with "${words}"`,
    show(said.map(({ text }) => text)),
    "name what is unknown, with the nearest known name"
  )
  const placed = source._tag !== "text" || (found!.file === source.file && isLineOf(found!.line, source.text))
  yield* expect(
    placed,
    `${what} with its file and line`,
    `${found!.file}:${found!.line}`,
    "keep the place when parsing"
  )
})

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

/** In the order of their numbers. */
export const loadingRules: ReadonlyArray<DialectRule> = [
  namesItself,
  knowsItsEvents,
  isDeterministic,
  placesItsHooks,
  refusesWell,
  survivesText,
  survivesValues,
  noticesUnknowns,
  keepsItsSet
]

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

const parsed = (text: string): ReadonlyArray<unknown> => {
  try {
    return [Yaml.parse(text, { logLevel: "silent" })]
  } catch {
    return []
  }
}

const eventClasses: ReadonlyArray<string> = ["gate", "loop", "transform", "observe"]
