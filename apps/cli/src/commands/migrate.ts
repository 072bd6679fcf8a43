/** `tenterhook migrate`: from a server's data folder to Postgres, beside the running server. */
import type { Moved } from "@tenterhook/server/migrate"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { does } from "../CommandLine.ts"
import { databaseFlag, databaseOf } from "../databaseFlag.ts"
import { formatDuration, parseDuration } from "../duration.ts"
import { codeOfSignal, exitCode } from "../ExitCode.ts"
import { jsonFlag } from "../flags.ts"
import { Refusal } from "../Refusal.ts"
import { shortPath } from "../show/shortPath.ts"
import { dieOf, type EndSignal, onEndSignal } from "../signals.ts"
import { penFor, print, printJson } from "../terminal/Terminal.ts"

export const migrate = Command.make(
  "migrate",
  {
    from: Flag.Literals("from", ["sqlite"]).pipe(
      Flag.withDefault("sqlite" as const),
      Flag.withDescription("What the data is in: a data folder's SQLite")
    ),
    data: Flag.String("data").pipe(
      Flag.withDefault(".tenterhook"),
      Flag.withMetavar("folder"),
      Flag.withDescription("The data folder that is moved")
    ),
    database: databaseFlag,
    wait: Flag.String("wait").pipe(
      Flag.withDefault("10m"),
      Flag.withMetavar("time"),
      Flag.withDescription("How long it waits for the folder's server to be stopped, as 30s or 10m")
    ),
    json: jsonFlag
  },
  does(async (flags, { words }) => {
    const databaseUrl = databaseOf(flags.database)
    if (Option.isNone(databaseUrl))
      throw new Refusal("expected the Postgres that the data moves to, got none", {
        hint: "--database-url or DATABASE_URL names it"
      })
    const waitMs = parseDuration(flags.wait)
    if (waitMs === null) throw new Refusal(`--wait: expected a time with its unit, as 30s or 10m, got "${flags.wait}"`)
    const { moveFolder } = await import("@tenterhook/server/migrate")
    const breaking = new AbortController()
    let heard: EndSignal | null = null
    const release = onEndSignal((signal) => {
      if (heard !== null) dieOf(signal)
      heard = signal
      breaking.abort()
    })
    try {
      const moved = await moveFolder({
        data: flags.data,
        databaseUrl: databaseUrl.value,
        waitMs,
        tell: (text) => words.info(text),
        signal: breaking.signal
      })
      if (flags.json) printJson(moved)
      else tell(moved)
      return exitCode.ok
    } catch (error) {
      if (heard !== null) throw interrupted(heard)
      throw isAskers(error) ? new Refusal(error.message) : error
    } finally {
      release()
    }
  })
).pipe(
  Command.withDescription(
    "Moves all that a server keeps in its data folder to an empty Postgres. The server may run meanwhile; when everything but the latest is there, it is to be stopped, and the rest follows in a moment. Nothing is served from the folder afterwards. A move that was broken off may be started again."
  ),
  Command.withShortDescription("Move a server's data to Postgres"),
  Command.withExamples([
    {
      command: "tenterhook migrate --from sqlite --data .tenterhook --database-url postgres://tenterhook@db/tenterhook",
      description: "Beside the running server, which you stop when you are told to"
    }
  ])
)

const interrupted = (signal: EndSignal) =>
  new Refusal(`interrupted by ${signal}; the folder is unchanged, and the move can be started again`, {
    code: codeOfSignal(signal)
  })

const tell = ({ data, place, rows, pausedMs }: Moved) => {
  const pen = penFor(process.stdout)
  const width = Math.max(...rows.map(({ table }) => table.length))
  for (const { table, rows: count } of rows) print(`${table.padEnd(width)}  ${String(count).padStart(10)}`)
  print(`${pen.good("moved")} ${shortPath(data)} to ${place}; no server could run for ${formatDuration(pausedMs)}`)
  print(pen.dim(`Start servers on it with --database-url or DATABASE_URL; the folder is not served any more.`))
}

/** What is to be asked otherwise, and not again. */
const isAskers = (error: unknown): error is Error =>
  error instanceof Error && "_tag" in error && tags.has(String(error._tag))
const tags: ReadonlySet<string> = new Set(["MoveRefused", "FolderMoved", "NoDatabase", "MigrationError"])
