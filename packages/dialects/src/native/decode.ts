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
import { answerKeys, readAnswer } from "./Answer.ts"

export const decode = (hook: Hook<any>, fire: Fire, end: End): Decoded => {
  if (end._tag === "failure") return failure(hook, end.reason, end.message)
  switch (hook.action.kind) {
    case "function":
      return decodeReturned(hook, fire, end.value)
    case "tool":
      return decodeForeign(hook, fire, end)
    case "http":
      return decodeHttp(hook, fire, end)
    default:
      return decodeCommand(hook, fire, end)
  }
}

/** 0: stdout may hold an answer. 2: no, with stderr as the reason. Anything else is a failure. */
const decodeCommand = (hook: Hook, fire: Fire, end: End & { readonly _tag: "reply" }): Decoded => {
  const complaint = textOf(end.diagnostics).trim()
  if (end.signal !== null) return failure(hook, "signal", `ended by ${end.signal}${excerpt(complaint)}`)
  if (end.status === 2) return success(saidNo(fire, complaint || reasonIn(textOf(end.output))))
  if (end.status !== null && end.status !== 0)
    return failure(hook, "exit", `exit code ${end.status}${excerpt(complaint)}`)
  if (end.value !== undefined) return decodeForeign(hook, fire, end)
  return decodeText(hook, fire, textOf(end.output), end.truncated)
}

/** The adapter's value is the answer's status and body. A cut answer could have held a deny, so it fails. */
const decodeHttp = (hook: Hook, fire: Fire, end: End & { readonly _tag: "reply" }): Decoded => {
  const { status, body } = { status: 200, body: undefined, ...Object(end.value) } as { status: unknown; body: unknown }
  const text = textOf(end.output).trim()
  if (typeof status === "number" && (status < 200 || status > 299)) {
    return failure(hook, "exit", `answered ${status}${excerpt(text)}`)
  }
  if (end.truncated && text.startsWith("{"))
    return failure(hook, "decode", "its answer is longer than what is kept of it")
  const { value: _, ...said } = end
  return decodeForeign(hook, fire, typeof body === "object" && body !== null ? { ...said, value: body } : said)
}

/** A gate denies; where the agent wants to end its work, no means that it must not. */
const saidNo = (fire: Fire, reason: string): Output =>
  fire.event.class === "loop"
    ? { resume: reason === "" ? "exit code 2" : reason }
    : { verdict: "deny", ...(reason === "" ? {} : { reason }) }

const decodeText = (hook: Hook, fire: Fire, output: string, truncated: boolean): Decoded => {
  const text = output.replace(/^\uFEFF/, "").trim()
  if (!text.startsWith("{")) {
    return holdsAnswer(text)
      ? failure(
          hook,
          "decode",
          "its answer stands after other text; write only the answer to stdout, and all else to stderr"
        )
      : success(go)
  }
  if (truncated) return failure(hook, "decode", "its answer is longer than what is kept of stdout")
  const value = parse(text)
  if (value instanceof Error)
    return failure(hook, "decode", `stdout begins with { and is not one JSON object: ${value.message}`)
  return decodeAnswer(hook, fire, value as object)
}

const decodeReturned = (hook: Hook, fire: Fire, value: unknown): Decoded => {
  if (value === undefined || value === null) return success(go)
  if (typeof value === "object" && !Array.isArray(value)) return decodeAnswer(hook, fire, value)
  return failure(hook, "decode", `a function returns nothing or an answer, an object with ${answerKeys.join(", ")}`)
}

/** Tools and web servers say many things; only what is made as an answer is read as one. The rest is kept in the report. */
const decodeForeign = (
  hook: Hook,
  fire: Fire,
  { value, output, truncated }: End & { readonly _tag: "reply" }
): Decoded => {
  const text = value === undefined ? textOf(output).trim() : ""
  const candidate = value === undefined && text.startsWith("{") && !truncated ? parse(text) : value
  if (candidate instanceof Error && hook.action.kind !== "tool") {
    return failure(hook, "decode", `its answer begins with { and is not one JSON object: ${candidate.message}`)
  }
  return isAnswer(candidate) ? decodeAnswer(hook, fire, candidate) : success(go)
}

const isAnswer = (value: unknown): value is object => {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Error) return false
  const keys = Object.keys(value)
  return Object.hasOwn(value, "verdict") || (keys.length > 0 && keys.every((key) => answerKeys.includes(key)))
}

const decodeAnswer = (hook: Hook, fire: Fire, value: object): Decoded => {
  let answer: Output | string
  try {
    answer = readAnswer(value, fire.event)
  } catch (error) {
    answer = `its answer cannot be read: ${String(error)}`
  }
  return typeof answer === "string" ? failure(hook, "decode", answer) : success(answer)
}

/** A log line before the answer would lose it: a deny must not vanish behind an `echo checking`. */
const holdsAnswer = (text: string): boolean => {
  const starts = [...text.matchAll(/^[ \t]*\{/gm)].map((found) => found.index)
  return starts.slice(-mostStarts).some((start) => isAnswer(parse(text.slice(start))))
}

const mostStarts = 10

/** Why it said no, where it said so on stdout: as plain text, or in an answer. */
const reasonIn = (output: string) => {
  const text = output.trim()
  if (!text.startsWith("{")) return text
  const value = parse(text)
  const reason: unknown = value instanceof Error ? undefined : (value as { readonly reason?: unknown }).reason
  return typeof reason === "string" ? reason : ""
}

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

/** JSON as it stands; whatever cannot be read comes back as the error. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
