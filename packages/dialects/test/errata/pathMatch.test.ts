import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { compilePathMatch } from "../../src/errata/PathMatch.ts"
import { goMatch } from "./goMatch.ts"

const matches = (pattern: string, name: string) => compilePathMatch(pattern).test(name)

describe("path.Match", () => {
  it.each([
    ["bash", "bash", true],
    ["bash", "Bash", false],
    ["edit_*", "edit_file", true],
    ["b?sh", "bash", true],
    ["b?sh", "b🧵sh", true],
    ["b?sh", "b/sh", false],
    ["*", "", true],
    ["*", "mcp/server/tool", false],
    ["*/*/*", "mcp/server/tool", true],
    ["mcp[/]a", "mcp/a", true],
    ["bash|edit", "bash", false],
    ["{bash,edit}", "bash", false],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["[!b]x", "bx", true],
    ["[\\]]", "]", true],
    ["[\\-x]", "-", true],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["[é-🧵]", "ü", true]
  ])("%j against %j: %s", (pattern, name, expected) => {
    assert.strictEqual(matches(pattern, name), expected)
  })

  it.each(["[", "[a", "[]a]", "[-]", "[a-]", "[x-", "[^", "[^]", "a\\", "*[", "a[b"])(
    "%j is malformed: it matches nothing",
    (pattern) => {
      const { malformed, literal } = compilePathMatch(pattern)
      assert.isTrue(malformed)
      assert.isUndefined(literal)
      for (const name of ["", "a", "b", "[", pattern]) assert.isFalse(matches(pattern, name))
    }
  )

  it("is Go's own, for any pattern and name", () => {
    const piece = fc.constantFrom("a", "b", "c", "*", "?", "[", "]", "[^", "-", "\\", "/", "[a-b]", "[^a]")
    const character = fc.constantFrom("a", "b", "c", "/", "-", "]", "*", "\\", "^")
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(character, { maxLength: 8 }), (pieces, characters) => {
        const [pattern, name] = [pieces.join(""), characters.join("")]
        const { test, malformed } = compilePathMatch(pattern)
        assert.strictEqual(malformed ? "bad pattern" : test(name), goMatch(pattern, name))
      }),
      { numRuns: 20_000 }
    )
  })

  it("an escaped name is a pattern of itself alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.string(), (name, other) => {
        const { literal, test } = compilePathMatch(name.replaceAll(/[*?[\]\\]/g, "\\$&"))
        assert.strictEqual(literal, name)
        assert.isTrue(test(name))
        assert.strictEqual(test(other), other === name)
      })
    )
  })

  it("a pattern of many stars is answered at once", () => {
    const started = performance.now()
    assert.isFalse(matches(`${"*a".repeat(500)}b`, "a".repeat(5_000)))
    assert.isFalse(matches(`${"*[^b]".repeat(500)}b`, "a".repeat(5_000)))
    assert.isTrue(matches("*".repeat(50_000), "a".repeat(50_000)))
    assert.isFalse(matches("[".repeat(20_000), "a"))
    assert.isBelow(performance.now() - started, 60_000)
  })
})
