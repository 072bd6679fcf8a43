/** The flags that several commands share. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { parseDuration } from "./duration.ts"
import { Refusal } from "./Refusal.ts"

/** For every command that reads configs or runs hooks. */
export const pluginFlag = Flag.String("plugin").pipe(
  Flag.atLeast(0),
  Flag.withMetavar("module"),
  Flag.withDescription("A module that exports dialects and adapters: a file, or an installed package; repeatable")
)

/** Which hooks: every command that loads configs has these. */
export const configFlags = {
  config: Flag.String("config").pipe(
    Flag.withAlias("c"),
    Flag.atLeast(0),
    Flag.withMetavar("file"),
    Flag.withDescription("A hook config; may be repeated. Without: looked for from here up to the repository's root")
  ),
  dialect: Flag.String("dialect").pipe(
    Flag.optional,
    Flag.withMetavar("name"),
    Flag.withDescription("The language of the configs; recognized where absent")
  ),
  mode: Flag.String("mode").pipe(
    Flag.optional,
    Flag.withMetavar("name"),
    Flag.withDescription("The dialect's mode, as upstream; its documented behaviour where absent")
  ),
  lenient: Flag.Boolean("lenient").pipe(
    Flag.withDefault(false),
    Flag.withoutNegation,
    Flag.withDescription("Unknown keys and events of a native config are warnings, for a config of a newer version")
  ),
  plugin: pluginFlag
}

export interface PluginFlags {
  readonly plugin: ReadonlyArray<string>
}

export interface ConfigFlags extends PluginFlags {
  readonly config: ReadonlyArray<string>
  readonly dialect: Option.Option<string>
  readonly mode: Option.Option<string>
  readonly lenient: boolean
}

/** What happened, and who and where. */
export const contextFlags = {
  context: Flag.String("context").pipe(
    Flag.optional,
    Flag.withMetavar("json"),
    Flag.withDescription("The event's context: JSON, @file, or - for stdin (at most 64 MiB)")
  ),
  set: Flag.String("set").pipe(
    Flag.atLeast(0),
    Flag.withMetavar("key=value"),
    Flag.withDescription("One value of the context, e.g. tool.name=bash; repeatable; overrides --context")
  )
}

export interface ContextFlags {
  readonly context: Option.Option<string>
  readonly set: ReadonlyArray<string>
}

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDefault(false),
  Flag.withoutNegation,
  Flag.withDescription("One JSON value on stdout, for programs")
)

export const timeoutFlag = Flag.String("timeout").pipe(
  Flag.optional,
  Flag.withMetavar("time"),
  Flag.withDescription("Ends the command after this time, as 5s or 1m30s, with exit code 124")
)

/** Milliseconds; null for no limit. */
export const timeoutOf = (flag: Option.Option<string>): number | null => {
  if (Option.isNone(flag)) return null
  const milliseconds = parseDuration(flag.value)
  if (milliseconds !== null && milliseconds > 0) return milliseconds
  throw new Refusal(`--timeout: expected a time with its unit, as 500ms, 5s or 1m30s, got "${flag.value}"`)
}
