/** Any error as a refusal: what is printed of it, without its stack. */
import type { ConfigError, InvalidContext } from "@tenterhook/core"
import type { ConfigNotFound } from "@tenterhook/sdk"
import type { ServerRefused } from "@tenterhook/sdk/connect"
import { exitCode } from "./ExitCode.ts"
import { type FailureKind, Refusal } from "./Refusal.ts"

/** What the caller can mend has exit code 2. */
export const refusalOf = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error
  const tag = typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : ""
  if (tag === "ServerRefused") return refusalOfServer(error as ServerRefused)
  if (tag === "ConfigNotFound") {
    return new Refusal((error as ConfigNotFound).problem, { kind: "config", hint: findHint })
  }
  const kind = kinds[tag]
  return new Refusal(error instanceof Error && error.message !== "" ? error.message : String(error), {
    code: kind === undefined || kind === "server" ? exitCode.failure : exitCode.usage,
    ...(kind === undefined ? {} : { kind }),
    problems: problemsOf(tag, error)
  })
}

const kinds: Readonly<Record<string, FailureKind>> = {
  ConfigError: "config",
  NoDialect: "config",
  PluginError: "config",
  ToolsError: "config",
  OutboxError: "config",
  InvalidConnection: "usage",
  InvalidContext: "context",
  UnknownEvent: "event",
  ServerUnreachable: "server"
}

const problemsOf = (tag: string, error: unknown) => {
  if (tag === "ConfigError") return (error as ConfigError).problems
  if (tag !== "InvalidContext") return []
  return (error as InvalidContext).problems.map(({ path, text }) => ({ ...noPlace, path, text }))
}

/** Too many requests, as a server that is down, are not the caller's to mend. */
const refusalOfServer = ({ message, status, problem }: ServerRefused): Refusal =>
  new Refusal(message, {
    code: status >= 400 && status < 500 && status !== 429 ? exitCode.usage : exitCode.failure,
    kind: "server",
    problems: problem.errors.map(({ field, message: text, file = null, line = null, column = null }) => ({
      file,
      line,
      column,
      path: field,
      text
    })),
    hint: status === 401 || status === 403 ? keyHint : undefined
  })

const noPlace = { file: null, line: null, column: null }
const findHint = "`tenterhook init` writes a first one; --config names one that is elsewhere"
const keyHint = "the server's key is TENTERHOOK_KEY in the environment, or --key; `tenterhook keys` makes one"
