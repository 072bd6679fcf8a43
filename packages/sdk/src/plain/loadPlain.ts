/** A config through a plain dialect's `load`: its hooks have the form of `tenterhook.yaml` and are read by the native dialect. */
import {
  ConfigError,
  type ConfigProblem,
  type ConfigSource,
  type EventTable,
  type Hook,
  type HookSet,
  type LoadNotice,
  type LoadOptions
} from "@tenterhook/core"
import { native, nearest, show } from "@tenterhook/dialects"
import { Effect } from "effect"
import type { PlainConfig, PlainDialect, PlainHook, PlainPlace } from "../PlainDialect.ts"
import { wordsOf } from "../plugins/thrown.ts"
import { conditionOf } from "./PlainMatch.ts"
import { documentOf, type PlainDocument } from "./PlainDocument.ts"

/** What `encode` and `decode` need to know again of a hook. */
export interface PlainExt {
  readonly plain: PlainHook
  /** The events that it is for, as the product spells them. */
  readonly on: ReadonlyArray<string>
  readonly native: Hook
}

export const loadPlain = Effect.fnUntraced(function* (
  plain: PlainDialect,
  events: EventTable,
  source: ConfigSource,
  { mode, adapters, lenient = false }: LoadOptions
) {
  const document = documentOf(plain.id, source)
  const found = remarksOn(document)
  const refused = () => new ConfigError({ dialect: plain.id, problems: found.problems() })
  if (source._tag === "environment") {
    found.problem(undefined, `the dialect "${plain.id}" needs a config; the environment configures none`)
    return yield* refused()
  }

  const config: PlainConfig = {
    file: document.file,
    folder: source.folder,
    text: document.text,
    get value() {
      return document.value()
    },
    mode,
    problem: found.problem,
    notice: found.notice
  }
  const returned = yield* Effect.tryPromise({
    try: async () => plain.load(config) as unknown,
    catch: (error) => {
      if (error instanceof ConfigError) found.add(error.problems)
      else found.add([thrownProblem(plain.id, document, error)])
      return refused()
    }
  })
  const { hooks, policy } = partsOf(returned)
  if (hooks === undefined) {
    const expected = `expected load of the dialect "${plain.id}" to return a list of hooks, or { hooks, policy }`
    found.problem(undefined, `${expected}, got ${show(returned)}`)
  }
  const reading: Reading = { events, found, counts: new Map() }
  const read = (hooks ?? []).flatMap((hook, index) => readHook(hook, index, reading))
  if (found.problems().length > 0) return yield* refused()

  const value = { hooks: read.map((hook) => hook.value), ...(policy === undefined ? {} : { policy }) }
  const set = yield* Effect.mapError(
    native.load({ _tag: "value", value, folder: source.folder }, { mode: native.modes[0], adapters, lenient }),
    (error) => {
      for (const { path, text } of error.problems) {
        const { at, rest } = placeIn(path, read)
        found.problem(at, rest === "" ? text : `${rest}: ${text}`)
      }
      return refused()
    }
  )
  for (const { text } of set.notices) {
    const { at, rest } = placeIn(text, read)
    found.notice(at, rest)
  }
  const loaded: HookSet = {
    ...set,
    dialect: plain.id,
    mode,
    file: document.file,
    hooks: set.hooks.map((hook, index) => hookOf(hook, read[index]!, document)),
    notices: found.notices()
  }
  return loaded
})

interface Remarks {
  readonly problem: (at: PlainPlace | undefined, text: string) => void
  readonly notice: (at: PlainPlace | undefined, text: string) => void
  readonly add: (problems: ReadonlyArray<ConfigProblem>) => void
  /** In the order of their lines. */
  readonly problems: () => ReadonlyArray<ConfigProblem>
  readonly notices: () => ReadonlyArray<LoadNotice>
}

const remarksOn = (document: PlainDocument): Remarks => {
  const problems: Array<ConfigProblem> = []
  const notices: Array<LoadNotice> = []
  return {
    problem: (at, text) =>
      void problems.push({ file: document.file, ...document.place(at), path: document.path(at), text: String(text) }),
    notice: (at, text) => {
      const path = document.path(at)
      const place = at === undefined ? { line: null, column: null } : document.place(at)
      notices.push({ file: document.file, ...place, text: path === "" ? String(text) : `${path}: ${text}` })
    },
    add: (more) => void problems.push(...more),
    problems: () => inOrder(problems),
    notices: () => inOrder(notices)
  }
}

