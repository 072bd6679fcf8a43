/** `tenterhook check`: whether configs can be loaded, and what in them is unlikely to be meant. */
import { ConfigError, type LoadNotice } from "@tenterhook/core"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { does } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { configFlags, jsonFlag } from "../flags.ts"
import { formatNotice, hooksOptions, nothingFound } from "../openHooks.ts"
import { shortPath } from "../show/shortPath.ts"
import { type Pen, penFor, print, printJson } from "../terminal/Terminal.ts"

export const check = Command.make(
  "check",
  {
    ...configFlags,
    strict: Flag.Boolean("strict").pipe(
      Flag.withDefault(false),
      Flag.withoutNegation,
      Flag.withDescription("Warnings fail the check: exit code 1")
    ),
    json: jsonFlag
  },
  does(async (flags) => {
    const checked = await checkConfigs(flags)
    if (flags.json) printJson(checked.ok ? checked.answer : { ok: false, problems: checked.problems })
    else print(formatCheck(checked, penFor(process.stdout)))
    if (!checked.ok) return exitCode.usage
    const warnings = checked.answer.notices.length + checked.answer.lint.length
    return flags.strict && warnings > 0 ? exitCode.failure : exitCode.ok
  })
).pipe(
  Command.withDescription(
    "Loads configs without running a hook. Exit code 2 when one cannot be loaded, each problem with its line; warnings about unknown events and keys, matchers that can never match, deadlines in the wrong unit and scripts that are missing."
  ),
  Command.withShortDescription("Validate and lint configs"),
  Command.withExamples([{ command: "tenterhook check --config coder.json", description: "One config" }])
)

type Checked =
  | {
      readonly ok: true
      readonly files: ReadonlyArray<{ readonly name: string; readonly dialect: string; readonly hooks: number }>
      readonly answer: {
        readonly ok: true
        readonly notices: ReadonlyArray<LoadNotice>
        readonly lint: ReadonlyArray<LoadNotice>
      }
    }
  | { readonly ok: false; readonly problems: ConfigError["problems"] }

const checkConfigs = async (flags: Parameters<typeof hooksOptions>[0]): Promise<Checked> => {
  const [{ createHooks, discoveredNotice }, { lint }, { current }] = await Promise.all([
    import("@tenterhook/sdk"),
    import("../lint/lint.ts"),
    import("../show/sets.ts")
  ])
  let hooks
  try {
    hooks = await createHooks(hooksOptions(flags))
  } catch (error) {
    if (error instanceof ConfigError) return { ok: false, problems: error.problems }
    throw error
  }
  try {
    if (hooks.sets.length === 0) throw await nothingFound()
    const notices = hooks.notices.filter(({ text }) => text !== discoveredNotice)
    const linted = (await Promise.all(hooks.sets.map(lint))).flat()
    const files = hooks.sets.map(current).map((set) => ({
      name: set.file === null ? `(${set.dialect})` : shortPath(set.file),
      dialect: set.dialect,
      hooks: set.hooks.length
    }))
    return { ok: true, files, answer: { ok: true, notices, lint: linted } }
  } finally {
    await hooks.close()
  }
}

const formatCheck = (checked: Checked, pen: Pen): string => {
  if (!checked.ok) {
    const { problems } = checked
    return [
      ...problems.map((problem) => `${pen.bad("error:")} ${formatNotice(problem)}`),
      `${problems.length} ${problems.length === 1 ? "problem" : "problems"}; nothing of this config runs until it is mended`
    ].join("\n")
  }
  const warnings = [...checked.answer.notices, ...checked.answer.lint]
  return [
    ...warnings.map((warning) => `${pen.doubtful("warning:")} ${formatNotice(warning)}`),
    ...checked.files.map(
      ({ name, dialect, hooks }) =>
        `${pen.good("ok:")} ${name} (${dialect}), ${hooks} ${hooks === 1 ? "hook" : "hooks"}`
    )
  ].join("\n")
}
