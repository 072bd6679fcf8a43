/** `tenterhook keys`: who may ask the server of a data folder, beside a running server or before its first run. */
import type { KeyRecord, OpenKeys } from "@tenterhook/server/keys"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { existsSync } from "node:fs"
import { does } from "../CommandLine.ts"
import { fromHere } from "../currentFolder.ts"
import { exitCode } from "../ExitCode.ts"
import { databaseFlag, databaseOf } from "../databaseFlag.ts"
import { jsonFlag } from "../flags.ts"
import { Refusal } from "../Refusal.ts"
import { shortPath } from "../show/shortPath.ts"
import { type Pen, penFor, print, printJson } from "../terminal/Terminal.ts"

const data = Flag.String("data").pipe(
  Flag.optional,
  Flag.withMetavar("folder"),
  Flag.withDescription("The server's data folder; .tenterhook where absent")
)

const create = Command.make(
  "create",
  {
    name: Flag.String("name").pipe(
      Flag.optional,
      Flag.withMetavar("text"),
      Flag.withDescription("What `keys list` calls it")
    ),
    scope: Flag.String("scope").pipe(
      Flag.atLeast(0),
      Flag.withMetavar("scope"),
      Flag.withDescription("What it may do, as fires:write; may be repeated. Without: everything")
    ),
    data,
    database: databaseFlag,
    json: jsonFlag
  },
  does((flags, { words }) =>
    withKeys(flags, true, async (keys) => {
      const name = Option.getOrUndefined(flags.name)
      const created = await keys.create({ scopes: flags.scope, ...(name === undefined ? {} : { name }) })
      if (flags.json) printJson({ ...created, createdAt: timeOf(created.createdAt) })
      else {
        print(created.key)
        words.info(`${created.id}  ${created.scopes.join(" ")}  (the key is shown once; only its hash is kept)`)
      }
      return exitCode.ok
    })
  )
).pipe(
  Command.withDescription("Makes a key and prints it, once. A running server takes it from then on."),
  Command.withShortDescription("Make a key"),
  Command.withExamples([
    { command: "tenterhook keys create --name ci --scope fires:write", description: "A key that may only fire" }
  ])
)

const list = Command.make(
  "list",
  { data, database: databaseFlag, json: jsonFlag },
  does((flags) =>
    withKeys(flags, false, async (keys) => {
      const all = await keys.list()
      if (flags.json) printJson(all.map(printed))
      else print(all.length === 0 ? "no keys" : all.map((key) => format(key, penFor(process.stdout))).join("\n"))
      return exitCode.ok
    })
  )
).pipe(
  Command.withDescription(
    "All keys, the newest first, with those that were revoked. The keys themselves are not kept."
  ),
  Command.withShortDescription("All keys")
)

const revoke = Command.make(
  "revoke",
  {
    id: Argument.String("id").pipe(Argument.withDescription("As `keys list` prints it: key_…")),
    data,
    database: databaseFlag,
    json: jsonFlag
  },
  does((flags) =>
    withKeys(flags, false, async (keys) => {
      const revoked = await keys.revoke(flags.id)
      if (flags.json) printJson(printed(revoked))
      else print(format(revoked, penFor(process.stdout)))
      return exitCode.ok
    })
  )
).pipe(
  Command.withDescription("Ends a key. A running server refuses it within a second."),
  Command.withShortDescription("End a key")
)

export const keys = Command.make("keys").pipe(
  Command.withDescription(
    "The keys of a server, in its data folder: beside a running server, or before its first run."
  ),
  Command.withShortDescription("Who may ask the server"),
  Command.withSubcommands([create, list, revoke])
)

const withKeys = async (
  flags: { readonly data: Option.Option<string>; readonly database: Option.Option<string> },
  isNewTaken: boolean,
  work: (keys: OpenKeys) => Promise<number>
): Promise<number> => {
  const databaseUrl = databaseOf(flags.database, flags.data)
  const path = fromHere(Option.getOrElse(flags.data, () => ".tenterhook"))
  const { databaseFile, KeysError, NoDatabase, openKeys } = await import("@tenterhook/server/keys")
  if (Option.isNone(databaseUrl) && !isNewTaken && !existsSync(databaseFile(path))) {
    throw new Refusal(`${shortPath(path)}: no server keeps its data here`, {
      hint: "`serve` and `keys create` make one; --data names the folder"
    })
  }
  const opened = openKeys(Option.isSome(databaseUrl) ? { databaseUrl: databaseUrl.value } : { data: path })
  try {
    return await work(opened)
  } catch (error) {
    throw error instanceof KeysError || error instanceof NoDatabase ? new Refusal(error.message) : error
  } finally {
    await opened.close()
  }
}

const format = (key: KeyRecord, pen: Pen): string =>
  [
    pen.bold(key.id),
    key.revokedAt === null ? pen.good("valid") : pen.bad(`revoked ${timeOf(key.revokedAt)}`),
    ...(key.name === null ? [] : [key.name]),
    key.scopes.join(" "),
    pen.dim(
      `made ${timeOf(key.createdAt)}, ${key.lastUsedAt === null ? "never used" : `used ${timeOf(key.lastUsedAt)}`}`
    )
  ].join("  ")

const printed = (key: KeyRecord) => ({
  ...key,
  createdAt: timeOf(key.createdAt),
  lastUsedAt: key.lastUsedAt === null ? null : timeOf(key.lastUsedAt),
  revokedAt: key.revokedAt === null ? null : timeOf(key.revokedAt)
})

const timeOf = (at: number): string => new Date(at).toISOString()
