/** A config that does not parse says where, what is wrong, and how to mend it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import * as fc from "fast-check"
import { parseDocument } from "yaml"
import { readDocument } from "../src/config/Document.ts"

const source = (file: string, text: string) => ({ _tag: "text", file, folder: "/", text }) as const
const messageOf = (file: string, text: string) =>
  Effect.runSync(Effect.flip(readDocument("native", source(file, text)))).message
const documentOf = (file: string, text: string) => Effect.runSync(readDocument("native", source(file, text)))

describe("YAML that does not parse", () => {
  it.each([
    ["an unclosed quote", 'hooks:\n  - on: pre_tool_use\n    run: "exit 2\n', '3:10: .*not closed.*missing "'],
    ["an unclosed single quote", "a: 'b\nc: d\n", "1:4: .*not closed.*missing '"],
    ["an unclosed list", "a:\n  b: [1, 2\nc: 3\n", "2:6: .*\\[ that opens here is not closed"],
    ["an unclosed map at the end", "a: {b: 1", "1:4: .*\\{ that opens here is not closed"],
    ["a bracket that closes nothing", "a: ]\n", "1:4: .*closes nothing"],
    ["a tab", "a:\n\t- b\n", "2:1: .*tab.*spaces"],
    ["two documents", "a: 1\n---\nb: 2\n", "2:1: .*second document"],
    ["an anchor that is not there", "a: 1\nb: *nope\n", "2:4: .*no anchor &nope"],
    ["an alias inside of its anchor", "a: &x\n  b: *x\n", "2:6: .*inside of what it names"],
    ["an unknown tag", "a: !run x\n", "1:4: .*unknown tag !run"],
    ["a tag that does not fit", "a: !!int x\n", "1:4: .*unknown tag !!int"],
    ["a reserved character", "a: @x\n", "1:4: .*cannot begin with @.*quotes"],
    ["a second colon", "run: echo: hi\n", "1:6: .*second colon.*quotes"],
    ["a line without a colon", "foo\nbar: 1\n", "1:1: .*no colon"],
    ["text behind a quoted text", "a: 'it's'\n", "1:8: .*cannot stand behind"],
    ["an unknown escape", 'a: "\\q"\n', "1:5: .*escape.*backslash"],
    ["keys in different columns", "a:\n  b: 1\n c: 2\n", "3:1: .*same column"],
    ["a map as key", "a: {{ x }}\n", "1:5: .*key.*quotes"],
    ["no key", ": a\n", "1:1: .*expected a key"],
    ["nothing", "", "1:1: the file is empty"],
    ["comments only", "# hooks:\n\n# - on: stop\n", "1:1: the file is empty"],
    ["UTF-16", "h\0o\0o\0k\0s\0", "1:2: .*UTF-16.*UTF-8"],
    ["an unclosed quote behind a byte order mark", "\uFEFFa: [\n", "1:4: "]
  ])("%s", (_, text, expected) => {
    assert.match(messageOf("a.yaml", text), new RegExp(`^a\\.yaml:${expected}`))
  })
})

describe("JSON that does not parse", () => {
  it.each([
    ["a comma before ]", '{"hooks":[{"on":"stop","run":"true"},]}', "1:38: .*comma.*remove"],
    ["a comma before }", '{"hooks":{"execution_start":[{"tool_name":"read_file",}]}}', "1:55: .*comma.*remove"],
    ["an unclosed map", '{\n  "a": {"b": 1}\n', "1:1: .*\\{ that opens here is not closed"],
    ["an unclosed list", '{"a":[1,2', "1:6: .*\\[ that opens here is not closed"],
    ["an unclosed text", '{\n  "a": "x\n}', "2:8: .*not closed"],
    ["text behind the end", "{} x", "1:4: .*has ended.*remove"],
    ["a second value", "{}\n{}", "2:1: .*has ended.*remove"],
    ["a comment", "// x\n{}", "1:1: .*no comments"],
    ["a comment with #", "{\n# x\n}", "2:1: .*no comments"],
    ["a key without quotes", "{a: 1}", "1:2: .*key needs double quotes, got a"],
    ["single quotes", "{'a': 1}", "1:2: .*double quotes"],
    ["typographic quotes", "{\u201Ca\u201D: 1}", "1:2: .*double quotes"],
    ["True", '{"a": True}', "1:7: .*true in lower case"],
    ["a word", '{"a": yes}', "1:7: .*double quotes, got yes"],
    ["no comma", '{"a":1\n"b":2}', "2:1: .*expected a comma"],
    ["no colon", '{"a" 1}', "1:6: .*expected a colon"],
    ["no value", '{"a": }', "1:7: .*expected a value"],
    ["an unknown escape", '{"a": "\\d"}', "1:7: .*backslash"],
    ["nothing", " \n", "1:1: .*the file is empty"]
  ])("%s", (_, text, expected) => {
    assert.match(messageOf("a.json", text), new RegExp(`^a\\.json:${expected}`))
  })

  it("JSON.parse accepts what is accepted, with the same value", () => {
    const mutated = fc
      .tuple(fc.jsonValue(), fc.nat(), fc.constantFrom(...'{}[],:"\\01.eE-+ \n\ta', ""))
      .map(([value, at, character]) => {
        const text = JSON.stringify(value)
        const place = at % (text.length + 1)
        return text.slice(0, place) + character + text.slice(place + (at % 2))
      })
    fc.assert(
      fc.property(mutated, (text) => {
        const read = Effect.runSyncExit(readDocument("native", source("a.json", text)))
        if (Exit.isSuccess(read)) assert.deepStrictEqual(read.value.value, JSON.parse(text))
      })
    )
  })

  it("comments and trailing commas are allowed in a .jsonc file", () => {
    assert.deepStrictEqual(documentOf("a.jsonc", '{ // why\n  "a": 1,\n}').value, { a: 1 })
  })
})

describe("a key that stands twice", () => {
  it.each([
    [
      "a.json",
      '{\n  "hooks": [],\n  "hooks": []\n}',
      'a.json:3:3: hooks: duplicate key "hooks": it stands at 2:3 already; keep one of them'
    ],
    [
      "a.json",
      '{"a":{"tool":1,"t\\u006fol":2}}',
      'a.json:1:16: a.tool: duplicate key "tool": it stands at 1:7 already; keep one of them'
    ],
    [
      "a.yaml",
      "a:\n  b: 1\n  c: 2\n  b: 3\n",
      'a.yaml:4:3: a.b: duplicate key "b": it stands at 2:3 already; keep one of them'
    ],
    [
      "a.yaml",
      'a: {b: 1, "b": 2}\n',
      'a.yaml:1:11: a.b: duplicate key "b": it stands at 1:5 already; keep one of them'
    ],
    ["a.yaml", "1: a\n'1': b\n", 'a.yaml:2:1: 1: duplicate key "1": it stands at 1:1 already; keep one of them'],
    [
      "a.yaml",
      "a: {<<: {b: 1}, <<: {c: 1}}\n",
      'a.yaml:1:17: a.<<: duplicate key "<<": it stands at 1:5 already; keep one of them'
    ]
  ])("is refused with both places in %s: %s", (file, text, expected) => {
    assert.strictEqual(messageOf(file, text), expected)
  })

  it("every one of them is named", () => {
    assert.lengthOf(messageOf("a.json", '{"a":1,"a":2,"b":{"c":1,"c":2}}').split("\n"), 2)
  })
})

describe("merge keys of YAML", () => {
  const base = "x-gate: &gate { timeout: 5s, onFailure: block }\n"

  it("are merged; a key that stands in the map itself wins", () => {
    const document = documentOf("a.yaml", `${base}a: { timeout: 1s, <<: *gate }\nb: { <<: *gate, timeout: 2s }\n`)
    const { a, b } = document.value as Record<string, unknown>
    assert.deepStrictEqual(a, { timeout: "1s", onFailure: "block" })
    assert.deepStrictEqual(b, { timeout: "2s", onFailure: "block" })
  })

  it("of a list of maps the first that has a key wins", () => {
    const document = documentOf("a.yaml", `${base}y: &y { timeout: 9s, run: x }\na:\n  <<: [*gate, *y]\n`)
    assert.deepStrictEqual((document.value as { a: unknown }).a, { timeout: "5s", onFailure: "block", run: "x" })
  })

  it("are merged from maps that merge themselves, and from a map written in place", () => {
    const text = `${base}y: &y { <<: *gate, run: x }\na: { <<: *y }\nb: { <<: { c: 1 } }\n`
    const { a, b } = documentOf("a.yaml", text).value as Record<string, unknown>
    assert.deepStrictEqual(a, { run: "x", timeout: "5s", onFailure: "block" })
    assert.deepStrictEqual(b, { c: 1 })
  })

  it("a merged value has the place where it is written", () => {
    const document = documentOf("a.yaml", `${base}a:\n  run: x\n  <<: *gate\n`)
    assert.deepStrictEqual(document.place(["a", "timeout"]), { line: 1, column: 26 })
    assert.deepStrictEqual(document.keyPlace(["a", "timeout"]), { line: 1, column: 17 })
    assert.deepStrictEqual(document.keyPlace(["a", "run"]), { line: 3, column: 3 })
  })

  it("of anything but a map are refused at its place", () => {
    assert.match(messageOf("a.yaml", "a:\n  <<: 5\n"), /^a\.yaml:2:7: a\.<<: << merges a map.*got 5$/)
    assert.match(messageOf("a.yaml", "x: &x [1]\na:\n  <<: *x\n"), /^a\.yaml:3:7: a\.<<: << merges a map.*got 1$/)
    assert.match(
      messageOf("a.yaml", "x: &x {}\na:\n  <<: [*x, y]\n"),
      /^a\.yaml:3:12: a\.<<: << merges a map.*got "y"$/
    )
    assert.match(messageOf("a.yaml", "a:\n  <<:\n"), /^a\.yaml:2:6: a\.<<: << merges a map.*got nothing$/)
  })

  it("in quotes and in JSON are keys like any other", () => {
    assert.deepStrictEqual(documentOf("a.yaml", 'a: { "<<": { b: 1 } }').value, { a: { "<<": { b: 1 } } })
    assert.deepStrictEqual(documentOf("a.json", '{"<<": {"b": 1}}').value, { "<<": { b: 1 } })
  })

  it("that multiply are refused, not expanded", () => {
    const levels = Array.from({ length: 9 }, (_, index) => {
      const before = index === 0 ? "{}" : `{<<: *a${index - 1}}`
      return `a${index}: &a${index} { ${"abcdefgh"
        .split("")
        .map((key) => `${key}: ${before}`)
        .join(", ")} }`
    })
    assert.match(messageOf("a.yaml", levels.join("\n")), /^a\.yaml:\d+:\d+: .*aliases/)
  })

  it("one anchor may be used often", () => {
    const uses = Array.from({ length: 500 }, () => "  - <<: *gate")
    const { list } = documentOf("a.yaml", `${base}list:\n${uses.join("\n")}\n`).value as {
      list: ReadonlyArray<unknown>
    }
    assert.lengthOf(list, 500)
  })
})

it("documents without merge keys are read as the yaml package reads them", () => {
  const written = fc
    .jsonValue()
    .map((value) => `# c\nroot: ${JSON.stringify(value)}\nother: &o [1, x, ~, "y"]\nagain: *o\n`)
  fc.assert(
    fc.property(written, (text) => {
      assert.deepStrictEqual(documentOf("a.yaml", text).value, parseDocument(text).toJS())
    })
  )
})
