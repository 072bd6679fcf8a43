/** Patterns on hostile text, from the config to the report. What each of them matches: packages/patterns/test. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { createHooks, type FireReport } from "../src/index.ts"
import { conditionOf } from "../src/plain/PlainMatch.ts"

interface Everyday {
  readonly regex: string
  readonly flags?: string
  readonly near: string
  readonly hit?: string
}
const everyday: ReadonlyArray<Everyday> = JSON.parse(
  readFileSync(new URL("../../patterns/test/everyday.json", import.meta.url), "utf8")
)
const bash = (command: string) => ({ cwd: "/", tool: { name: "bash", input: { command } } })
const deny = () => ({ verdict: "deny" })
const guard = (name: string, pattern: unknown) => ({
  name,
  on: "pre_tool_use",
  when: { "tool.input.command": pattern },
  run: deny,
  onFailure: "block"
})
const ran = ({ outcomes }: FireReport) => outcomes.map(({ hook }) => hook)

/** The thread's time, and the longest that it was not given back. */
const measured = async <A>(run: () => Promise<A>) => {
  const usedMs = () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  const since = usedMs()
  let turn = since
  let longest = 0
  const looking = setInterval(() => {
    longest = Math.max(longest, usedMs() - turn)
    turn = usedMs()
  }, 1)
  const result = await run()
  clearInterval(looking)
  return { result, totalMs: usedMs() - since, longestMs: Math.max(longest, usedMs() - turn) }
}

describe("patterns", () => {
  it("of nested repetition answer at once (regex-backtracking)", async () => {
    const hooks = await createHooks({ config: [], hooks: [guard("guard", { regex: "^(\\w+\\s?)+$" })] })
    const { result, totalMs } = await measured(() => hooks.fire("pre_tool_use", bash(`echo ${"a".repeat(40)};`)))
    assert.isTrue(result.proceed)
    assert.deepStrictEqual(ran(await hooks.fire("pre_tool_use", bash("echo aaaa"))), ["guard"])
    assert.isBelow(totalMs, 100)
    await hooks.close()
  })

  it("as people write them take under 100 ms each on a megabyte, and give the thread back in between", async () => {
    const made = await measured(() =>
      createHooks({ config: [], hooks: everyday.map(({ regex, flags = "" }) => guard(regex, { regex, flags })) })
    )
    assert.isBelow(made.totalMs, 100 * everyday.length)
    const hooks = made.result
    const near = everyday.map((one) => one.near.repeat(20_000 / one.near.length)).join("")
    const hits = everyday.filter(({ hit }) => hit !== undefined)
    const fired = await measured(() => hooks.fire("pre_tool_use", bash(near)))
    assert.isAtLeast(near.length, 1_000_000)
    assert.isBelow(fired.totalMs, 100 * everyday.length)
    assert.isBelow(fired.longestMs, 250)
    assert.isEmpty(fired.result.notices)
    for (const { regex, hit } of hits) assert.include(ran(await hooks.fire("pre_tool_use", bash(hit!))), regex)
    await hooks.close()
  })

  it("that give up run their hook, with a notice, and so does what is not such a pattern", async () => {
    const hard = { regex: "(?:a[ab]{0,300}){3}c" }
    const hooks = await createHooks({
      config: [],
      hooks: [guard("guard", hard), guard("not", { not: hard }), guard("list", [hard, "*xdc"]), guard("other", "x*")]
    })
    let seed = 1
    const letter = () => ((seed = (seed * 48_271) % 2_147_483_647), seed % 2 === 0 ? "a" : "b")
    const text = Array.from({ length: 200_000 }, letter).join("")
    const report = await hooks.fire("pre_tool_use", bash(`${text}xdc`))
    assert.deepStrictEqual(ran(report), ["guard", "not", "list"])
    assert.strictEqual(report.verdict, "deny")
    assert.deepStrictEqual(
      report.notices.map(({ hook, level }) => [hook, level]),
      [
        ["guard", "warn"],
        ["not", "warn"]
      ]
    )
    assert.match(report.notices[0]!.text, /^its condition gave up: tool\.input\.command is \/.*\/, so the hook runs$/)
    await hooks.close()
  })

  it.each([
    ["errata", [{ name: "guard", event: "pre_tool_use", matcher: `*${"a".repeat(2000)}b*`, command: "true" }], true],
    ["oats", { hooks: [{ event: "pre_tool_use", matcher: `*${"a".repeat(2000)}b*`, command: "true" }] }, true],
    ["native", [{ name: "guard", on: "pre_tool_use", tool: `*${"a".repeat(900)}?b*`, run: deny }], false]
  ])("of %s take a bounded time on the name of a tool", async (dialect, hooks, givesUp) => {
    const set = await createHooks({ config: [], dialect, hooks })
    const { result, totalMs } = await measured(() =>
      set.fire("pre_tool_use", { tool: { name: "a".repeat(1_000_000), input: {} } })
    )
    assert.isBelow(totalMs, 1000)
    assert.lengthOf(result.outcomes, givesUp ? 1 : 0)
    assert.deepStrictEqual(
      result.notices.filter(({ text }) => text.includes("gave up on tool.name, so the hook runs")).length,
      givesUp ? 1 : 0
    )
    await set.close()
  })

  it("that give up beside a plain hook's own test leave the decision to that test", () => {
    const condition = (fits: boolean | undefined, own: boolean) =>
      conditionOf({ on: "stop", run: "true", matches: () => own }, { text: "native", test: () => fits })!.test({})
    assert.deepStrictEqual(
      [condition(true, true), condition(true, false), condition(false, true), condition(undefined, false)],
      [true, false, false, false]
    )
    assert.isUndefined(condition(undefined, true))
  })
})