/** A parser's error has the place; a plain `Error` is written for the config's owner; others are faults of the dialect. */
const thrownProblem = (id: string, document: PlainDocument, error: unknown): ConfigProblem => {
  const { line, column } = Object(error) as { readonly line?: unknown; readonly column?: unknown }
  const place = document.place(typeof line === "number" ? line : undefined)
  const meant = typeof line === "number" || (error instanceof Error && error.constructor === Error)
  return {
    file: document.file,
    ...place,
    ...(typeof column === "number" && column >= 1 && place.line === line ? { column: Math.trunc(column) } : {}),
    path: "",
    text: meant ? wordsOf(error) : `the dialect "${id}" failed in load: ${wordsOf(error)}`
  }
}

const partsOf = (returned: unknown): { readonly hooks?: ReadonlyArray<unknown>; readonly policy?: unknown } => {
  if (Array.isArray(returned)) return { hooks: returned }
  if (!isObject(returned) || !Array.isArray(returned["hooks"])) return {}
  return { hooks: returned["hooks"], policy: returned["policy"] }
}

interface Reading {
  readonly events: EventTable
  readonly found: Remarks
  /** How many hooks each spelling of an event has so far. */
  readonly counts: Map<string, number>
}

/** A hook as `load` returned it, and the value that the native dialect reads. */
interface Read {
  readonly plain: PlainHook
  readonly on: ReadonlyArray<string>
  readonly events: Hook["events"]
  readonly index: number
  readonly value: Record<string, unknown>
}

const readHook = (given: unknown, position: number, { events, found, counts }: Reading): ReadonlyArray<Read> => {
  const wrong = (at: PlainPlace | undefined, expected: string, came: unknown): ReadonlyArray<Read> => {
    found.problem(at, `hook ${position}: expected ${expected}, got ${show(came)}`)
    return []
  }
  if (!isObject(given)) return wrong(undefined, "an object with on, and one of run, call, post, action", given)
  const { on, at, matches, data: _, ...rest } = given
  if (at !== undefined && !isPlace(at)) return wrong(undefined, "at to be a list of keys and indexes, or a line", at)
  const names: ReadonlyArray<unknown> = Array.isArray(on) ? [...new Set(on)] : [on]
  if (names.length === 0 || !names.every(isText)) return wrong(at, `on to be an event, a list of events, or "*"`, on)
  if (matches !== undefined && typeof matches !== "function") return wrong(at, "matches to be a function", matches)

  const all = names.includes("*")
  for (const name of all ? [] : names.filter((one) => !Object.hasOwn(events, one)))
    found.notice(at, `${unknownEvent(name, Object.keys(events))}; the hook never runs for it`)
  const known = names.flatMap((name) => (Object.hasOwn(events, name) ? [events[name]!.event] : []))
  const native = names.join(",")
  const index = counts.get(native) ?? 0
  counts.set(native, index + 1)
  const own = Object.entries(rest).filter(([, value]) => value !== undefined)
  const value = {
    name: `${native}[${index}]`,
    ...Object.fromEntries(own),
    on: all ? "*" : known.length === 0 ? anyEvent : [...new Set(known)]
  }
  const plain = given as unknown as PlainHook
  return [{ plain, on: names, events: all ? "*" : [...new Set(known)], index, value }]
}

/** In place of events that the dialect does not have: the hook never runs, so which one does not matter. */
const anyEvent = "pre_tool_use"

const unknownEvent = (name: string, known: ReadonlyArray<string>) => {
  const near = nearest(name, known)
  return near === undefined
    ? `unknown event "${name}"; known are ${known.join(", ")}`
    : `unknown event "${name}"; did you mean "${near}"?`
}

const hookOf = (hook: Hook, { plain, on, events, index }: Read, document: PlainDocument): Hook => {
  const condition = conditionOf(plain, hook.condition)
  const ext: PlainExt = { plain, on, native: hook }
  return {
    ...hook,
    index,
    events,
    nativeEvent: on.join(","),
    ...(condition === undefined ? {} : { condition }),
    source: { file: document.file, line: plain.at === undefined ? null : document.place(plain.at).line },
    ext
  }
}

/** `hooks[2].timeout` of the value that the native dialect read: the place of that hook, and what follows. */
const placeIn = (text: string, read: ReadonlyArray<Read>) => {
  const [, index, rest] = /^hooks\[(\d+)\](?:\.|: )?([^]*)$/.exec(text) ?? []
  return index === undefined ? { at: undefined, rest: text } : { at: read[Number(index)]?.plain.at, rest: rest! }
}

const isPlace = (at: unknown): at is PlainPlace =>
  typeof at === "number" ||
  (Array.isArray(at) && at.every((part) => typeof part === "string" || typeof part === "number"))

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const inOrder = <A extends { readonly line: number | null }>(found: ReadonlyArray<A>): ReadonlyArray<A> =>
  found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
