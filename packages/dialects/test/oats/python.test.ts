/** What Python 3.11, ujson 6 and pydantic 2 answered, held against our reading of them. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { oats } from "../../src/index.ts"
import { compileFnmatch } from "../../src/oats/Fnmatch.ts"
import { readPythonJson, writePythonJson } from "../../src/oats/PythonJson.ts"
import { decodeUtf8, excerpt, pythonText, strip } from "../../src/oats/PythonText.ts"

/** Made by `fixtures/make.py`. */
const answers = <Case>(file: string): ReadonlyArray<Case> =>
  JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", file), "utf8")).cases

const matches = (pattern: string, name: string) => compileFnmatch(pattern).test(name)

describe("fnmatch", () => {
  it.each([
    ["bash", "bash", true],
    ["bash", "Bash", false],
    ["bash", "bash2", false],
    ["web_*", "web_fetch", true],
    ["*", "mcp/server/tool", true],
    ["*", "", true],
    ["b?sh", "b/sh", true],
    ["b?sh", "b🧵sh", true],
    ["b?sh", "bsh", false],
    ["[be]*", "edit", true],
    ["[!be]*", "edit", false],
    ["[^be]*", "edit", true],
    ["[^be]*", "^x", true],
    ["bash|edit", "bash", false],
    ["[]]", "]", true],
    ["[!]]", "]", false],
    ["[a-c]", "b", true],
    ["[c-a]", "b", false],
    ["[!c-a]", "b", true],
    ["[a-]", "-", true],
    ["[", "[", true],
    ["[ab", "[ab", true],
    ["\\*", "\\x", true],
    ["[*]", "*", true],
    ["a\nb*", "a\nbc", true]
  ])("%j against %j: %s", (pattern, name, expected) => {
    assert.strictEqual(matches(pattern, name), expected)
  })

  it("is Python's, for sets that no one would write too", () => {
    const cases = answers<[pattern: string, name: string, matches: boolean]>("fnmatch.json")
    assert.isAbove(cases.length, 400)
    assert.deepStrictEqual(
      cases.filter(([pattern, name, expected]) => matches(pattern, name) !== expected),
      []
    )
  })

  it("a ! that comes first because a range before it vanished negates too, as in Python", () => {
    assert.isTrue(matches("[b-a!]", "x"))
    assert.isTrue(matches("[\u{1f9f5}-^!]*", "[-/^"))
    assert.isFalse(matches("[b-a!x]", "x"))
  })

  it("a name without wildcards is a pattern of itself, and known as such", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const { literal, test } = compileFnmatch(name.replaceAll(/[*?[]/gu, "[$&]"))
        assert.isTrue(test(name))
        if (!/[*?[]/.test(name)) assert.strictEqual(literal, name)
      })
    )
  })

  it("a pattern of many stars is answered at once", () => {
    const started = performance.now()
    assert.isFalse(matches(`${"*a".repeat(500)}b`, "a".repeat(5_000)))
    assert.isFalse(matches(`${"[!b]*".repeat(500)}b`, "a".repeat(5_000)))
    assert.isTrue(matches("*".repeat(50_000), "a".repeat(50_000)))
    assert.isFalse(matches("[".repeat(20_000), "a"))
    assert.isBelow(performance.now() - started, 60_000)
  })
})

describe("readPythonJson", () => {
  it("reads and refuses what ujson does", () => {
    const cases = answers<[text: string, { readonly type: string; readonly json: string } | null]>("ujson.json")
    assert.isAbove(cases.length, 200)
    for (const [text, expected] of cases) {
      const read = readPythonJson(text)
      assert.strictEqual(read.ok ? read.type : null, expected?.type ?? null, text)
      if (!read.ok || expected === null) continue
      const written = readPythonJson(expected.json)
      assert.deepStrictEqual(written.ok && written.value, read.value, text)
    }
  })

  it.each(["-.", "-.e5", '{"a":-.}'])("%j is no number", (text) => {
    assert.isFalse(readPythonJson(text).ok)
  })

  it("reads all that JSON.parse reads, as it reads it", () => {
    fc.assert(
      fc.property(fc.json({ depthSize: "large" }), (text) => {
        const read = readPythonJson(text)
        assert.isTrue(read.ok)
        if (read.ok) assert.deepStrictEqual(JSON.stringify(read.value), JSON.stringify(JSON.parse(text)))
      })
    )
  })

  it("never throws, and takes what it takes with white space around it too", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\",
      "\\u12",
      "-",
      "1",
      ".",
      "e",
      "NaN",
      "nul",
      "\0"
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("")
        const read = readPythonJson(text)
        assert.strictEqual(readPythonJson(` \n${text}\t\r`).ok, read.ok)
      }),
      { numRuns: 5_000 }
    )
  })

  it("a block is not lost to a raw line end, NaN or a leading zero", () => {
    for (const odd of ['"message":"a\nb\tc"', '"n":NaN', '"n":-Infinity', '"n":007', '"n":1.']) {
      const read = readPythonJson(`{"action":"block",${odd}}`)
      assert.isTrue(read.ok, odd)
      if (read.ok) assert.propertyVal(read.value, "action", "block")
    }
  })

  it("__proto__ is a key like any other", () => {
    const read = readPythonJson('{"__proto__":{"action":"block"}}')
    assert.isTrue(read.ok)
    if (read.ok) {
      assert.notProperty({}, "action")
      assert.strictEqual((read.value as { action?: unknown }).action, undefined)
    }
  })

  it("nesting without end is refused, at once", () => {
    assert.isFalse(readPythonJson("[".repeat(1_000_000)).ok)
    assert.isFalse(readPythonJson('{"a":'.repeat(200_000)).ok)
    assert.isTrue(readPythonJson("[".repeat(500) + "]".repeat(500)).ok)
  })
})

