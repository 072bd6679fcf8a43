/** The command line cannot do what was asked: a sentence for the person who asked, and an exit code. */
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
  const message = error instanceof Error && error.message !== "" ? error.message : String(error)
  return new Refusal(message, { code: isUsage(error) ? exitCode.usage : exitCode.failure })
}

const isUsage = (error: unknown) =>
  typeof error === "object" && error !== null && "_tag" in error && usageTags.includes(String(error._tag))

/** The tagged errors of core that come from what was asked. */
const usageTags = ["ConfigError", "InvalidContext", "NoDialect", "UnknownEvent", "ToolsError", "OutboxError"]
