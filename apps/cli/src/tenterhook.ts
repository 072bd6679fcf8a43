/** All commands. Each is light to define; what it needs to run is loaded when it runs. */
import * as Command from "effect/cli/Command"
import { check } from "./commands/check.ts"
import { conformance } from "./commands/conformance.ts"
import { deliver } from "./commands/deliver.ts"
import { deliveries } from "./commands/deliveries.ts"
import { exec } from "./commands/exec.ts"
import { explain } from "./commands/explain.ts"
import { fire } from "./commands/fire.ts"
import { init } from "./commands/init.ts"
import { keys } from "./commands/keys.ts"
import { list } from "./commands/list.ts"
import { migrate } from "./commands/migrate.ts"
import { schema } from "./commands/schema.ts"
import { serve } from "./commands/serve.ts"
import { Refusal } from "./Refusal.ts"

export const tenterhook = Command.make("tenterhook").pipe(
  Command.withDescription("Runs the hooks of AI agents: point it at a hook config, announce an event, get one report."),
  Command.withSubcommands([
    fire,
    explain,
    list,
    check,
    init,
    exec,
    deliver,
    deliveries,
    serve,
    keys,
    migrate,
    conformance,
    schema
  ])
)

/** At the first `--`: what is ours, and what belongs to the command that `exec` runs. */
export const splitRest = (argv: ReadonlyArray<string>) => {
  const at = argv.indexOf("--")
  return at < 0 ? { own: argv, rest: null } : { own: argv.slice(0, at), rest: argv.slice(at + 1) }
}

/** Only `exec` runs a command of somebody else's. */
export const usage = (own: ReadonlyArray<string>, rest: ReadonlyArray<string> | null): void => {
  if (rest === null || own.includes("exec") || own.includes("--help") || own.includes("-h")) return
  throw new Refusal("only exec takes a command after --", { hint: "`tenterhook exec --help` tells how it is used" })
}
