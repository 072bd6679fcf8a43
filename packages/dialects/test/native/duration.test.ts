import { assert, describe, it } from "@effect/vitest"
import { durationMs, durationPattern, durationProblem } from "../../src/native/duration.ts"

describe("duration", () => {
  it.each([
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["1m30s", 90_000],
    ["2h", 7_200_000],
    ["none", Number.POSITIVE_INFINITY]
  ])("%s is %d ms", (text, ms) => {
    assert.isUndefined(durationProblem(text))
    assert.strictEqual(durationMs(text), ms)
    assert.match(text, new RegExp(durationPattern))
  })

  it.each([
    ["5", "write 5s or 5ms"],
    ["5sec", "write 5s"],
    ["10 minutes", "write 10m"],
    ["5 s", "write 5s"],
    ["5S", "write 5s"],
    ["soon", "expected a time"],
    ["", "expected a time"],
    ["-5s", "expected a time"],
    ["0s", "some time"],
    ["0.1ms", "shortest"],
    ["501h", "longest"],
    ["999999999h", "longest"],
    ["1e3s", "expected a time"]
  ])("%s is refused: %s", (text, why) => {
    assert.include(durationProblem(text), why)
  })
})
