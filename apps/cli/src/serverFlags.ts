/** Hooks that run on a server: where it is, the key for it, and whose hooks are meant. */
import type { ServerHooks } from "@tenterhook/sdk/connect"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import type { ConfigFlags } from "./flags.ts"
import type { OutboxFlags, ToolFlags } from "./hostFlags.ts"
import { hooksOptions } from "./openHooks.ts"
import { Refusal } from "./Refusal.ts"

export const serverFlags = {
  server: Flag.String("server").pipe(
    Flag.optional,
    Flag.withMetavar("url"),
    Flag.withDescription("Runs the hooks on a Tenterhook server, as http://127.0.0.1:4700, and not here")
  ),
  key: Flag.String("key").pipe(
    Flag.optional,
    Flag.withMetavar("th_…"),
    Flag.withDescription(
      "The server's key; TENTERHOOK_KEY of the environment where absent. Others on this machine can see a command line: prefer the environment"
    )
  ),
  agent: Flag.String("agent").pipe(
    Flag.optional,
    Flag.withMetavar("id"),
    Flag.withDescription("With --server: the hooks of this agent")
  ),
  hookSet: Flag.String("hook-set").pipe(
    Flag.optional,
    Flag.withMetavar("id"),
    Flag.withDescription("With --server: this hook set; --config instead sends a config along")
  )
}

export interface ServerFlags {
  readonly server: Option.Option<string>
  readonly key: Option.Option<string>
  readonly agent: Option.Option<string>
  readonly hookSet: Option.Option<string>
}

/** Null where the hooks run here. Refuses flags that make no sense together. Sends nothing yet. */
export const openServerHooks = async (
  flags: ServerFlags & ConfigFlags & Partial<ToolFlags & OutboxFlags>
): Promise<ServerHooks | null> => {
  const url = Option.getOrUndefined(flags.server)
  const given = Object.keys(names).filter((name) => isGiven(flags[name as keyof typeof names]))
  const ours = given.filter((name) => !(name in hereOnly)).map((name) => names[name as keyof typeof names])
  if (url === undefined) {
    const [lonely] = ["key", "agent", "hookSet"].filter((name) => given.includes(name))
    if (lonely === undefined) return null
    throw new Refusal(`${names[lonely as keyof typeof names]} is for hooks on a server, and there is no --server`)
  }
  const [misplaced] = given.filter((name) => name in hereOnly) as ReadonlyArray<keyof typeof hereOnly>
  if (misplaced !== undefined) {
    throw new Refusal(`${hereOnly[misplaced]} is for hooks that run here; with --server the server has its own`)
  }
  const brought = ours.filter((name) => ["--config", "--dialect"].includes(name))
  const whose = [...ours.filter((name) => ["--agent", "--hook-set"].includes(name)), ...brought.slice(0, 1)]
  if (whose.length === 0) {
    throw new Refusal("--server: whose hooks? One of --agent, --hook-set and --config is needed", {
      hint: "a config is not looked for here when the hooks run on a server"
    })
  }
  if (whose.length > 1) throw new Refusal(`${whose.join(" and ")} name different hooks; only one of them can be meant`)
  if (brought.length === 0 && isGiven(flags.mode)) throw new Refusal(`--mode is for --config; ${whose[0]} has its own`)
  if (brought.length === 0 && flags.lenient) throw new Refusal(`--lenient is for --config; ${whose[0]} has its own`)

  const { connectHooks } = await import("@tenterhook/sdk/connect")
  const key = Option.getOrElse(flags.key, () => process.env["TENTERHOOK_KEY"] ?? "").trim()
  const { config, ...rest } = hooksOptions(flags)
  return connectHooks({
    ...rest,
    ...(config === undefined ? {} : { config }),
    url,
    ...(key === "" ? {} : { key }),
    ...(Option.isNone(flags.agent) ? {} : { agent: flags.agent.value }),
    ...(Option.isNone(flags.hookSet) ? {} : { hookSet: flags.hookSet.value })
  })
}

const hereOnly = {
  tools: "--tools",
  shared: "--shared",
  data: "--data",
  endpoints: "--endpoints",
  allow: "--allow",
  plugin: "--plugin"
} as const

const names = {
  key: "--key",
  agent: "--agent",
  hookSet: "--hook-set",
  config: "--config",
  dialect: "--dialect",
  ...hereOnly
} as const

const isGiven = (flag: ReadonlyArray<string> | Option.Option<string> | undefined): boolean =>
  flag !== undefined && (Option.isOption(flag) ? Option.isSome(flag) : flag.length > 0)
