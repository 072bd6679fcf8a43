import { assert, describe, it } from "@effect/vitest"
import { readJson } from "../../src/index.ts"

describe("readJson", () => {
  it("gives the value, also behind a byte order mark", () => {
    assert.deepStrictEqual(readJson('\uFEFF{"a": [1]}'), { ok: true, value: { a: [1] } })
  })

  it.each([
    ["a trailing comma", '{"a": [1,]}', 1, 10],
    ["an end that comes too early", '{\n  "a": 1', 2, 9],
    ["a word", '{\n  "a": yes\n}', 2, 8],
    ["nothing", "", 1, 1]
  ])("says where %s breaks it", (_, text, line, column) => {
    const read = readJson(text)
    assert.deepInclude(read, { ok: false, line, column, path: "" })
    assert.match((read as { text: string }).text, /^not valid JSON: /)
  })

  it("refuses a key that stands twice, with both places", () => {
    assert.deepStrictEqual(readJson('{"a": {\n"b": 1, "\\u0062": 2}}'), {
      ok: false,
      line: 2,
      column: 9,
      path: "a.b",
      text: 'duplicate key "b": it stands at 2:1 already; keep one of them'
    })
  })
})
