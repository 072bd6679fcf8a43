import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { loadPatterns } from "@tenterhook/patterns"
import { compileGlob, isSimple, readGlob } from "../../src/native/glob.ts"

const patterns = await loadPatterns()

const compiled = (text: string) => {
  const read = readGlob(text)
  return typeof read === "string" ? read : compileGlob(read, isSimple(read) ? undefined : patterns)
}
const matches = (text: string, value: string) => {
  const glob = compiled(text)
  if (typeof glob === "string") throw new Error(glob)
  return glob.test(value)
}

describe("glob", () => {
  it.each([
    ["bash", "bash", true],
    ["bash", "bash2", false],
    ["*", "", true],
    ["b*h", "bh", true],
    ["b*h", "b/a/h", true],
    ["b?h", "bäh", true],
    ["b?h", "b😀h", true],
    ["b?h", "bh", false],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[^a-c]x", "dx", true],
    ["[]]", "]", true],
    ["[a-]", "-", true],
    ["[\\]]", "]", true],
    ["{bash,read}", "read", true],
    ["{a,b{c,d}}*", "bdx", true],
    ["{,x}y", "y", true],
    ["mcp__*__{read,write}_?", "mcp__fs__write_1", true],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["a\\{b\\}", "a{b}", true],
    [".*", "xx", false],
    ["(bash)", "(bash)", true]
  ])("%s against %s: %s", (glob, value, expected) => {
    assert.strictEqual(matches(glob, value), expected)
  })

  it.each([
    ["", "empty"],
    ["[ab", "never closed"],
    ["{a,b", "never closed"],
    ["[z-a]", "backwards"],
    ["a\\", "escapes"],
    ["{a}", "one"],
    ["{a,b}".repeat(20), "1000"],
    ["x".repeat(2000), "longer"]
  ])("%s is refused: %s", (glob, why) => {
    assert.include(compiled(glob), why)
  })

  it("lists its values where it can", () => {
    assert.deepInclude(compiled("{a,b}_c"), { literals: ["a_c", "b_c"] })
    assert.notProperty(compiled("{a,b}_?"), "literals")
  })

  it("matches as the regular expression of the same meaning does", () => {
    const piece = fc.constantFrom("a", "b", "*", "*", "?", "[ab]", "[!a]", "\\*")
    const meaning: Record<string, string> = { "*": ".*", "?": ".", "[ab]": "[ab]", "[!a]": "[^a]", "\\*": "\\*" }
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 10 }),
        (pieces, value) => {
          const regex = new RegExp(`^(?:${pieces.map((one) => meaning[one] ?? one).join("")})$`, "su")
          assert.strictEqual(matches(pieces.join(""), value), regex.test(value))
        }
      ),
      { numRuns: 2000 }
    )
  })

  it.each([
    ["stars and texts", `${"*a".repeat(50)}b`, "a"],
    ["texts that nearly end", `*${"a".repeat(500)}b*`, "a"],
    ["texts that nearly begin", `*b${"a".repeat(500)}*`, "a"],
    ["texts that repeat themselves", `*${"ab".repeat(200)}b*`, "ab"],
    ["classes", "*[ab]*[ab]*[ab]?c", "ab"],
    ["many alternatives", `*{${Array.from({ length: 90 }, (_, at) => `word${at}x`).join(",")}}*`, "word "],
    ["guards", "*{rm -rf,mkfs,dd if=,> /dev/sd}*", "rm -r mkf dd > /dev/ "]
  ])("takes a megabyte of hostile text in 100 ms: %s", (_, text, near) => {
    const glob = compiled(text)
    if (typeof glob === "string") return assert.fail(glob)
    const hostile = near.repeat(1_000_000 / near.length)
    const since = process.threadCpuUsage()
    assert.isFalse(glob.test(hostile))
    assert.isBelow(process.threadCpuUsage(since).user / 1000, 100)
  })
})
