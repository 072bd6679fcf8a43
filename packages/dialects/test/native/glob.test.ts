import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { compileGlob } from "../../src/native/glob.ts"

const matches = (glob: string, value: string) => {
  const compiled = compileGlob(glob)
  if (typeof compiled === "string") throw new Error(compiled)
  return compiled.test(value)
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
    assert.include(compileGlob(glob), why)
  })

  it("lists its values where it can", () => {
    assert.deepInclude(compileGlob("{a,b}_c"), { literals: ["a_c", "b_c"] })
    assert.notProperty(compileGlob("{a,b}_?"), "literals")
  })

  it("matches as the regular expression of the same meaning does", () => {
    const piece = fc.constantFrom("a", "b", "*", "?", "[ab]", "[!a]", "\\*")
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

  it("takes a hostile value in its stride", () => {
    assert.isFalse(matches(`${"*a".repeat(50)}b`, "a".repeat(20_000)))
  })
})
