/** `tenterhook check`: loads the configs, and looks for what is probably not meant. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { type Checked, checkConfigs } from "../check/checkConfigs.ts"
import { github } from "../check/reporter/github.ts"
import { json } from "../check/reporter/json.ts"
import { junit } from "../check/reporter/junit.ts"
import { sarif } from "../check/reporter/sarif.ts"
import { text } from "../check/reporter/text.ts"
import { answers } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { configFlags, jsonFlag } from "../flags.ts"
import { Refusal } from "../Refusal.ts"
import { shortPath } from "../show/shortPath.ts"
import { print } from "../terminal/Terminal.ts"

const reporters = { text, json, github, sarif, junit }

export const check = Command.make(
  "check",
  {
    files: Argument.String("file").pipe(Argument.variadic(), Argument.withDescription("Configs, like --config")),
    ...configFlags,
    strict: Flag.Boolean("strict").pipe(
      Flag.withDefault(false),
      Flag.withoutNegation,
      Flag.withDescription("Exit code 1 where there is a warning")
    ),
    reporter: Flag.Literals("reporter", ["text", "json", "github", "sarif", "junit"]).pipe(
      Flag.optional,
      Flag.withDescription(
        "How the result is printed: text (default), json, github (annotations of a workflow), sarif (2.1.0), junit (XML)"
      )
    ),
    json: jsonFlag
  },
  answers(async ({ files, reporter: named, ...flags }, { words }) => {
    const name = Option.getOrElse(named, () => (flags.json ? "json" : "text"))
    if (flags.json && name !== "json") throw new Refusal(`--json and --reporter ${name} exclude each other`)
    const checked = await checkConfigs({ ...flags, config: [...flags.config, ...files] })
    const result = { ...checked, strict: flags.strict, exitCode: codeOf(checked, flags.strict) }

    for (const file of checked.discovered) words.info(`using ${shortPath(file)}, found from here; --config names one`)
    print(reporters[name](result))
    if (checked.hint !== undefined && name !== "json") words.info(checked.hint)
    return result.exitCode
  })
).pipe(
  Command.withDescription(
    "Loads the configs and prints every problem with its place (exit code 2), then what is probably not meant: unknown events and keys, matchers that can never match, wrong units of time, scripts that are missing or cannot run, exit codes that do not deny, values that may be too long, names without a value."
  ),
  Command.withShortDescription("Validate the configs and look for likely mistakes"),
  Command.withExamples([
    { command: "tenterhook check coder.json", description: "One config" },
    { command: "tenterhook check --strict", description: "For CI: a warning is a failure" },
    { command: "tenterhook check --strict --reporter github", description: "The same in a GitHub workflow" }
  ])
)

const codeOf = ({ problems, notices, lint }: Checked, strict: boolean): number => {
  if (problems.length > 0) return exitCode.usage
  return strict && notices.length + lint.length > 0 ? exitCode.failure : exitCode.ok
}
