import { assert, describe, it } from "@effect/vitest"
import { durationDoubt, durationMs, durationPattern, durationProblem } from "../../src/native/duration.ts"

describe("duration", () => {
  it.each([
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["1m30s", 90_000],
    ["2h", 7_200_000],
    ["1h30m5s250ms", 5_405_250],
    ["90m", 5_400_000],
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
    ["5000", "write 5000s or 5000ms"],
    ["1 min 30 sec", "write 1m30s"],
    ["1 hour, 5 minutes and 2 seconds", "write 1h5m2s"],
    ["PT1M30S", "write 1m30s"],
    ["2 days", "write 48h"],
    ["5 fortnights", "none"],
    ["1m1m", "each unit once"],
    ["30s1m", "each unit once, the largest first"],
    ["1s5ms2s", "each unit once"],
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

  it.each([
    ["5ms", "5ms is hardly enough to start a process; did you mean 5s?"],
    ["30ms", "did you mean 30s?"],
    ["0.05s", "0.05s is hardly enough"],
    ["5000s", "5000s is 1h23m20s; did you mean 5000ms?"],
    ["500m", "500m is 8h20m; did you mean 500ms?"]
  ])("%s is surely a slip of the unit: %s", (text, why) => {
    assert.include(durationDoubt(text), why)
  })

  it.each(["100ms", "5s", "1m30s", "90m", "2h", "600s", "none"])("%s is usual", (text) => {
    assert.isUndefined(durationDoubt(text))
  })

  it("a long one is refused without a look at its parts", () => {
    const since = process.threadCpuUsage()
    assert.include(durationProblem("1".repeat(300_000) + "x"), "expected a time")
    assert.isUndefined(durationDoubt("1".repeat(300_000) + "x"))
    assert.isBelow(process.threadCpuUsage(since).user / 1000, 200)
  })
})
