import { assert, describe, it } from "@effect/vitest"
import { join } from "node:path"
import { runCases, formatSuite, type SuiteResult } from "../src/index.ts"
import { type Fault, plainEngine } from "./PlainEngine.ts"

const fixtures = join(import.meta.dirname, "fixtures")
const cases = [join(fixtures, "cases"), join(fixtures, "exec")]

const failedIn = (result: SuiteResult) =>
  result.cases
    .filter((it) => it.status === "failed")
    .map((it) => it.file.slice(fixtures.length + 1).replace(/\.yaml$/, ""))
    .sort()

it("a sound engine passes every case", async () => {
  const result = await runCases(cases, plainEngine())
  assert.strictEqual(formatSuite(result), "10 passed, 0 failed, 0 skipped")
  assert.isTrue(result.ok)
})

const faults: Record<Fault, ReadonlyArray<string>> = {
  "loses a deny": ["cases/block", "exec/refused"],
  "says proceed where it must not": ["cases/block", "exec/refused"],
  "runs what does not match": ["cases/matcher"],
  "goes on after a block": ["cases/block"],
  "reverses the outcomes": ["cases/block"],
  "drops stderr": ["cases/streams"],
  "drops the exit code": ["cases/streams"],
  "sends nothing on stdin": ["cases/stdin"],
  "runs elsewhere": ["cases/stdin", "exec/refused", "exec/runs"],
  "leaves late hooks running": ["cases/timeout"],
  "forgets the mark": ["cases/leftover"],
  "takes any config": ["cases/refused"],
  "hides its notices": ["cases/noticed"],
  "executes in spite of a deny": ["exec/refused"],
  "forgets the end hooks": ["exec/refused", "exec/runs"],
  "reports without an id": [
    "cases/block",
    "cases/leftover",
    "cases/matcher",
    "cases/stdin",
    "cases/streams",
    "cases/timeout",
    "exec/refused",
    "exec/runs"
  ]
}

describe.concurrent("each engine broken on purpose fails exactly these cases", () => {
  for (const [fault, expected] of Object.entries(faults)) {
    it(`${fault}: ${expected.join(", ")}`, async () => {
      const result = await runCases(cases, plainEngine(fault as Fault))
      assert.deepStrictEqual(failedIn(result), expected)
      assert.isFalse(result.ok)
    })
  }
})
