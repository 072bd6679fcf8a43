/** `tenterhook check`: loads the configs, and looks for what is probably not meant. */
import { ConfigError, type ConfigProblem, type HookSet, type LoadNotice } from "@tenterhook/core"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { answers } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { type ConfigFlags, configFlags, jsonFlag } from "../flags.ts"
import { formatNotice, hooksOptions } from "../openHooks.ts"
import { refusalOf } from "../Refusal.ts"
import { current } from "../show/sets.ts"
import { shortPath } from "../show/shortPath.ts"
import { type Pen, penFor, print, printJson } from "../terminal/Terminal.ts"
import type { Finding } from "../lint/Finding.ts"

export const check = Command.make(
  "check",
  {
    ...configFlags,
    strict: Flag.Boolean("strict").pipe(
      Flag.withDefault(false),
      Flag.withoutNegation,
      Flag.withDescription("Exit code 1 where there is a warning")
    ),
    json: jsonFlag
  },
  answers(async (flags, { words }) => {
    const result = await checkAll(flags)
    if (!result.ok) {
      if (flags.json) printJson({ ok: false, problems: result.problems })
      else
        for (const problem of result.problems) print(`${penFor(process.stdout).bad("error")} ${formatNotice(problem)}`)
      if (!flags.json && result.hint !== undefined) words.info(result.hint)
      return exitCode.usage
    }
    const { notices, lint, sets, discovered } = result
    for (const file of discovered) words.info(`using ${shortPath(file)}, found from here; --config names one`)
    if (flags.json) printJson({ ok: true, notices, lint })
    else print(formatOk(sets, [...notices, ...lint], penFor(process.stdout)))
    return flags.strict && notices.length + lint.length > 0 ? exitCode.failure : exitCode.ok
  })
).pipe(
  Command.withDescription(
    "Loads the configs and tells every problem with its place (exit code 2), then what is probably not meant: unknown events and keys, matchers that can never match, wrong units of time, scripts that are missing or cannot run, exit codes that do not deny, values that may be too long, names without a value."
  ),
  Command.withShortDescription("Validate the configs and look for likely mistakes"),
  Command.withExamples([
    { command: "tenterhook check --config coder.json", description: "One config" },
    { command: "tenterhook check --strict", description: "For CI: a warning is a failure" }
  ])
)

type Checked =
  | { readonly ok: false; readonly problems: ReadonlyArray<ConfigProblem>; readonly hint?: string | undefined }
  | {
      readonly ok: true
      readonly sets: ReadonlyArray<HookSet>
      readonly notices: ReadonlyArray<LoadNotice>
      readonly lint: ReadonlyArray<Finding>
      /** Configs that nobody named. */
      readonly discovered: ReadonlyArray<string>
    }

const checkAll = async (flags: ConfigFlags): Promise<Checked> => {
  let sets: ReadonlyArray<HookSet>
  try {
    sets = await load(flags)
  } catch (error) {
    return error instanceof ConfigError ? { ok: false, problems: error.problems } : refused(error)
  }

  const { discoveredNotice } = await import("@tenterhook/sdk")
  const { lint } = await import("../lint/lint.ts")
  const now = sets.map(current)
  const all = unique([...sets, ...now].flatMap((set) => set.notices))
  return {
    ok: true,
    sets: now,
    notices: all.filter(({ text }) => text !== discoveredNotice),
    lint: await lint(now),
    discovered: all.filter(({ text }) => text === discoveredNotice).map(({ file }) => file!)
  }
}

const load = async (flags: ConfigFlags): Promise<ReadonlyArray<HookSet>> => {
  const { createHooks } = await import("@tenterhook/sdk")
  const hooks = await createHooks(hooksOptions(flags))
  await hooks.close()
  return hooks.sets
}

/** What keeps it from loading anything: there is no config, or no such dialect. */
const refused = (error: unknown): Checked => {
  const { code, message, hint } = refusalOf(error)
  if (code !== exitCode.usage) throw error
  return { ok: false, problems: [{ file: null, line: null, column: null, path: "", text: message }], hint }
}

const unique = (notices: ReadonlyArray<LoadNotice>) => [
  ...new Map(notices.map((notice) => [JSON.stringify(notice), notice])).values()
]

const formatOk = (sets: ReadonlyArray<HookSet>, warnings: ReadonlyArray<LoadNotice>, pen: Pen): string =>
  [
    ...warnings.map((warning) => `${pen.doubtful("warning")} ${formatNotice(warning)}`),
    ...sets.map(
      (set) =>
        `${set.file === null ? `(${set.dialect})` : shortPath(set.file)}: ${pen.good("ok")}, ${set.dialect}, ${counted(set.hooks.length, "hook")}`
    ),
    ...(warnings.length === 0 ? [] : [counted(warnings.length, "warning")])
  ].join("\n")

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`
