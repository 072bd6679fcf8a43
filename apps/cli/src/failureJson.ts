/** A failure as `--json` prints it: one shape for every command. */
import type { Refusal } from "./Refusal.ts"

export const failureJson = ({ code, kind, message, hint, problems, report }: Refusal) => ({
  ok: false,
  exitCode: code,
  error: { kind, message, hint: hint ?? null },
  problems,
  ...(report === null ? {} : { report })
})

/** Whether the words of a command ask for JSON, also where they cannot be parsed. */
export const asksForJson = (argv: ReadonlyArray<string>): boolean =>
  argv.some(
    (word, index) =>
      word === "--json" ||
      word === "--json=true" ||
      word === "--reporter=json" ||
      (word === "json" && argv[index - 1] === "--reporter")
  )
