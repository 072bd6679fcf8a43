import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { scriptOf, timeoutSecondsOf, timeoutWarning } from "../../src/wegent/Settings.ts"

describe("Settings", () => {
  it("takes whole seconds above zero, as the product's parser does", () => {
    const taken = { "60": 60, " 45\n": 45, "+5": 5, "007": 7, "18446744073709551615": 2 ** 64 }
    for (const [text, seconds] of Object.entries(taken)) assert.strictEqual(timeoutSecondsOf(text), seconds, text)
    for (const text of [
      "",
      " ",
      "abc",
      "0",
      "00",
      "-3",
      "1.0",
      "1.5",
      "1e3",
      "0x10",
      "5s",
      "5 0",
      "18446744073709551616",
      "9".repeat(400)
    ]) {
      assert.strictEqual(timeoutSecondsOf(text), undefined, text)
    }
    assert.strictEqual(timeoutSecondsOf(undefined), undefined)
  })

  it.effect.prop(
    "a timeout is a whole number above zero or nothing, whatever the text",
    [
      Schema.Union([
        Schema.String,
        Schema.FiniteFromString.pipe(Schema.flip),
        Schema.String.check(Schema.isPattern(/^ ?[-+]?[0-9]{1,22}(\.0)?$/))
      ])
    ],
    ([text]) =>
      Effect.sync(() => {
        const seconds = timeoutSecondsOf(text)
        if (seconds !== undefined)
          assert.isTrue(Number.isInteger(seconds) && seconds > 0 && Number(text.trim()) === seconds)
      })
  )

  it("warns of a timeout that nobody can mean, and of no absent one", () => {
    assert.strictEqual(
      timeoutWarning("5m"),
      `expected a whole number of seconds above 0, got "5m"; 30 seconds are used`
    )
    for (const text of [undefined, "", "  ", "60"]) assert.strictEqual(timeoutWarning(text), undefined)
  })

  it("trims the path; blank is disabled", () => {
    assert.strictEqual(scriptOf(" /a b.sh\t"), "/a b.sh")
    for (const text of [undefined, "", " \n"]) assert.strictEqual(scriptOf(text), undefined)
  })
})