describe("Python's text", () => {
  it.each([
    ["a/b", '"a\\/b"'],
    ['"q" \\ \n\t\r\b\f', '"\\"q\\" \\\\ \\n\\t\\r\\b\\f"'],
    ["\0\u001f\x7f", '"\\u0000\\u001f\x7f"'],
    ["\u00e9\u{1f600}\u2028", '"\\u00e9\\ud83d\\ude00\\u2028"'],
    ["<&>", '"<&>"'],
    [{ a: [1, -2, true, null], b: {} }, '{"a":[1,-2,true,null],"b":{}}']
  ])("%j is written as ujson writes it", (value, text) => {
    assert.strictEqual(writePythonJson(value), text)
  })

  it("whatever is written is ASCII on one line and reads back", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const text = writePythonJson(value)
        assert.match(text, /^[\x20-\x7f]*$/)
        assert.deepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
      })
    )
  })

  it("strips what str.strip() strips, and nothing else", () => {
    const blank = new Set(answers<number>("strip.json"))
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code)
      assert.strictEqual(strip(`${character}x${character}`) === "x", blank.has(code), `U+${code.toString(16)}`)
    }
    assert.strictEqual(strip(" \u0085\n"), "")
  })

  it("says of bytes that are not UTF-8 what bytes.decode() says", () => {
    const cases = answers<[bytes: ReadonlyArray<number>, error: string | null]>("decode.json")
    assert.isAbove(cases.length, 200)
    for (const [bytes, error] of cases) {
      const decoded = decodeUtf8(Uint8Array.from(bytes))
      assert.strictEqual(decoded.ok ? null : decoded.error, error, bytes.join(" "))
    }
  })

  it("an excerpt counts code points and never cuts one", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(40), (text, length) => {
        assert.strictEqual(excerpt(text, length), [...text].slice(0, length).join(""))
      })
    )
  })

  it.each([
    [null, "None"],
    [true, "True"],
    ["it's", "it's"],
    [["it's", 'a "b"', "a'\"\n"], `["it's", 'a "b"', 'a\\'"\\n']`],
    [{ a: [1, null] }, "{'a': [1, None]}"],
    [[Number.NaN, Number.NEGATIVE_INFINITY], "[nan, -inf]"]
  ])("%j in an f-string", (value, text) => {
    assert.strictEqual(pythonText(value), text)
  })
})

describe("a timeout", () => {
  it.effect("is a whole number where pydantic takes it for one", () =>
    Effect.gen(function* () {
      for (const [timeout, seconds] of answers<[value: unknown, seconds: number | null]>("timeout.json")) {
        const text = JSON.stringify({ hooks: [{ event: "pre_tool_use", command: "a", timeout }] })
        const source = { _tag: "text", file: "coder.json", folder: "/project", text } as const
        const exit = yield* Effect.exit(oats.load(source, { mode: "documented", adapters: [] }))
        const ms = exit._tag === "Success" ? exit.value.hooks[0]!.timeoutMs : null
        assert.strictEqual(ms, seconds === null ? null : seconds * 1000, JSON.stringify(timeout))
      }
    })
  )
})

describe("an answer of a megabyte of white space", () => {
  it("is read in linear time", () => {
    const since = process.threadCpuUsage()
    const read = readPythonJson(`${" ".repeat(1_000_000)}1.5 `)
    assert.deepStrictEqual(read, { ok: true, value: 1.5, type: "float" })
    assert.isBelow(process.threadCpuUsage(since).user / 1000, 500)
  })
})
