/** What the end of a native hook means: exit codes, answers, statuses. */
import {
  type Decoded,
  type End,
  type FailureReason,
  type Fire,
  go,
  type Hook,
  type Output,
  textOf
} from "@tenterhook/core"
import { denialIn } from "../answer/denialIn.ts"
import { isDecision, isRefusal, ourKeys } from "../answer/Word.ts"
import { show } from "../config/Document.ts"
import { mayDecide, type ReadOptions } from "./Answer.ts"
import { isOurs, noKeyDecides, nothing, type Reading, readObject, readText, strangeIn } from "./readText.ts"

export const decode = (hook: Hook<any>, fire: Fire, end: End): Decoded => {
  if (end._tag === "failure") return failure(hook, end.reason, end.message)
  switch (hook.action.kind) {
    case "function":
      return decodeReturned(hook, fire, end.value)
    case "tool":
      return decodeTool(hook, fire, end)
    case "http":
      return decodeHttp(hook, fire, end)
    default:
      return decodeCommand(hook, fire, end)
  }
}

/** 0: stdout may hold an answer. 2: no, with stderr as the reason. Anything else is a failure. */
const decodeCommand = (hook: Hook, fire: Fire, end: Replied): Decoded => {
  const complaint = textOf(end.diagnostics).trim()
  if (end.signal !== null) return failure(hook, "signal", `ended by ${end.signal}${excerpt(complaint)}`)
  if (end.status === 2)
    return success(saidNo(hook, fire, complaint || reasonIn(textOf(end.output), optionsOf(hook, fire))))
  if (end.status !== null && end.status !== 0)
    return failure(hook, "exit", `exit code ${end.status}${excerpt(complaint)}`)
  if (end.value !== undefined) return decodeTool(hook, fire, end)
  const options = optionsOf(hook, fire)
  const reading = readOutput(end, "stdout", options)
  return settle(hook, reading._tag === "nothing" ? readStderr(complaint, reading, options) : reading)
}

/** A command that had nothing to answer on stdout, and wrote a deny to stderr. */
const readStderr = (complaint: string, reading: Reading, { event }: ReadOptions): Reading => {
  const denial = mayDecide(event) ? denialIn(complaint) : undefined
  return denial === undefined
    ? reading
    : { _tag: "strange", why: `stderr: ${denial}; answers are read from stdout, where this hook wrote none` }
}

/** A function returns nothing or an answer; it has no other text that it could have meant. */
const decodeReturned = (hook: Hook, fire: Fire, value: unknown): Decoded => {
  if (value === undefined || value === null) return success(go)
  if (typeof value === "object" && !Array.isArray(value) && isRecord(value))
    return settle(hook, readObject(value, "its answer", optionsOf(hook, fire)))
  const expected = `a function returns nothing or an answer, an object with ${ourKeys.join(", ")}`
  return failure(hook, "decode", `${expected}; this one returned ${kindOf(value)}`)
}

/** Tools say many things. A result is an answer where it is one in our words, and strange where a key of it decides. */
const decodeTool = (hook: Hook, fire: Fire, end: Replied): Decoded => {
  const { value } = end
  const options = optionsOf(hook, fire)
  const what = "its result"
  const said = readOutput(end, what, options)
  if (value === undefined || typeof value === "string") {
    const bare =
      typeof value === "string" && fire.event.class === "gate" && /^[\s\w-]*$/.test(value) && isDecision(value)
    return settle(hook, bare ? strangeValue(value, what) : said)
  }
  const read = readValue(value, what, options)
  return settle(hook, read._tag === "nothing" && said._tag !== "nothing" ? said : read)
}

const readValue = (value: unknown, what: string, options: ReadOptions): Reading => {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && isOurs(value))
    return readObject(value, what, options)
  if (!mayDecide(options.event)) return nothing
  if (
    (isDecision(value) && options.event.class === "gate") ||
    (Array.isArray(value) && value.some((one) => typeof one === "string" && isRefusal(one)))
  )
    return strangeValue(value, what)
  return strangeIn(value, what, options.event) ?? remarkOnValue(value, what)
}

const remarkOnValue = (value: unknown, what: string): Reading =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    ? { _tag: "nothing", remark: noKeyDecides(what) }
    : nothing

