import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { parseDuration } from "../../src/errata/Duration.ts"

describe("a Go duration", () => {
  it.each([
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["1.s", 1_000],
    ["100ms", 100],
    ["250us", 0.25],
    ["250µs", 0.25],
    ["250μs", 0.25],
    ["1000000ns", 1],
    ["-5s", -5_000],
    ["+5s", 5_000],
    ["0", 0],
    ["-0", 0],
    ["0s", 0],
    ["1h1m1s1ms", 3_661_001],
    ["1s1h", 3_601_000]
  ])("%s is %d ms", (text, ms) => {
    const duration = parseDuration(text)
    assert.isTrue(duration.ok)
    if (duration.ok) assert.closeTo(duration.ms, ms, 1e-9)
  })

  it.each([
    ["", "invalid duration"],
    ["30", "missing unit"],
    ["s", "invalid duration"],
    [".s", "invalid duration"],
    ["-", "invalid duration"],
    ["1d", `unknown unit "d"`],
    ["1 s", `unknown unit " s"`],
    ["1S", `unknown unit "S"`],
    ["1s ", `unknown unit "s "`],
    ["1e3s", `unknown unit "e"`],
    ["--1s", "invalid duration"],
    ["1m30", "missing unit"],
    ["99999999h", "invalid duration"]
  ])("%j is refused: %s", (text, why) => {
    const duration = parseDuration(text)
    assert.isFalse(duration.ok)
    if (!duration.ok) assert.include(duration.why, why)
  })

  it("any text is a duration or a reason, at once", () => {
    const piece = fc.constantFrom("1", "0", ".", "-", "s", "m", "h", "ms", "µs", " ", "e", "\n", "x")
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const duration = parseDuration(pieces.join(""))
        if (duration.ok) assert.isTrue(Number.isFinite(duration.ms))
        else assert.match(duration.why, /duration/)
      }),
      { numRuns: 5_000 }
    )
    const started = performance.now()
    assert.isFalse(parseDuration("1".repeat(200_000)).ok)
    assert.isFalse(parseDuration(`${"1s".repeat(100_000)}x`).ok)
    assert.isBelow(performance.now() - started, 60_000)
  })

  it("parts add up", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(59), fc.nat(59), fc.nat(999), (h, m, s, ms) => {
        assert.deepStrictEqual(parseDuration(`${h}h${m}m${s}s${ms}ms`), {
          ok: true,
          ms: ((h * 60 + m) * 60 + s) * 1000 + ms
        })
      })
    )
  })
})
