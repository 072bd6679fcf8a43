/** What a value must look like: a glob, a regex, several of them, or anything but those. Compiled once, when a config is loaded. */
import { Schema } from "effect"
import { compileGlob } from "./glob.ts"

/** Over the whole value. */
const Glob = Schema.String.annotate({
  description: "A glob over the whole value: * ? [a-z] [!a] {a,b}, and \\ before any of them."
}).check(
  Schema.makeFilter((text: string) => {
    const glob = compileGlob(text)
    return typeof glob === "string" ? glob : undefined
  })
)

const Regex = Schema.Struct({
  regex: Schema.String.annotate({
    description: "A JavaScript regular expression. It may match anywhere in the value; anchor it with ^ and $.",
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
  readonly test: (value: string | undefined) => boolean
  readonly literals?: ReadonlyArray<string>
  /** What its owner should look at again. */
  readonly doubts: ReadonlyArray<string>
}

export const compilePattern = (pattern: ToolPattern | ValuePattern): Pattern => {
  if (typeof pattern === "object" && "not" in pattern) {
    const inner = compilePattern(pattern.not)
    return { text: `not ${inner.text}`, test: (value) => !inner.test(value), doubts: inner.doubts }
  }
  if (!isSeveral(pattern)) return compileOne(pattern)
  const all = pattern.map(compileOne)
  const literals = all.every((one) => one.literals !== undefined) ? all.flatMap((one) => one.literals!) : undefined
  return {
    text: all.map((one) => one.text).join(", "),
    test: (value) => all.some((one) => one.test(value)),
    ...(literals === undefined ? {} : { literals }),
    doubts: all.flatMap((one) => one.doubts)
  }
}

const isSeveral = (pattern: One | ReadonlyArray<One>): pattern is ReadonlyArray<One> => Array.isArray(pattern)

const compileOne = (one: One): Pattern => {
  if (typeof one === "object") {
    const regex = new RegExp(one.regex, one.flags)
    return {
      text: String(regex),
      test: (value) => value !== undefined && regex.test(value),
      doubts: nestsRepetition(one.regex)
        ? [`/${one.regex}/ repeats what already repeats; on some values that takes exponential time`]
        : []
    }
  }
  const text = String(one)
  const glob =
    typeof one === "string" ? compileGlob(text) : { literals: [text], test: (value: string) => value === text }
  if (typeof glob === "string") return { text, test: () => false, doubts: [glob] }
  return {
    text,
    test: (value) => value !== undefined && glob.test(value),
    ...(glob.literals === undefined ? {} : { literals: glob.literals }),
    doubts: globDoubts(text)
  }
}

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

/** Whether a repeated group holds a repetition: `(a+)+`. A rough look; it misses some and accuses a few. */
const nestsRepetition = (source: string): boolean => {
  const holds: Array<boolean> = [false]
  let inClass = false
  for (let i = 0; i < source.length; i++) {
    const char = source[i]
    if (char === "\\") i++
    else if (inClass) inClass = char !== "]"
    else if (char === "[") inClass = true
    else if (char === "(") holds.push(false)
    else if (char === ")" && holds.length > 1) {
      const held = holds.pop()!
      if (held && repeats(source, i + 1)) return true
      if (held) holds[holds.length - 1] = true
    } else if (repeats(source, i)) holds[holds.length - 1] = true
  }
  return false
}

const repeats = (source: string, at: number) => /^(?:[*+]|\{\d+,\d*\})/.test(source.slice(at, at + 12))
