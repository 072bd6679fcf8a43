import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { auditDialect, dialectRules, formatRuleResult, type RuleResult } from "../src/index.ts"
import { type Fault, tinyFixtures } from "./TinyDialect.ts"

const run = (fault?: Fault) => Effect.runPromise(auditDialect(tinyFixtures(fault)))

const brokenIn = (results: ReadonlyArray<RuleResult>) =>
  results.filter((result) => result.status === "broken").map((result) => result.id)

const all = dialectRules.map((rule) => rule.id)

it("a sound dialect keeps every promise", async () => {
  assert.deepStrictEqual(
    (await run()).map((result) => (result.status === "kept" ? `${result.id} kept` : formatRuleResult(result))),
    all.map((id) => `${id} kept`)
  )
})

it("so does one that refuses unknown keys, and reads them leniently when it is asked to", async () => {
  assert.deepStrictEqual(brokenIn(await run("refuses unknown keys")), [])
})

const faults: Record<Exclude<Fault, "refuses unknown keys">, ReadonlyArray<string>> = {
  "no modes": ["DIA-1"],
  "mode is forgotten": ["DIA-1"],
  "an event that is none": ["DIA-2"],
  "class that is none": ["DIA-2"],
  "hook for an event that is none": ["DIA-2"],
  "loading counts": ["DIA-3"],
  "no lines": ["DIA-4"],
  "every index is 0": ["DIA-4"],
  "problem without a place": ["DIA-5", "DIA-6"],
  "problem without the value": ["DIA-5"],
  "bad values are ignored": ["DIA-5"],
  "throws on bad text": ["DIA-5", "DIA-6"],
  "throws on bad values": ["DIA-6", "DIA-7"],
  "unknown keys pass silently": ["DIA-8"],
  "notice without a line": ["DIA-8"],
  "lenient is ignored": ["DIA-8"],
  "a new set each time": ["DIA-9"],
  "encode throws": ["DIA-10"],
  "encode counts": ["DIA-10"],
  "encode changes the kind": ["DIA-10"],
  "encode fills half": ["DIA-10"],
  "encode reads process.env": ["DIA-11"],
  "decode throws": ["DIA-12"],
  "decode counts": ["DIA-12"],
  "decode invents a verdict": ["DIA-12"],
  "timeouts succeed": ["DIA-13"],
  "said before failing counts": ["DIA-13"],
  "matcher throws": ["DIA-14"],
  "recognizes throws": ["DIA-14"],
  "announce throws": ["DIA-14"],
  "discover throws": ["DIA-15"]
}

describe("each copy broken on purpose breaks exactly these", () => {
  for (const [fault, ids] of Object.entries(faults)) {
    it(`${fault}: ${ids.join(", ")}`, async () => {
      assert.deepStrictEqual(brokenIn(await run(fault as Fault)), ids)
    })
  }

  it("and every promise is broken by one of them", () => {
    assert.deepStrictEqual([...new Set(Object.values(faults).flat())].sort(), [...all].sort())
  })
})
