/** Where a server's database is, if not in its data folder. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"

export const databaseFlag = Flag.String("database-url").pipe(
  Flag.optional,
  Flag.withMetavar("postgres://…"),
  Flag.withDescription(
    "A Postgres that keeps everything, in place of the data folder; DATABASE_URL of the environment where absent. Others on this machine can see a command line: prefer the environment"
  )
)

/** A folder that was named means that folder, whatever the environment says. */
export const databaseOf = (flag: Option.Option<string>, folder: Option.Option<string> = Option.none()) => {
  if (Option.isSome(flag)) return flag
  const url = process.env["DATABASE_URL"]
  return Option.isSome(folder) || url === undefined || url === "" ? Option.none<string>() : Option.some(url)
}
