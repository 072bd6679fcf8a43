/** The command line cannot do what was asked: a sentence for the person who asked, and an exit code. */
import type { ConfigNotFound } from "@tenterhook/sdk"
import { exitCode } from "./ExitCode.ts"

export class Refusal extends Error {
  readonly _tag = "Refusal"
  readonly code: number
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(message: string, options: { readonly code?: number; readonly hint?: string } = {}) {
    super(message)
    this.code = options.code ?? exitCode.usage
    this.hint = options.hint
  }
}

/** What may be told of any error without its stack: what is the asker's to mend is a refusal with exit code 2. */
export const refusalOf = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error
  if (tagOf(error) === "ConfigNotFound") {
    return new Refusal((error as ConfigNotFound).problem, {
      hint: "`tenterhook init` writes a first one; --config names one that is elsewhere"
    })
  }
  const message = error instanceof Error && error.message !== "" ? error.message : String(error)
  const code = isUsage(error) ? exitCode.usage : exitCode.failure
  return new Refusal(message, isRefusedKey(error) ? { code, hint: keyHint } : { code })
}

const isUsage = (error: unknown) => usageTags.includes(tagOf(error)) || isAskersFault(statusOf(error))

const tagOf = (error: unknown) =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : ""

/** The tagged errors that come from what was asked. */
const usageTags = [
  "ConfigError",
  "InvalidConnection",
  "InvalidContext",
  "NoDialect",
  "PluginError",
  "UnknownEvent",
  "ToolsError",
  "OutboxError"
]

/** The HTTP status of a server's refusal. */
const statusOf = (error: unknown) =>
  tagOf(error) === "ServerRefused" ? Number((error as { readonly status?: unknown }).status) : null

/** Too many requests are as little the asker's to mend as a server that is down. */
const isAskersFault = (status: number | null) => status !== null && status >= 400 && status < 500 && status !== 429

const isRefusedKey = (error: unknown) => [401, 403].includes(statusOf(error) ?? 0)
const keyHint = "the server's key is TENTERHOOK_KEY in the environment, or --key; `tenterhook keys` makes one"
