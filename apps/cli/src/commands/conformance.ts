/** `tenterhook conformance run PATH…`: holds an implementation against cases. */
import type { Subject } from "@tenterhook/conformance"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { existsSync } from "node:fs"
import { answers } from "../CommandLine.ts"
import { type CasePlugins, openCasePlugins } from "../conformance/CasePlugins.ts"
import { exitCode } from "../ExitCode.ts"
import { jsonFlag, pluginFlag } from "../flags.ts"
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
      Flag.withMetavar("engine|cli|server|URL"),
      Flag.withDescription(
        "What is held against the cases: the engine in this process, this command line as a process, a server that it starts, or the server at a URL"
      )
    ),
    key: Flag.String("key").pipe(
      Flag.optional,
      Flag.withMetavar("th_…"),
      Flag.withDescription("The key for the server at a URL; it needs every scope. Default: TENTERHOOK_KEY")
    ),
    only: Flag.String("only").pipe(
      Flag.optional,
      Flag.withMetavar("text"),
      Flag.withDescription("Only cases whose title or file contains this")
    ),
    plugin: pluginFlag,
    json: jsonFlag
  },
  answers(async ({ paths, subject: name, key, only, plugin, json }, { words }) => {
    const open = subjectOf(name, Option.getOrUndefined(key), plugin)
    for (const path of paths) {
      if (!existsSync(path)) throw new Refusal(`${path}: there is no such file or folder`)
    }
    const { formatSuite, runCases } = await import("@tenterhook/conformance")
    const progress = words.hears("Info") ? startProgress() : null
    let done = 0
    const filter = Option.getOrUndefined(only)
    const { subject, close } = await open()
    let result
    try {
      result = await runCases(paths, subject, {
        ...(filter === undefined ? {} : { only: filter }),
        onResult: (it, total) => progress?.at(`${++done} of ${total} cases; last: ${it.title}`)
      })
    } finally {
      progress?.clear()
      const remark = await close()
      if (remark !== null && result?.ok !== true) words.warn(remark)
    }
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
    },
    {
      command: "TENTERHOOK_KEY=th_… tenterhook conformance run cases --subject http://127.0.0.1:4700",
      description: "Your cases on a server of this machine that was started with --allow 127.0.0.0/8"
    }
  ])
)

export const conformance = Command.make("conformance").pipe(
  Command.withDescription("Holds an implementation against conformance cases."),
  Command.withSubcommands([run])
)

interface Opened {
  readonly subject: Subject
  /** Gives words that may explain why cases failed. */
  readonly close: () => Promise<string | null>
}

const subjectOf = (name: string, key: string | undefined, plugins: ReadonlyArray<string>): (() => Promise<Opened>) => {
  if (/^https?:\/\//.test(name)) {
    if (!URL.canParse(name)) throw new Refusal(`--subject: expected a URL as http://127.0.0.1:4700, got "${name}"`)
    if (plugins.length > 0)
      throw new Refusal("--plugin: the server at a URL has its own; start it with serve --plugin", {
        hint: "--subject engine, cli or server takes plug-ins"
      })
    const given = key ?? process.env["TENTERHOOK_KEY"]
    return async () => lasting((await import("../conformance/serverSubject.ts")).urlSubject(name, given))
  }
  if (key !== undefined) throw new Refusal(`--key: only for the server at a URL, and --subject is "${name}"`)
  const open = Object.hasOwn(subjects, name) ? subjects[name as keyof typeof subjects] : undefined
  if (open !== undefined) return async () => open(await openCasePlugins(plugins))
  throw new Refusal(`--subject: expected engine, cli, server or a URL, got "${name}"`)
}

const lasting = (subject: Subject): Opened => ({ subject, close: async () => null })

const subjects = {
  engine: async (plugins: CasePlugins) =>
    lasting((await import("../conformance/engineSubject.ts")).engineSubject(plugins)),
  cli: async (plugins: CasePlugins) => lasting((await import("../conformance/cliSubject.ts")).cliSubject(plugins)),
  server: async (plugins: CasePlugins) => (await import("../conformance/serverSubject.ts")).ownServerSubject(plugins)
}
