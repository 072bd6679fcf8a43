import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { ConfigError, errata, type ErrataHook } from "../src/index.ts"

const hook = (parts: Partial<ErrataHook>): ErrataHook => ({ event: "pre_tool_use", command: "true", ...parts })

describe("errata", () => {
  it("runs all that match in order, one result for each, and a failure stops nothing", async () => {
    const hooks = [
      hook({ name: "first", matcher: "bash", command: "echo $TOOL_NAME $EXTRA; exit 42" }),
      hook({ name: "off", enabled: false, command: "echo off" }),
      hook({ name: "other", matcher: "edit_*", command: "echo other" }),
      hook({ name: "later", event: "post_tool_use", command: "echo later" }),
      hook({ name: "second", matcher: "b?sh", command: "echo oops >&2" })
    ]
    const context = errata.withHooks({}, hooks)
    const results = await errata.run(context, errata.hooksFromContext(context), "pre_tool_use", "bash", {
      TOOL_NAME: "bash",
      EXTRA: "$(echo more)"
    })
    assert.deepStrictEqual(
      results.map(({ durationMs, ...result }) => ({ ...result, ran: durationMs > 0 })),
      [
        { name: "first", stdout: "bash $(echo more)\n", stderr: "", exitCode: 42, timedOut: false, ran: true },
        { name: "second", stdout: "", stderr: "oops\n", exitCode: 0, timedOut: false, ran: true }
      ]
    )
  })

  it("gives nothing where nothing matches, and where a context carries no hooks", async () => {
    assert.deepStrictEqual(await errata.run({}, errata.hooksFromContext({}), "session_start"), [])
    assert.deepStrictEqual(await errata.run({}, [hook({ matcher: "bash" })], "pre_tool_use", "edit_file"), [])
  })

  it("a matcher is looked at on the two tool events alone", async () => {
    const results = await errata.run(
      {},
      [hook({ event: "pre_prompt", matcher: "[", command: "echo ran" })],
      "pre_prompt"
    )
    assert.deepStrictEqual(
      results.map(({ name, stdout }) => [name, stdout]),
      [["pre_prompt[0]", "ran\n"]]
    )
  })

  it("a late hook keeps what it had said, with -1, and its children end with it", async () => {
    const started = performance.now()
    const [late, next] = await errata.run(
      {},
      [
        hook({ event: "session_start", command: "echo before; sleep 300 & sleep 300; echo after", timeout: "3s" }),
        hook({ event: "session_start", command: "echo next" })
      ],
      "session_start"
    )
    assert.deepInclude(late, { stdout: "before\n", exitCode: -1, timedOut: true })
    assert.deepInclude(next, { stdout: "next\n", exitCode: 0, timedOut: false })
    assert.isBelow(performance.now() - started, 100_000)
  })

  it("a cancelled run has not timed out, and what is left of it does not start", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenterhook-errata-"))
    try {
      const results = await errata.run(
        { signal: AbortSignal.timeout(3000) },
        [
          hook({ event: "session_end", command: "echo before; sleep 300" }),
          hook({ event: "session_end", command: `touch '${folder}/ran'` })
        ],
        "session_end"
      )
      assert.deepStrictEqual(
        results.map(({ exitCode, timedOut }) => [exitCode, timedOut]),
        [
          [-1, false],
          [-1, false]
        ]
      )
      assert.strictEqual(results[0]!.stdout, "before\n")
      assert.deepStrictEqual(readdirSync(folder), [])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it("a hook that cannot be read is refused", async () => {
    const error = await errata.run({}, [hook({ timeout: "soon" })], "pre_tool_use", "bash").catch((error) => error)
    assert.instanceOf(error, ConfigError)
    assert.match(error.message, /timeout: expected a duration/)
  })
})
