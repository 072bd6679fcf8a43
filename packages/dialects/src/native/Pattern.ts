/** What a value must look like: a glob, a regex, several of them, or anything but those. Compiled once, when a config is loaded. */
import type { Fit } from "@tenterhook/core"
import type { Patterns } from "@tenterhook/patterns"
import { Schema } from "effect"
import type { ConfigPath } from "../config/Document.ts"
import { compileGlob, isSimple, readGlob } from "./glob.ts"

/** Over the whole value. */
const Glob = Schema.String.annotate({
  description: "A glob over the whole value: * ? [a-z] [!a] {a,b}, and \\ before any of them."
}).check(
  Schema.makeFilter((text: string) => {
    const glob = readGlob(text)
    return typeof glob === "string" ? glob : undefined
  })
)

const Regex = Schema.Struct({
  regex: Schema.String.annotate({
    description:
      "A JavaScript regular expression without look-around and back-references. It may match anywhere in the value; anchor it with ^ and $.",
    message: "expected a regular expression as text"
  })
    .check(Schema.isMinLength(1, { message: "an empty regular expression matches everything; leave it out" }))
    .pipe(Schema.annotateKey({ messageMissingKey: "expected regex: a regular expression" })),
  flags: Schema.optionalKey(
    Schema.String.annotate({ description: "Of i, m, s, u, v.", message: "expected flags as text, like i" }).check(
      Schema.makeFilter((text: string) =>
        /^[imsuv]*$/.test(text) && new Set(text).size === text.length
          ? undefined
          : "expected flags of i, m, s, u, v, each once"
      )
    )
  )
}).check(
  Schema.makeFilter(({ regex, flags = "" }) => {
    try {
      new RegExp(regex, flags)
      return undefined
    } catch (error) {
      return `the regular expression does not compile: ${(error as Error).message.replace(/^Invalid regular expression: /, "")}`
    }
  })
)

const One = Schema.Union([Glob, Regex]).annotate({ message: "expected a glob or {regex: …}" })
const oneOrSeveral = <S extends Schema.Top>(schema: S, expected: string) =>
  Schema.Union([
    schema,
    Schema.Array(schema)
      .annotate({ description: "Any of these fits." })
      .check(Schema.isMinLength(1, { message: "an empty list can never match" }))
  ]).annotate({ message: `expected ${expected}` })

/** Which tools: a glob, `{regex}`, or a list of either. */
export const ToolPattern = oneOrSeveral(One, "a glob like mcp__*, {regex: …}, or a list of them")

const Value = Schema.Union([Glob, Schema.Finite, Schema.Boolean, Regex]).annotate({
  message: "expected a glob, a number, true or false, or {regex: …}"
})
const Values = oneOrSeveral(Value, "a glob, a number, true or false, {regex: …}, or a list of them")
/** What the value at a context path must be: as for tools, also numbers and booleans, or `{not: …}`. */
export const ValuePattern = Schema.Union([
  Values,
  Schema.Struct({ not: Values.annotate({ description: "Fits where this does not, and where the value is absent." }) })
]).annotate({ message: "expected a glob, a number, true or false, {regex: …}, {not: …}, or a list of them" })

export type ToolPattern = typeof ToolPattern.Type
export type ValuePattern = typeof ValuePattern.Type
type One = typeof Value.Type

export interface Pattern {
  readonly text: string
  /** An absent value fits no pattern but a `not`. */
  readonly test: (value: string | undefined) => Fit
  readonly literals?: ReadonlyArray<string>
  /** What its owner should look at again. */
  readonly doubts: ReadonlyArray<string>
  /** What cannot be matched in linear time, and where within the pattern. */
  readonly problems: ReadonlyArray<{ readonly path: ConfigPath; readonly text: string }>
}

