import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { duplicateKey, duplicateKeyText } from "../../src/index.ts"

describe("duplicateKey", () => {
  it.each([
    ["in the root", '{\n  "a": 1,\n  "a": 2\n}', "a", [2, 3], [3, 3]],
    ["in an object of a list", '{"hooks":[{},{"run":"x","run":"y"}]}', "hooks[1].run", [1, 15], [1, 25]],
    ["in an escaped spelling", '{"tool": 1, "t\\u006fol": 2}', "tool", [1, 2], [1, 13]],
    ["with a name of JavaScript's own", '{"__proto__": {}, "__proto__": {}}', "__proto__", [1, 2], [1, 19]],
    ["that is empty", '{"":1,"":2}', "", [1, 2], [1, 7]],
    ["behind an object that had the same", '{"a":{"b":1},"c":{"b":1},"a":0}', "a", [1, 2], [1, 26]]
  ] as const)("finds a key %s", (_, json, path, [line, column], [line2, column2]) => {
    const found = duplicateKey(json)
    assert.deepInclude(found, { path, first: { line, column }, second: { line: line2, column: column2 } })
  })

  it.each(['{"a":{"a":1},"b":["a","a",{"a":1},{"a":1}]}', '{"a":"\\"a\\":1,\\"a\\":2"}', "[[],{}]", '"a"', "1", ""])(
    "finds none in %s",
    (json) => assert.isUndefined(duplicateKey(json))
  )

  it("finds none in what JSON.stringify writes, and the one that is added to it", () => {
    const some = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
    fc.assert(
      fc.property(some, fc.nat(), (value, nth) => {
        const json = JSON.stringify(value)
        assert.isUndefined(duplicateKey(json))
        const key = Object.keys(value)[nth % Object.keys(value).length]!
        const found = duplicateKey(`${json.slice(0, -1)},\n${JSON.stringify(key)}:0}`)
        assert.deepInclude(found, { key, second: { line: 2, column: 1 } })
      })
    )
  })

  it("names the place of the first", () => {
    assert.strictEqual(
      duplicateKeyText("a", { line: 2, column: 3 }),
      'duplicate key "a": it stands at 2:3 already; keep one of them'
    )
  })
})
