import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { loadPatterns, type Pattern, type Patterns } from "../src/index.ts"
import { generatedRegex } from "./generatedRegex.ts"

let patterns: Patterns
beforeAll(async () => {
  patterns = await loadPatterns()
})

const compiled = (source: string, flags?: string): Pattern => {
  const pattern = patterns.regex(source, flags)
  if ("refused" in pattern) throw new Error(pattern.refused)
  return pattern
}
const refused = (source: string, flags?: string): string => {
  const pattern = patterns.regex(source, flags)
  return "refused" in pattern ? pattern.refused : assert.fail(`${source} compiles`)
}

describe("a regular expression", () => {
  it("matches what the runtime's RegExp matches", () => {
    fc.assert(
      fc.property(generatedRegex, ({ source, flags, text }) => {
        const pattern = patterns.regex(source, flags)
        if ("refused" in pattern)
          return assert.match(pattern.refused, /^duplicate capture group|different Unicode classes/)
        assert.strictEqual(pattern.test(text), new RegExp(source, flags).test(text))
      }),
      { numRuns: 1500 }
    )
  })

  it.each([
    ["a line that ends in \\r\\n", "push$", "m", "git push\r\ngit pull", true],
    ["no line of the text", "^push", "m", "git push\u2028pull", false],
    ["a line end within a class", "^[^\\n]*x$", "m", "a\rx\nb", true],
    ["\\n after \\r alone", "a\\r\\nb$", "m", "a\r\nb\r\n", true],
    ["white space beyond ASCII", "rm\\s-rf", "", "rm\u00a0-rf", true],
    ["a pair of surrogates as two characters", "^..$", "", "\u{1F600}", true],
    ["and as one with the flag u", "^.$", "u", "\u{1F600}", true],
    ["half of a pair", "\\uD83D", "", "\u{1F600}", true],
    ["no half of a pair with the flag u", "\\uD83D", "u", "\u{1F600}", false],
    ["the Kelvin sign for k with the flags i and u", "^k$", "iu", "\u212A", true],
    ["but not without u", "^k$", "i", "\u212A", false],
    ["a word boundary at a long s with i and u", "s\\b", "iu", "\u017F", true],
    ["Cyrillic in either case", "удалить", "i", "УДАЛИТЬ", true],
    ["control characters", "^\\cJ\\x00\\0$", "", "\n\0\0", true],
    ["a slash with and without its backslash", "^\\//$", "", "//", true],
    ["braces that repeat nothing", "^a{,3}{$", "", "a{,3}{", true],
    ["a part in either case", "^(?i:rm) (?-s:.)$", "s", "RM x", true],
    ["set operations", "^[\\p{L}--[a-z]]$", "v", "Ä", true]
  ])("finds %s: /%s/%s", (_, source, flags, text, expected) => {
    assert.strictEqual(compiled(source, flags).test(text), expected)
    assert.strictEqual(new RegExp(source, flags).test(text), expected)
  })

  it.each([
    ["a look-ahead", "(?=x)y", "", "look-ahead (?=x) at character 1"],
    ["a negative look-ahead", "a(?!b)", "", "look-ahead (?!b) at character 2"],
    ["a look-behind", "(?<=a)b", "", "look-behind (?<=a) at character 1"],
    ["a negative look-behind", "x(?<!a)b", "u", "look-behind (?<!a) at character 2"],
    ["a back-reference", "(a)\\1", "", "back-reference \\1 at character 4"],
    ["a back-reference by name", "(?<q>['\"]).*\\k<q>", "", "back-reference \\k<q> at character 13"],
    ["a class of strings", "[\\q{abc|d}]", "v", "class of strings \\q{abc|d} at character 2"],
    ["a property of strings", "\\p{RGI_Emoji}", "v", "property of strings \\p{RGI_Emoji} at character 1"],
    ["a large count", "a{1001}", "", "{1001} at character 2 repeats 1001 times; at most 1000"],
    [
      "counts that multiply",
      "(?:a{100}){1,100}",
      "",
      "{100} at character 5 repeats 10000 times, with the repetitions around it; at most 1000"
    ],
    ["three levels of counts", "((a{0,100}){0,100}){0,100}", "", "at most 1000"],
    ["counts that add up", "a{1000,}b{1000}".repeat(10), "", "compiles to"],
    ["a long pattern", "a".repeat(10_001), "", "10001 characters; at most 10000"],
    ["deep nesting", `${"(".repeat(4000)}a${")".repeat(4000)}`, "", "nested too deeply"],
    ["what does not parse", "[a", "", "unterminated character class at character 3"],
    [
      "many classes of Unicode",
      Array.from({ length: 20 }, (_, at) => `[\\p{L}${at}]`).join(""),
      "u",
      "different Unicode classes"
    ]
  ])("refuses %s", (_, source, flags, why) => {
    assert.include(refused(source, flags), why)
  })

  it("gives up where pattern and text make too many states, within a second of the thread's time", () => {
    const random = fc.sample(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1000, maxLength: 1000 }), {
      numRuns: 300,
      seed: 7
    })
    const text = `${random.join("")}xdc`
    const since = process.threadCpuUsage()
    assert.isUndefined(compiled("(?:a[ab]{0,300}){3}c").test(text))
    assert.isBelow(process.threadCpuUsage(since).user / 1000, 1000)
    assert.isFalse(compiled("(?:a[ab]{0,300}){3}c").test(text.slice(-5000)))
    assert.isTrue(compiled("(?:a[ab]{0,300}){3}c").test(`${text.slice(0, 2000)}c`))
  })
})