/** Whether a pattern as it stands in a config, decoded or not, needs the engine of `@tenterhook/patterns`. */
export const needsEngine = (raw: unknown): boolean => {
  if (typeof raw === "string") {
    const glob = readGlob(raw)
    return typeof glob !== "string" && !isSimple(glob)
  }
  if (typeof raw !== "object" || raw === null) return false
  return Array.isArray(raw) ? raw.some(needsEngine) : "regex" in raw || ("not" in raw && needsEngine(raw.not))
}

/** `patterns` is undefined where no pattern needs the engine. */
export const compilePattern = (pattern: ToolPattern | ValuePattern, patterns: Patterns | undefined): Pattern => {
  if (typeof pattern === "object" && "not" in pattern) {
    const inner = compilePattern(pattern.not, patterns)
    const test = (value: string | undefined) => {
      const fits = inner.test(value)
      return fits === undefined ? undefined : !fits
    }
    return { text: `not ${inner.text}`, test, doubts: inner.doubts, problems: within("not", inner) }
  }
  if (!isSeveral(pattern)) return compileOne(pattern, patterns)
  const all = pattern.map((one) => compileOne(one, patterns))
  const literals = all.every((one) => one.literals !== undefined) ? all.flatMap((one) => one.literals!) : undefined
  return {
    text: all.map((one) => one.text).join(", "),
    test: (value) => anyFits(all, value),
    ...(literals === undefined ? {} : { literals }),
    doubts: all.flatMap((one) => one.doubts),
    problems: all.flatMap((one, index) => within(index, one))
  }
}

const within = (key: string | number, { problems }: Pattern) =>
  problems.map(({ path, text }) => ({ path: [key, ...path], text }))

/** One that fits decides, whichever gave up before it. */
const anyFits = (all: ReadonlyArray<Pattern>, value: string | undefined): Fit => {
  let gaveUp = false
  for (const { test } of all) {
    const fits = test(value)
    if (fits === true) return true
    if (fits === undefined) gaveUp = true
  }
  return gaveUp ? undefined : false
}

const isSeveral = (pattern: One | ReadonlyArray<One>): pattern is ReadonlyArray<One> => Array.isArray(pattern)

const compileOne = (one: One, patterns: Patterns | undefined): Pattern => {
  if (typeof one === "object") return compileRegex(one, patterns!)
  const text = String(one)
  if (typeof one !== "string")
    return { text, test: (value) => value === text, literals: [text], doubts: [], problems: [] }
  const read = readGlob(text)
  const glob = typeof read === "string" ? read : compileGlob(read, patterns)
  if (typeof glob === "string") return never(text, [], glob)
  return {
    text,
    test: (value) => value !== undefined && glob.test(value),
    ...(glob.literals === undefined ? {} : { literals: glob.literals }),
    doubts: globDoubts(text),
    problems: []
  }
}

const compileRegex = ({ regex, flags = "" }: typeof Regex.Type, patterns: Patterns): Pattern => {
  const compiled = patterns.regex(regex, flags)
  const text = String(new RegExp(regex, flags))
  if (!("refused" in compiled))
    return { text, test: (value) => value !== undefined && compiled.test(value), doubts: [], problems: [] }
  const advice = /look-ahead|look-behind/.test(compiled.refused)
    ? "; what must not match is a pattern of its own: { not: { regex: … } }"
    : ""
  return never(text, ["regex"], `the regular expression cannot be matched in linear time: ${compiled.refused}${advice}`)
}

const never = (text: string, path: ConfigPath, problem: string): Pattern => ({
  text,
  test: () => false,
  doubts: [],
  problems: [{ path, text: problem }]
})

/** Signs that a glob was meant as a regex, or cannot match what it was meant for. */
const globDoubts = (text: string): ReadonlyArray<string> => {
  if (text.trim() !== text) return [`the pattern ${JSON.stringify(text)} begins or ends with white space`]
  if (/[|]|^\^|\$$|\.[*+]/.test(text)) {
    return [
      `"${text}" is a glob, in which | ^ $ . + are plain characters; a list names several values, {regex: …} is a regular expression`
    ]
  }
  return []
}
