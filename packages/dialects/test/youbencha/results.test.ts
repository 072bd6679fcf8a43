import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { exportLine } from "../../src/youbencha/Results.ts"

const exportedAt = "2026-01-02T03:04:05.678Z"

describe("exportLine", () => {
  it.effect.prop(
    "is one line of JSON with the time of export, whatever the results are",
    [Schema.Json, Schema.Boolean],
    ([results, whole]) =>
      Effect.sync(() => {
        const line = exportLine(results, { whole, exportedAt })
        assert.isTrue(line.endsWith("\n"))
        assert.notInclude(line.slice(0, -1), "\n")
        assert.strictEqual(JSON.parse(line).exported_at, exportedAt)
      })
  )

  it("holds the whole bundle beside it", () => {
    assert.strictEqual(
      exportLine({ a: 1, exported_at: "old" }, { whole: true, exportedAt }),
      `{"a":1,"exported_at":"${exportedAt}"}\n`
    )
    assert.strictEqual(exportLine(undefined, { whole: true, exportedAt }), `{"exported_at":"${exportedAt}"}\n`)
    assert.strictEqual(exportLine([1], { whole: true, exportedAt }), `{"results":[1],"exported_at":"${exportedAt}"}\n`)
  })
})
