/** The `database` hook: one line of JSON for each run, in a file. */
import { type EventContext, type Fire, type ShellAction, succeeded, textOf } from "@tenterhook/core"
import { Clock, Effect } from "effect"
import { parentOf, resolvePath } from "../config/path.ts"
import type { DatabaseConfig } from "./Config.ts"
import { type EntryOf, failure, type Kind } from "./Kind.ts"
import { asText, exportLine } from "./Results.ts"

export const databaseKind: Kind<EntryOf<"database">> = {
  planned: ({ entry: { config } }) => writeAction(config, config.output_path, []),

  /** The product has none; a file that nobody can write to would hold up the run for ever. */
  timeoutMs: () => 30_000,

  encode: Effect.fnUntraced(function* ({ entry: { config } }, fire) {
    const { context } = fire
    const path = outputPath(config, context)
    const exportedAt = yield* exportTime(fire)
    const line = yield* asText(() =>
      exportLine(context.results, { whole: config.include_full_bundle !== false, exportedAt })
    )
    return { action: writeAction(config, path, [parentOf(path)]), payload: new TextEncoder().encode(line) }
  }),

  decode: ({ entry: { config } }, { context }, end) => {
    if (end._tag === "failure") return failure(end.reason, "Failed to export results", end.message)
    return end.status === 0
      ? {
          outcome: succeeded(),
          decisive: false,
          message: `Successfully exported results to ${outputPath(config, context)}`
        }
      : failure(end.status === null ? "signal" : "exit", "Failed to export results", textOf(end.diagnostics).trim())
  }
}

/** The line comes on stdin, so that nothing of it is ever read by the shell. */
const writeAction = ({ append }: DatabaseConfig, path: string, mkdir: ReadonlyArray<string>): ShellAction => ({
  kind: "shell",
  run: { argv: ["/bin/sh", "-c", append === false ? `cat > "$1"` : `cat >> "$1"`, "sh", path] },
  env: { base: ["PATH"], set: {} },
  stdin: "payload",
  mkdir
})

/** The same for all exports of a fire. */
const exportTime = Effect.fnUntraced(function* (fire: Fire) {
  const at = exportTimes.get(fire) ?? new Date(yield* Clock.currentTimeMillis).toISOString()
  exportTimes.set(fire, at)
  return at
})

const exportTimes = new WeakMap<Fire, string>()

const outputPath = ({ output_path }: DatabaseConfig, { cwd = "/" }: EventContext) => resolvePath(cwd, output_path)