const strangeValue = (value: unknown, what: string): Reading => ({
  _tag: "strange",
  why: `${what}: expected an object with ${ourKeys.join(", ")}, got ${show(value)}; write {"verdict":"deny","reason":"…"}`
})

/** A server was asked for an answer: whatever it says where something is decided is one, but for nothing at all. */
const decodeHttp = (hook: Hook, fire: Fire, end: Replied): Decoded => {
  const { status, body, problem } = { status: 200, ...Object(end.value) } as Partial<HttpValue>
  const text = textOf(end.output).trim()
  if (typeof status === "number" && (status < 200 || status > 299)) {
    return failure(hook, "exit", `answered ${status}${excerpt(text)}`)
  }
  const what = "its answer"
  if (problem !== undefined) return failure(hook, "decode", `${what}: ${problem}`)
  const options = optionsOf(hook, fire)
  const said = readOutput(end, what, options)
  const isValue = typeof body === "object" && body !== null
  const reading = said._tag === "nothing" && isValue ? readValue(body, what, options) : said
  if (reading._tag !== "nothing" || text === "" || text === "{}" || !mayDecide(fire.event)) return settle(hook, reading)
  return failure(hook, "decode", `${what}: expected {"verdict":"…"}, {} or an empty body, got${excerpt(text).slice(1)}`)
}

/** What the adapter's value holds of an answer. */
interface HttpValue {
  readonly status: unknown
  readonly body: unknown
  /** Why the body cannot be read. */
  readonly problem: string
}

/** What was kept of a longer output is no answer, and what was not kept may have held one. */
const readOutput = (end: Replied, what: string, options: ReadOptions): Reading => {
  const reading = end.output.length === 0 ? nothing : readText(textOf(end.output), what, options)
  if (!wasCut(end) || (reading._tag === "nothing" && (end.cutObjects === false || !mayDecide(options.event))))
    return reading
  return { _tag: "strange", why: `${what}: it is longer than what is kept of it, so an answer in it may be lost` }
}

/** Whether it was the output that was cut; both streams have one limit, so the one that was cut is the longer one. */
const wasCut = ({ truncated, output, diagnostics }: Replied) => truncated && output.length >= diagnostics.length

/** A gate denies; where the agent wants to end its work, no means that it must not. */
const saidNo = (hook: Hook, fire: Fire, reason: string): Output =>
  fire.event.class === "loop"
    ? { resume: reason === "" ? `${hook.name} ended with exit code 2` : reason }
    : { verdict: "deny", reason: reason === "" ? `denied by ${hook.name}` : reason }

/** Why it said no, where it said so on stdout: in an answer, or as plain text. */
const reasonIn = (output: string, options: ReadOptions) => {
  const reading = readText(output, "stdout", options)
  const { reason } = reading._tag === "answer" ? reading.output : {}
  return reading._tag === "answer" ? (reason ?? "") : output.trim()
}

const settle = (hook: Hook, reading: Reading): Decoded => {
  switch (reading._tag) {
    case "answer":
      return success(reading.output)
    case "strange":
      return failure(hook, "decode", reading.why)
    case "nothing":
      return success(reading.remark === undefined ? go : { notices: [{ level: "info", text: reading.remark }] })
  }
}

const optionsOf = (hook: Hook, { event }: Fire): ReadOptions => ({ event, isClosed: hook.onFailure === "block" })

type Replied = End & { readonly _tag: "reply" }

/** A plain object, or one of a class whose own keys are an answer's. A Map or an Error has none. */
const isRecord = (value: object) => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null || isOurs(value)
}

const kindOf = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? `a ${value.constructor?.name || "object of a class"}`
    : show(value)

const success = (output: Output): Decoded => ({
  outcome: { status: "succeeded", output },
  decisive: output.verdict === "deny" || output.halt !== undefined
})

/** An open hook's failure is at least told; of a closed one the reason tells it. */
const failure = (hook: Hook, reason: FailureReason, message: string): Decoded => ({
  outcome:
    hook.onFailure === "block"
      ? { status: "failed", reason }
      : { status: "failed", reason, notices: [{ level: "warn", text: `${message}; the agent goes on` }] },
  decisive: hook.onFailure === "block",
  message
})

const excerpt = (text: string) => {
  const trimmed = text.trim()
  return trimmed === "" ? "" : `: ${trimmed.length > 500 ? `${trimmed.slice(0, 500)}…` : trimmed}`
}
