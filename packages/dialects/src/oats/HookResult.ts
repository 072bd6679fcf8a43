/** What a hook of oats answers: `{action, modified_args, message}`, on stdout or returned. Source: oats, HookResult. */
import { type Decoded, type End, failed, type Fire, go, type Reply, succeeded } from "@tenterhook/core"
import { readPythonJson } from "./PythonJson.ts"
import { decodeUtf8, excerpt, pythonText, strip } from "./PythonText.ts"

/** What the log lines of a hook say of it. */
export interface Subject {
  /** The command as configured, or the function's name. */
  readonly cmd: string
  /** In seconds, as configured. */
  readonly timeout: string
}

/** The answer of a command: its code first, then its output. */
export const readCommandEnd = (end: End, fire: Fire, { cmd, timeout }: Subject): Decoded => {
  if (end._tag === "failure") {
    if (end.reason === "timeout") return broken("timeout", `hook_timeout: cmd=${cmd} timeout=${timeout}s`)
    if (end.reason === "cancelled") return broken("cancelled", end.message)
    if (end.reason === "decode") return broken("decode", `hook_error: event=${fire.event.name} error=${end.message}`)
    return broken(end.reason, execError(cmd, end.message))
  }
  if (end.status !== 0) {
    const reason = end.signal === null ? "exit" : "signal"
    const stderr = decodeUtf8(end.diagnostics)
    if (!stderr.ok) return broken(reason, execError(cmd, stderr.error))
    return broken(reason, `hook_cmd_failed: cmd=${cmd} rc=${returnCode(end)} stderr=${excerpt(stderr.text, 200)}`)
  }
  if (wasCut(end)) return broken("oversize", execError(cmd, "the output is longer than may be kept"))
  const decoded = decodeUtf8(end.output)
  if (!decoded.ok) return broken("decode", execError(cmd, decoded.error))
  const output = strip(decoded.text)
  if (output === "") return proceeds
  const read = readPythonJson(output)
  if (!read.ok) return broken("decode", `hook_invalid_json: cmd=${cmd} output=${excerpt(output, 200)}`)
  if (read.type !== "dict") return broken("decode", execError(cmd, `'${read.type}' object has no attribute 'get'`))
  return judge(read.value as Record<string, unknown>, fire)
}

/** The answer of a function: nothing, or a result. */
export const readFunctionEnd = (end: End, fire: Fire, { cmd, timeout }: Subject): Decoded => {
  if (end._tag === "failure") {
    if (end.reason === "timeout") return broken("timeout", `hook_timeout: cmd=${cmd} timeout=${timeout}s`)
    if (end.reason === "cancelled") return broken("cancelled", end.message)
    return broken(end.reason, `hook_error: event=${fire.event.name} error=${end.message}`)
  }
  const { value } = end
  if (value === undefined || value === null) return proceeds
  if (typeof value !== "object" || Array.isArray(value)) {
    const what = Array.isArray(value) ? "a list" : `a ${typeof value}`
    return broken(
      "decode",
      `hook_error: event=${fire.event.name} error=expected nothing or {action, modified_args, message}, got ${what}`
    )
  }
  return judge(value as Record<string, unknown>, fire)
}

/** Only `block`, and `modify` with arguments, decide; every other word goes on. */
const judge = (result: Record<string, unknown>, { event, context }: Fire): Decoded => {
  const { action, modified_args: args, message } = result
  const tool = context.tool?.name ?? "None"
  if (action === "block") {
    const reason = typeof message === "string" && message !== "" ? { reason: message } : {}
    return {
      outcome: succeeded({ verdict: "deny", ...reason }),
      decisive: true,
      message: `hook_blocked: event=${event.name} tool=${tool} msg=${pythonText(message)}`
    }
  }
  if (action === "modify" && args !== undefined && args !== null) {
    return {
      outcome: succeeded({ rewrite: { target: "input", mode: "replace", value: args } }),
      decisive: true,
      message: `hook_modified: event=${event.name} tool=${tool}`
    }
  }
  return proceeds
}

/** Whether it was stdout that was cut; both streams have one limit, so the one that was cut is the longer one. */
const wasCut = ({ truncated, output, diagnostics }: Reply): boolean => truncated && output.length >= diagnostics.length

const proceeds: Decoded = { outcome: succeeded(go), decisive: false }

const broken = (reason: Parameters<typeof failed>[0], message: string): Decoded => ({
  outcome: failed(reason),
  decisive: false,
  message
})

const execError = (cmd: string, error: string) => `hook_exec_error: cmd=${cmd} error=${error}`

/** As Python gives it: negative for a signal. */
const returnCode = ({ status, signal }: { readonly status: number | null; readonly signal: string | null }): string =>
  status !== null ? String(status) : signal === null ? "None" : String(-(signals[signal] ?? 0) || signal)

const signals: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31
}
