/** `tenterhook conformance run PATH…`: holds an implementation against cases. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { existsSync } from "node:fs"
import { does } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { jsonFlag } from "../flags.ts"
import { Refusal } from "../Refusal.ts"
import { startProgress } from "../terminal/progress.ts"
import { print, printJson } from "../terminal/Terminal.ts"

const run = Command.make(
  "run",
  {
    paths: Argument.String("path").pipe(
      Argument.variadic({ min: 1 }),
      Argument.withDescription("Case files, or folders of them")
    ),
    subject: Flag.String("subject").pipe(
      Flag.withDefault("engine"),
      Flag.withMetavar("engine|cli"),
      Flag.withDescription(
        "What is held against the cases: the engine in this process, or this command line as a process"
      )
    ),
    only: Flag.String("only").pipe(
      Flag.optional,
      Flag.withMetavar("text"),
      Flag.withDescription("Only cases whose title or file contains this")
    ),
    json: jsonFlag
  },
  does(async ({ paths, subject, only, json }, { words }) => {
    const open = subjectOf(subject)
    for (const path of paths) {
      if (!existsSync(path)) throw new Refusal(`${path}: there is no such file or folder`)
    }
    const { formatSuite, runCases } = await import("@tenterhook/conformance")
    const progress = words.hears("Info") ? startProgress() : null
    let done = 0
    const filter = Option.getOrUndefined(only)
    const result = await runCases(paths, await open(), {
      ...(filter === undefined ? {} : { only: filter }),
      onResult: (it, total) => progress?.at(`${++done} of ${total} cases; last: ${it.title}`)
    })
    progress?.clear()
    if (json) printJson(result)
    else print(formatSuite(result))
    return result.ok ? exitCode.ok : exitCode.failure
  })
).pipe(
  Command.withDescription(
    "Runs cases. Exit code 0 only when none failed and at least one passed; each skipped case is named with its reason."
  ),
  Command.withExamples([
    {
      command: "tenterhook conformance run packages/conformance/cases --subject cli",
      description: "All cases of the repository, on this command line"
    }
  ])
)

export const conformance = Command.make("conformance").pipe(
  Command.withDescription("Holds an implementation against conformance cases."),
  Command.withSubcommands([run])
)

const subjectOf = (name: string) => {
  const open = Object.hasOwn(subjects, name) ? subjects[name as keyof typeof subjects] : undefined
  if (open !== undefined) return open
  const later = name === "server" || /^https?:/.test(name)
  throw new Refusal(
    later
      ? `--subject ${name}: comes with the server, which is not part of this version`
      : `--subject: expected engine or cli, got "${name}"`
  )
}

const subjects = {
  engine: async () => (await import("../conformance/engineSubject.ts")).engineSubject(),
  cli: async () => (await import("../conformance/cliSubject.ts")).cliSubject()
}
