/** A command line as a real process, held to its contract: its words, its exit codes, and one JSON value on stdout. */
import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type McpServer, openMcpServer } from "../host/openMcpServer.ts"
import { temporaryFolder } from "../host/temporaryFolder.ts"
import type { CaseSetup, ExecResult, LoadResult, Session, Subject } from "../run/Subject.ts"
import { type CommandResult, openCommands } from "./command.ts"
import { noticeText, type Remark } from "./noticeText.ts"

/**
 * `command` is the program with its first arguments; the kit adds
 * `fire <event> --json --context @file [--config …]* --dialect D [--mode M] [--lenient]` (exit code 0, 3 or 4 by `proceed` and `resume`, 2: refused),
 * `exec --report <file> … -- argv…` (the file holds `{start, end, exitCode}`), and
 * `check --json …` (exit code 0 with `{ok: true, notices}`, 2 with `{ok: false, problems}`).
 * For a case with tools, receivers or endpoints `fire` and `exec` also get `--tools <file>` (`{mcpServers}`: an MCP server
 * that has them), `--allow <host:port>` (what may be reached on loopback), and `--data <folder> --endpoints <file>`
 * (`{endpoints}`); they end when what could be delivered was, and no later than ten seconds after their work.
 */
export const commandSubject = (
  command: ReadonlyArray<string>,
  options: {
    readonly name?: string
    readonly needs?: ReadonlyArray<string>
    /** Further arguments of `fire`, `exec` and `check`, e.g. the plug-ins that the cases are written for. */
    readonly args?: ReadonlyArray<string>
  } = {}
): Subject => ({
  name: options.name ?? "cli",
  needs: options.needs ?? ["shell", "exec"],
  open: async (setup) => {
    const own = await temporaryFolder("tenterhook-subject-")
    const server = setup.tools === undefined ? null : await openMcpServer(setup.tools)
    const more = await hostArgs(setup, own, server)
    const session = openSession(command, setup, own, more, options.args ?? [])
    const close = async () => {
      await session.close()
      await server?.close()
    }
    return { ...session, close }
  }
})

/** What tells the command of the case's host. The files are in the driver's own folder. */
const hostArgs = async (setup: CaseSetup, own: string, server: McpServer | null): Promise<ReadonlyArray<string>> => {
  const args: Array<string> = []
  const file = async (name: string, value: unknown) => {
    const path = join(own, name)
    await writeFile(path, JSON.stringify(value))
    return path
  }
  if (server !== null)
    args.push("--tools", await file("mcp.json", { mcpServers: { [serverName]: { url: server.url } } }))
  if (setup.endpoints !== undefined) {
    args.push("--data", join(own, "data"), "--endpoints", await file("endpoints.json", { endpoints: setup.endpoints }))
  }
  for (const place of setup.allow ?? []) args.push("--allow", place)
  return args
}

/** Such that no tool's name begins with it by chance. */
const serverName = "conformance-case"

/** `own` is the driver's folder, outside of the case's: nothing that a case looks at changes by being looked at. */
const openSession = (
  command: ReadonlyArray<string>,
  setup: CaseSetup,
  own: string,
  more: ReadonlyArray<string>,
  always: ReadonlyArray<string>
): Session => {
  const commands = openCommands()
  let count = 0

  const run = (args: ReadonlyArray<string>): Promise<CommandResult> =>
    commands.run([...command, ...args], { cwd: setup.folder, env: setup.env })

  const contextFile = async (context: object) => {
    const file = join(own, `context-${++count}.json`)
    await writeFile(file, JSON.stringify(context))
    return `@${file}`
  }

  const fire = async (event: string, context: object) => {
    const words = ["fire", event, "--json", "--context", await contextFile(context)]
    const result = await run([...words, ...configArgs(setup), ...always, ...more])
    if (![0, 3, 4].includes(result.exitCode)) throw failure("fire", result)
    const report = jsonOf("fire", result) as { proceed?: unknown; resume?: unknown }
    const [expected, because] =
      report.proceed === false
        ? [3, "proceed is false"]
        : (report.resume ?? null) !== null
          ? [4, "a hook resumes"]
          : [0, `proceed is ${report.proceed}`]
    if (result.exitCode === expected) return report
    throw new Error(`expected fire to exit with ${expected} where ${because}, got ${result.exitCode}`)
  }

  const exec = async (argv: ReadonlyArray<string>, context: object): Promise<ExecResult> => {
    const report = join(own, `report-${++count}.json`)
    const result = await run([
      "exec",
      "--report",
      report,
      "--context",
      await contextFile(context),
      ...configArgs(setup),
      ...always,
      ...more,
      "--",
      ...argv
    ])
    const text = await readFile(report, "utf8").catch(() => null)
    if (text === null) throw failure("exec", result)
    const {
      start = null,
      end = null,
      exitCode
    } = JSON.parse(text) as { start?: unknown; end?: unknown; exitCode?: unknown }
    if (exitCode === result.exitCode) return { ...result, start, end }
    throw new Error(`expected exec to exit with ${exitCode}, as its report says, got ${result.exitCode}`)
  }

  const load = async (): Promise<LoadResult> => {
    const result = await run(["check", "--json", ...configArgs(setup), ...always])
    if (result.exitCode !== 0 && result.exitCode !== 2) throw failure("check", result)
    const answer = jsonOf("check", result) as
      | { ok: true; notices?: ReadonlyArray<Remark> }
      | { ok: false; problems: ReadonlyArray<Remark> }
    const expected = answer.ok ? 0 : 2
    if (result.exitCode !== expected) {
      throw new Error(`expected check to exit with ${expected} where ok is ${answer.ok}, got ${result.exitCode}`)
    }
    return answer.ok
      ? { ok: true, notices: (answer.notices ?? []).map(noticeText) }
      : { ok: false, error: answer.problems.map(noticeText).join("\n") }
  }

  const close = async () => {
    await commands.close()
    await rm(own, { recursive: true, force: true })
  }

  return { fire, exec, load, close }
}

const configArgs = (setup: CaseSetup) => [
  ...setup.config.flatMap((config) => ["--config", config]),
  "--dialect",
  setup.dialect,
  ...(setup.mode === undefined ? [] : ["--mode", setup.mode]),
  ...(setup.lenient === true ? ["--lenient"] : [])
]

const jsonOf = (what: string, result: CommandResult): unknown => {
  try {
    return JSON.parse(result.stdout)
  } catch {
    throw new Error(
      `expected ${what} to print one JSON value on stdout (exit code ${result.exitCode}), got ${excerpt(result.stdout)}; ${said(result)}`
    )
  }
}

const failure = (what: string, result: CommandResult) =>
  new Error(`${what} ended with exit code ${result.exitCode}; ${said(result)}`)

const said = ({ stderr }: CommandResult) => (stderr.trim() === "" ? "nothing on stderr" : `stderr: ${stderr.trim()}`)

const excerpt = (text: string) =>
  text === "" ? "nothing" : JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)
