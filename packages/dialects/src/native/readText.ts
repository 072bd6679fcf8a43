/** Reads the answer that stands in a text: what a command printed, a server's body, a tool's result. */
import { duplicateKey, type HookEvent, type Output } from "@tenterhook/core"
import { decisionsIn } from "../answer/decisionsIn.ts"
import { decisionText } from "../answer/DecisionText.ts"
import { findAnswers, type FoundAnswer } from "../answer/findAnswers.ts"
import { isOurKey } from "../answer/Word.ts"
import { mayDecide, readAnswer, type ReadOptions } from "./Answer.ts"

/** An answer; why something is there that is not understood; or nothing that asks for anything, and a remark on it. */
export type Reading =
  | { readonly _tag: "answer"; readonly output: Output }
  | { readonly _tag: "strange"; readonly why: string }
  | { readonly _tag: "nothing"; readonly remark?: string }

/**
 * A text that is one object is that answer. In other text only an answer that keeps the agent back is read: what permits
 * could have come from the model, through a command line that a guard prints.
 */
export const readText = (text: string, what: string, options: ReadOptions): Reading => {
  const found = findAnswers(text)
  if (found === undefined) return nothing
  const strange = (why: string): Reading => ({ _tag: "strange", why: `${what}: ${why}` })
  if (found.encoding !== undefined) return strange(`${found.encoding}; write UTF-8`)

  if (found.isAlone) return readAlone(found.answers[0]!, what, options)
  const read = found.answers.map((answer) => readBeside(answer, what, options))
  const deny = read.find((one) => one._tag === "answer" && isFinal(one.output))
  if (deny !== undefined) return deny
  const other = read.find((one) => one._tag === "strange")
  if (other !== undefined) return other
  if (found.broken !== undefined && (found.broken.isStart || mayDecide(options.event)))
    return strange(`${found.broken.excerpt} looks like an answer and is not one JSON object: ${found.broken.why}`)
  const answers = read.filter((one) => one._tag === "answer")
  if (answers.length > 1) return strange(`it holds ${answers.length} answers; write one`)
  const [only] = answers
  if (only === undefined) {
    const hasObjects = found.hasOthers || read.length > 0
    return hasObjects && mayDecide(options.event) ? { _tag: "nothing", remark: noKeyDecides(what) } : nothing
  }
  return keepsBack(only.output)
    ? only
    : strange("the answer stands beside other text; write only the answer to stdout, and all else to stderr")
}

export const nothing: Reading = { _tag: "nothing" }

/** Of a value that came as such, or of a text's only object. */
export const readObject = (value: object, what: string, options: ReadOptions): Reading => {
  let answer: Output | string
  try {
    answer = readAnswer(value, options)
  } catch (error) {
    answer = `it cannot be read: ${String(error)}`
  }
  return typeof answer === "string"
    ? { _tag: "strange", why: `${what}: ${answer}` }
    : { _tag: "answer", output: answer }
}

/** Whether an object is meant as an answer of ours: it decides in our words, or has no other words than ours. */
export const isOurs = (value: object): boolean => {
  const keys = Object.keys(value)
  return keys.some((key) => decidingKeys.includes(key)) || (keys.length > 0 && keys.every(isOurKey))
}

const decidingKeys = ["verdict", "rewrite", "halt", "resume"]

const readAlone = ({ json, value }: FoundAnswer, what: string, options: ReadOptions): Reading => {
  const twice = duplicateKey(json)
  if (twice !== undefined)
    return { _tag: "strange", why: `${what}: the key ${JSON.stringify(twice.path)} stands twice` }
  const keys = Object.keys(value)
  if (keys.length === 0) return nothing
  const reading = readObject(value, what, options)
  if (reading._tag !== "answer" || keys.some(isOurKey)) return reading
  return { _tag: "nothing", ...(mayDecide(options.event) ? { remark: noKeyDecides(what) } : {}) }
}

/** An object in other text: a log line may have a reason or a context of its own. */
const readBeside = (answer: FoundAnswer, what: string, options: ReadOptions): Reading => {
  if (isOurs(answer.value)) return readAlone(answer, what, options)
  const strange = strangeIn(answer.value, what, options.event)
  return strange ?? nothing
}

/** The key of another product's, or of nobody's, that decides at an event where something is decided. */
export const strangeIn = (value: unknown, what: string, event: HookEvent): Reading | undefined => {
  if (!mayDecide(event)) return undefined
  const decisions = decisionsIn(value)
  const told = decisions.find((one) => one.denies) ?? decisions[0]
  return told === undefined ? undefined : { _tag: "strange", why: `${what}: ${decisionText(told, value)}` }
}

/** It ends the matter: nothing that stands beside it can permit anything. */
const isFinal = ({ verdict, halt }: Output) => verdict === "deny" || halt !== undefined

const keepsBack = ({ verdict, resume, rewrite }: Output) =>
  rewrite === undefined && (verdict === "ask" || verdict === "defer" || resume !== undefined)

export const noKeyDecides = (what: string) =>
  `${what} holds a JSON object without a verdict, so it has no say; write {"verdict":"deny","reason":"…"} to deny`
