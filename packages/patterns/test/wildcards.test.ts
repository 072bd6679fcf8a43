import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { loadPatterns, matchesWildcards, type Patterns, star, type Wildcard } from "../src/index.ts"

let patterns: Patterns
beforeAll(async () => {
  patterns = await loadPatterns()
})

const compiled = (...alternatives: ReadonlyArray<ReadonlyArray<Wildcard>>) => {
  const pattern = patterns.wildcards(alternatives)
  if ("refused" in pattern) throw new Error(pattern.refused)
  return pattern
}
const anyCharacter: Wildcard = { ranges: [], negated: true }

type Wildcards = ReadonlyArray<Wildcard>

describe("wildcards", () => {
  const wildcard = fc.constantFrom<Wildcard>(
    star,
    "a",
    "b",
    "\u{1F600}",
    "\ud83d",
    anyCharacter,
    {
      ranges: [
        [0x61, 0x61],
        [0xd83d, 0xd83d]
      ],
      negated: false
    },
    { ranges: [[0x61, 0x61]], negated: true }
  )
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "\u{1F600}", "\ud83d"), maxLength: 8 })

  it("match alike in the engine and step by step", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(wildcard, { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        text,
        (some, text) => {
          assert.strictEqual(
            compiled(...some).test(text),
            some.some((one) => matchesWildcards(one, text))
          )
        }
      ),
      { numRuns: 1000 }
    )
  })

  it("with a thousand alternatives take one pass over a megabyte", () => {
    const words = Array.from({ length: 500 }, (_, index): Wildcards => [star, ...`word${index}`, star])
    const since = process.threadCpuUsage()
    assert.isFalse(compiled(...words).test("wor word ".repeat(110_000)))
    const { user } = process.threadCpuUsage(since)
    assert.isBelow(user / 1000, 500)
  })

  it("step by step cross no character that stops a star", () => {
    assert.isFalse(matchesWildcards([star, "b"], "a/b", "/"))
    assert.isTrue(matchesWildcards([star, "/", star], "a/b", "/"))
  })

  it("give up after a bounded number of steps", () => {
    const hostile: Wildcards = [star, ..."a".repeat(1000), "b", star]
    const since = process.threadCpuUsage()
    assert.isUndefined(matchesWildcards(hostile, "a".repeat(1_000_000)))
    assert.isBelow(process.threadCpuUsage(since).user / 1000, 500)
    assert.isFalse(matchesWildcards(hostile, "a".repeat(9000)))
    assert.isFalse(matchesWildcards([star, ..."rm -rf", star], "rm -r".repeat(200_000)))
  })
})
