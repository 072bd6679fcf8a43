/** What the reply of a hook of a plain dialect means: what its `decode` answers, read as strictly as a native answer. */
import { type Decoded, emptyReply, type End, type FailureReason, type Fire, type Hook, textOf } from "@tenterhook/core"
import { native, show } from "@tenterhook/dialects"
import type { PlainDialect, PlainEnd } from "../PlainDialect.ts"
import { wordsOf } from "../plugins/thrown.ts"
import { plainFire } from "./encodePlain.ts"
import type { PlainExt } from "./loadPlain.ts"

export const decodePlain = (plain: PlainDialect, hook: Hook<any>, fire: Fire, end: End): Decoded => {
  const ext = hook.ext as PlainExt
  if (plain.decode === undefined || !isAnswer(hook, end)) return native.decode(ext.native, fire, end)
  const failed = (reason: FailureReason, message: string) =>
    native.decode(ext.native, fire, { _tag: "failure", reason, message, reply: end })
  let answer: unknown
  try {
    answer = plain.decode(ext.plain, plainFire(plain, ext, fire), endOf(end))
  } catch (error) {
    return failed("decode", `its decode failed: ${wordsOf(error)}`)
  }
  if (!isObject(answer)) {
    const expected = `expected decode of the dialect "${plain.id}" to return an answer; {} is no opinion`
    return failed("decode", `${expected}; got ${"then" in Object(answer) ? "a promise" : show(answer)}`)
  }
  if (!("failed" in answer))
    return native.decode(asFunction(ext.native), fire, { _tag: "reply", ...emptyReply, value: answer })
  const other = Object.keys(answer).find((key) => key !== "failed")
  if (other !== undefined) return failed("decode", `its decode returned failed and ${other}; expected one of them`)
  if (typeof answer["failed"] !== "string")
    return failed("decode", `its decode: expected failed to be a text, got ${show(answer["failed"])}`)
  return failed(end.status === null || end.status === 0 ? "decode" : "exit", answer["failed"])
}

/** Whether there is a reply that the dialect may judge: it ended by itself, and a request was answered with 2xx. */
const isAnswer = (hook: Hook<any>, end: End): end is Extract<End, { readonly _tag: "reply" }> => {
  if (end._tag === "failure" || end.signal !== null) return false
  if (hook.action.kind !== "http") return true
  const { status } = Object(end.value) as { readonly status?: unknown }
  return typeof status !== "number" || (status >= 200 && status <= 299)
}

const endOf = ({
  status,
  output,
  diagnostics,
  value,
  truncated
}: Extract<End, { readonly _tag: "reply" }>): PlainEnd => ({
  exitCode: status,
  stdout: textOf(output),
  stderr: textOf(diagnostics),
  value,
  truncated
})

/** The native dialect reads what a function returns as an answer and as nothing else. */
const asFunction = (hook: Hook): Hook => ({ ...hook, action: { kind: "function" } })

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !("then" in value)
