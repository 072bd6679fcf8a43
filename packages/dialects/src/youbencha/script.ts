/** The `script` hook: a command, before the agent runs or after its evaluation. */
import {
  type Decoded,
  EncodeError,
  type EventContext,
  type Fire,
  type FunctionAction,
  type ShellAction,
  skipped,
  succeeded,
  textOf
} from "@tenterhook/core"
import { Effect } from "effect"
import { denialIn } from "../answer/denialIn.ts"
import { resolvePath } from "../config/path.ts"
import type { ScriptConfig } from "./Config.ts"
import { type EntryOf, failure, type Kind, type Setting } from "./Kind.ts"
import { filled, known, missingIn, replaceAll, replaceFirst, type Values, valuesOf } from "./Values.ts"

export const scriptKind: Kind<EntryOf<"script">> = {
  planned: ({ entry: { config } }, mode) =>
    isBlank(config) ? nothing : shellAction({ run: runOf(config.command, config.args ?? [], mode) }),

  timeoutMs: ({ entry }) => timeoutOf(entry.config),

  encode: (setting, fire) => {
    const { list, config } = setting.entry
    if (isBlank(config)) return Effect.succeed({ action: nothing })
    const values = valuesIn(setting, fire)
    const missing = missingVariables(setting, values, fire)
    if (missing.length > 0) return Effect.fail(new EncodeError({ reason: "missing", text: missing.join("; ") }))
    const base = list === "pre_execution" ? (["PATH", "HOME", "USER"] as const) : ("inherit" as const)
    const action = shellAction({
      run: filledRun(config, values, fire.mode),
      env: {
        base,
        set: { ...values, ...(fire.mode === "upstream" ? config.env : filled(config.env, values, fire.context)) }
      },
      ...folderOf(setting, values, fire.context)
    })
    return Effect.succeed({ action })
  },

  decode: (setting, fire, end): Decoded => {
    const { list, config } = setting.entry
    if (isBlank(config)) {
      return {
        outcome: skipped("unavailable", [{ level: "warn", text: "its command is blank: it was skipped" }]),
        decisive: false,
        message: `${list === "pre_execution" ? "Pre-execution" : "Post-evaluation"} preconditions not met`
      }
    }
    if (end._tag === "failure") {
      if (end.reason === "timeout") return failure("timeout", `Script timed out after ${timeoutOf(config)}ms`)
      const unknown = missingVariables(setting, valuesIn(setting, fire), fire).length > 0
      return unknown ? failure(end.reason, end.message) : failure(end.reason, "Failed to execute script", end.message)
    }
    if (end.status === 0) {
      const denial = list === "pre_execution" && fire.mode !== "upstream" ? denialIn(textOf(end.output)) : undefined
      return denial === undefined
        ? { outcome: succeeded(), decisive: false, message: "Script completed successfully" }
        : failure(
            "decode",
            `Script exited with code 0 and denied on stdout: ${denial}; to deny, exit with another code`
          )
    }
    return end.status === null
      ? failure("signal", `Script was ended by ${end.signal ?? "a signal"}`)
      : failure("exit", `Script exited with code ${end.status}`)
  }
}

/** What a blank command comes to: nothing is started. */
const nothing: FunctionAction = { kind: "function", run: function nothing() {} }

const isBlank = ({ command }: ScriptConfig) => command.trim() === ""

const timeoutOf = ({ timeout_ms = 30_000 }: ScriptConfig) => timeout_ms

const valuesIn = ({ entry, testCase }: Setting<EntryOf<"script">>, { context, mode }: Fire): Values =>
  valuesOf(entry.list, context, testCase, mode)

const filledRun = ({ command, args = [] }: ScriptConfig, values: Values, mode: string): ShellAction["run"] => {
  const replace = mode === "upstream" ? replaceFirst : replaceAll
  const program = mode === "upstream" || args.length === 0 ? command : replaceAll(command, values)
  const filledArgs = args.map((arg) => replace(arg, values))
  return runOf(program, filledArgs, mode)
}

/** Arguments are executed exactly as they stand; a command without any is a line for the shell. The product joins them into one. */
const runOf = (command: string, args: ReadonlyArray<string>, mode: string): ShellAction["run"] =>
  args.length === 0 || mode === "upstream" ? { command: [command, ...args].join(" ") } : { argv: [command, ...args] }

/** The product takes `env` literally. */
const missingVariables = (
  { entry: { list, config } }: Setting<EntryOf<"script">>,
  values: Values,
  { context, mode }: Fire
) => (mode === "upstream" ? [] : missingIn(config.env, "env.", list, values, context))

const folderOf = (
  { entry }: Setting<EntryOf<"script">>,
  values: Values,
  { cwd }: EventContext
): Pick<ShellAction, "cwd"> => {
  const folder =
    known(entry.config.working_dir) ?? (entry.list === "pre_execution" ? values.WORKSPACE_DIR : undefined) ?? cwd
  return folder === undefined ? {} : { cwd: cwd === undefined ? folder : resolvePath(cwd, folder) }
}

const shellAction = (of: Pick<ShellAction, "run"> & Partial<ShellAction>): ShellAction => ({
  kind: "shell",
  env: { base: "closed", set: {} },
  stdin: "empty",
  mkdir: [],
  ...of
})
