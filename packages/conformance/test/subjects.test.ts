import { assert, describe, it } from "@effect/vitest"
import { ConfigError } from "@tenterhook/core"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import {
  commandSubject,
  type EngineOptions,
  engineSubject,
  formatSuite,
  runCases,
  type Subject,
  type SuiteResult
} from "../src/index.ts"
import { plainEngine } from "./PlainEngine.ts"

const fixtures = join(import.meta.dirname, "fixtures")
const cases = [join(fixtures, "cases"), join(fixtures, "exec")]

const node = [process.execPath, "--conditions=@tenterhook/source", join(fixtures, "plainCommand.ts")]

const command = (fault?: string): Subject => {
  const subject = commandSubject(node)
  if (fault === undefined) return subject
  return { ...subject, open: (setup) => subject.open({ ...setup, env: { ...setup.env, PLAIN_FAULT: fault } }) }
}

const environmentOf = (pid: string) => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1")
  } catch {
    return ""
  }
}

const messages = (result: SuiteResult) =>
  result.cases.flatMap((it) => (it.status === "failed" ? [it.failure.message] : []))

describe("a command", () => {
  it("that keeps its contract passes every case, as a real process", async () => {
    assert.strictEqual(formatSuite(await runCases(cases, command())), "10 passed, 0 failed, 0 skipped")
  })

  const block = [join(fixtures, "cases/block.yaml")]
  const table: ReadonlyArray<readonly [fault: string, paths: ReadonlyArray<string>, says: string]> = [
    ["always exits with 0", block, "expected fire to exit with 3 where proceed is false, got 0"],
    [
      "always exits with 0",
      [join(fixtures, "cases/refused.yaml")],
      "expected check to exit with 2 where ok is false, got 0"
    ],
    ["prints words", block, "expected fire to print one JSON value on stdout"],
    ["writes no report", [join(fixtures, "exec/runs.yaml")], "exec ended with exit code 4; nothing on stderr"]
  ]
  for (const [fault, paths, says] of table) {
    it(`that ${fault}: ${says}`, async () => {
      const result = await runCases(paths, command(fault))
      assert.strictEqual(result.failed, 1)
      assert.include(messages(result)[0], says)
    })
  }

  it("whose config is refused says why in its own words", async () => {
    const fire = join(fixtures, "broken/fires-a-bad-config.yaml")
    const [message] = messages(await runCases([fire], command()))
    assert.include(
      message,
      `fire ended with exit code 2; stderr: coder.json: hooks[0].timeout: expected a number, got "soon"`
    )
  })

  it("that hangs is ended with its case", async () => {
    const result = await runCases(block, command("hangs"), { caseLimitMs: 5000 })
    assert.deepStrictEqual(messages(result), ["still running after 5 s"])
    assert.deepStrictEqual(
      readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes("PLAIN_FAULT=hangs")),
      []
    )
  })

  it("that cannot be started fails the case", async () => {
    const result = await runCases(block, commandSubject(["/nowhere/tenterhook"]))
    assert.include(messages(result)[0], "could not start /nowhere/tenterhook")
  })
})

describe("the engine in process", () => {
  const engine = (
    broken: { readonly exec?: boolean } = {},
    needs: ReadonlyArray<string> = ["shell"],
    opened: (options: EngineOptions) => void = () => {}
  ) =>
    engineSubject({
      needs,
      createHooks: async (options) => {
        opened(options)
        const setup = { folder: options.cwd, dialect: options.dialect, config: options.config ?? [], env: options.env }
        const session = await plainEngine().open(setup)
        const loaded = await session.load()
        if (!loaded.ok)
          throw new ConfigError({
            dialect: "oats",
            problems: [{ file: "coder.json", line: 1, column: 1, path: "", text: loaded.error }]
          })
        const fire = (event: string, context: object) => session.fire(event, context)
        return {
          notices: loaded.notices.map((text) => ({ file: "coder.json", line: 1, column: 1, text })),
          fire,
          startExecution: async (context) => ({
            start: (await fire("session_start", context)) as { proceed: boolean },
            end: (how) => fire(broken.exec ? "session_start" : "assistant_response", { ...context, ...how })
          }),
          close: session.close
        }
      }
    })

  it("passes every case through the functions that it is given", async () => {
    assert.strictEqual(formatSuite(await runCases(cases, engine())), "10 passed, 0 failed, 0 skipped")
  })

  it("gets a clock if it goes by one, which the steps move", async () => {
    const clocks: Array<EngineOptions["clock"]> = []
    const keep = ({ clock }: EngineOptions) => void clocks.push(clock)
    const since = Date.now()
    const moving = await runCases([join(fixtures, "clock")], engine({}, ["shell", "clock"], keep))
    assert.strictEqual(formatSuite(moving), "1 passed, 0 failed, 0 skipped")
    const [clock] = clocks
    assert.isAtLeast(clock!.clock.currentTimeMillisUnsafe() - since, 3_600_000)
    await runCases([join(fixtures, "cases/block.yaml")], engine({}, ["shell"], keep))
    assert.isUndefined(clocks.at(-1))
  })

  it("fails the cases of what those functions do wrong", async () => {
    assert.strictEqual((await runCases([join(fixtures, "exec")], engine({ exec: true }))).failed, 2)
  })
})
