/** Everything in a text that may be an answer: JSON objects, and what looks like one and is none. */
import { cleanText } from "./cleanText.ts"
import { lookalikeIn, mayDecide } from "./lookalikeIn.ts"
import { type ObjectPlace, objectsIn } from "./objectsIn.ts"

export interface Findings {
  /** The objects in which something may decide, in the order of the text. */
  readonly answers: ReadonlyArray<FoundAnswer>
  /** The text is one object and nothing else; a code fence around it does not count. */
  readonly isAlone: boolean
  /** There are objects with keys of which none decides. */
  readonly hasOthers: boolean
  /** What is in braces, decides and cannot be read, and why. */
  readonly broken?: Broken
  /** Why the text as a whole cannot be trusted: its encoding. */
  readonly encoding?: string
}

export interface FoundAnswer {
  /** As it stands in the text. */
  readonly json: string
  readonly value: object
}

export interface Broken {
  readonly excerpt: string
  readonly why: string
  /** The text begins with it. */
  readonly isStart: boolean
  /** What is left of it says so: that it decides, and that it says no. */
  readonly decides: boolean
  readonly denies: boolean
}

/** Linear in the text: at most a few passes over it. A text that is one JSON string is read as what the string holds. */
export const findAnswers = (raw: string): Findings | undefined => {
  if (!mayHold.test(raw)) return undefined
  const { text, hadNul } = cleanText(raw)
  const inner = text.startsWith('"') ? parsed(text) : undefined
  if (typeof inner === "string") return findAnswers(inner)

  const { objects, cutOff } = objectsIn(text)
  const isAlone = objects.length === 1 && isMargin(text, objects[0]!)
  const weighty = isAlone ? objects : objects.filter((one) => one.mayDecide)
  if (weighty.length > mostAnswers) {
    const why = `it holds more than ${mostAnswers} objects that may be answers`
    const broken = { excerpt: excerptAt(text, 0), why, isStart: false, decides: true, denies: false }
    return { answers: [], isAlone: false, hasOthers: true, broken }
  }
  const answers = weighty.map(({ start, end }) => {
    const json = text.slice(start, end)
    return { json, value: JSON.parse(json) as object }
  })
  const broken = isAlone ? undefined : brokenIn(text, objects, cutOff)
  const found = answers.length > 0 || broken !== undefined
  return {
    answers,
    isAlone,
    hasOthers: objects.some((one) => !one.mayDecide),
    ...(broken === undefined ? {} : { broken }),
    ...(found ? encodingProblem(text, objects, hadNul) : {})
  }
}

const brokenIn = (
  text: string,
  objects: ReadonlyArray<ObjectPlace>,
  cutOff: number | undefined
): Broken | undefined => {
  const lookalike = mayDecide(text) ? lookalikeIn(withoutObjects(text, objects)) : undefined
  const says = { decides: lookalike !== undefined, denies: lookalike?.denies ?? false }
  if (cutOff !== undefined && beginsAnswer(text, cutOff)) {
    const why = "it ends before the object does"
    return { ...says, excerpt: excerptAt(text, cutOff), why, isStart: cutOff === 0 }
  }
  if (/^\{\s*(["'])[\w .-]{1,64}\1/.test(text) && objects[0]?.start !== 0) {
    const problem = parsed(text)
    const why = problem instanceof Error ? problem.message : "it is no JSON"
    return { ...says, excerpt: excerptAt(text, 0), why, isStart: true }
  }
  if (lookalike === undefined) return undefined
  const { offset } = lookalike
  const start = Math.max(0, text.lastIndexOf("{", offset), offset - 40)
  return { ...says, excerpt: excerptAt(text, start), why: "it is no JSON", isStart: false }
}

/** An object with a first key; or its beginning, where the whole text is that, or it is the beginning of a key that decides. */
const beginsAnswer = (text: string, cutOff: number) => {
  const [, key, end] = /^\{\s{0,200}"?([^"\\]{0,64})("\s{0,200}:)?/.exec(text.slice(cutOff, cutOff + 500)) ?? []
  if (end !== undefined) return true
  if (key === undefined || !text.endsWith(key)) return false
  return cutOff === 0 ? /^[\w-]*$/.test(key) : key.length > 1 && beginnings.some((word) => word.startsWith(key))
}

const beginnings = [
  "verdict",
  "reason",
  "rewrite",
  "halt",
  "resume",
  "decision",
  "permission",
  "hookSpecificOutput",
  "action",
  "continue"
]

/** The same length, so that offsets stay. */
const withoutObjects = (text: string, objects: ReadonlyArray<ObjectPlace>) => {
  if (objects.length === 0) return text
  const pieces: Array<string> = []
  let at = 0
  for (const { start, end } of objects) {
    pieces.push(text.slice(at, start), " ".repeat(end - start))
    at = end
  }
  return pieces.join("") + text.slice(at)
}

const isMargin = (text: string, { start, end }: ObjectPlace) => {
  if (start === 0 && end === text.length) return true
  return (
    start < 40 &&
    text.length - end < 40 &&
    /^(?:```\w*\s*)$/.test(text.slice(0, start)) &&
    /^\s*```$/.test(text.slice(end))
  )
}

/** An answer in an encoding that nobody agreed on may not be what it seems to be. */
const encodingProblem = (text: string, objects: ReadonlyArray<ObjectPlace>, hadNul: boolean) => {
  if (hadNul) return { encoding: "it holds NUL bytes, as UTF-16 does" }
  return withoutObjects(text, objects).includes("\uFFFD") ? { encoding: "it holds bytes that are no UTF-8" } : {}
}

const excerptAt = (text: string, start: number) => {
  const line = text.slice(start, start + 80).replace(/\s+/g, " ")
  return text.length - start > 80 ? `${line}…` : line
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    return error
  }
}

/** Without one of these there is no object, not even in a JSON string. */
const mayHold = /[{}]|\\u007[bB]/

/** More objects than this in one output are a stream of something else, or an attack. */
const mostAnswers = 1000
