import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { match, matcherWords } from "../src/index.ts"
import { nothing } from "../src/case/match.ts"

const matches = (expected: unknown, got: unknown, previous?: unknown) =>
  match(expected, got, previous === undefined ? nothing : previous).length === 0

describe("each matcher", () => {
  const table: ReadonlyArray<readonly [expected: unknown, fits: ReadonlyArray<unknown>, not: ReadonlyArray<unknown>]> =
    [
      [{ contains: "b" }, ["abc", "b"], ["ac", "", 5, null, ["b"], undefined]],
      [{ startsWith: "a" }, ["abc"], ["ba", null]],
      [{ matches: "^a.c$" }, ["abc"], ["abcd", 1]],
      [{ absent: true }, [undefined, nothing], [null, "", 0, false]],
      [{ any: true }, [null, "", 0, {}], [undefined, nothing]],
      [{ lt: 5 }, [4, -1], [5, 6, "4", null]],
      [{ gt: 5 }, [6], [5, 4, "6"]],
      [{ length: 3 }, ["abc", [1, 2, 3], "🧵🧵🧵"], ["ab", [1], { length: 3 }, 3]],
      [{ json: { a: 1 } }, [`{"a":1,"b":2}`], [`{"a":2}`, "{", "", { a: 1 }]],
      [{ json: null }, ["null"], ["", "1"]],
      [{ not: "a" }, ["b", null, undefined], ["a"]],
      [{ not: { absent: true } }, [null, 1], [undefined]],
      [
        { unordered: [1, 2] },
        [
          [1, 2],
          [2, 1]
        ],
        [[1], [1, 2, 3], [1, 1], "12", {}]
      ],
      [
        { unordered: [{ any: true }, 1] },
        [
          [1, 2],
          [2, 1],
          [1, 1]
        ],
        [[2, 2]]
      ],
      [{ all: [{ contains: "a" }, { contains: "b" }] }, ["ab"], ["a", "b"]],
      [{ all: [] }, [null, "x"], []],
      [{ a: 1 }, [{ a: 1 }, { a: 1, b: 2 }], [{ a: 2 }, {}, null, [1], "a"]],
      [{ a: { absent: true } }, [{}, { b: 1 }], [{ a: null }]],
      [{}, [{}, { a: 1 }], [null, [], "", 0]],
      [[1, { a: 2 }], [[1, { a: 2, b: 3 }]], [[1], [{ a: 2 }, 1], [1, { a: 2 }, 3], { 0: 1 }]],
      [[], [[]], [[1], null, {}]],
      ["a", ["a"], ["b", null, ["a"]]],
      [null, [null], [undefined, 0, "", false]],
      [true, [true], ["true", 1]],
      [{ lt: 5, gt: 1 }, [{ lt: 5, gt: 1 }], [3]],
      [{ contains: "a", more: 1 }, [{ contains: "a", more: 1 }], ["a"]]
    ]
  for (const [expected, fits, not] of table) {
    it(JSON.stringify(expected), () => {
      for (const got of fits) assert.deepStrictEqual(match(expected, got), [], String(got))
      for (const got of not) assert.isFalse(matches(expected, got), JSON.stringify(got))
    })
  }

  it("same: previous is the value at the same place one delivery earlier", () => {
    const expected = { headers: { id: { same: "previous" } }, body: { json: { id: { same: "previous" } } } }
    const earlier = { headers: { id: "m1" }, body: `{"id":{"x":1}}` }
    assert.isTrue(matches(expected, { headers: { id: "m1" }, body: `{ "id": { "x": 1 } }` }, earlier))
    assert.isFalse(matches(expected, { headers: { id: "m2" }, body: `{"id":{"x":1}}` }, earlier))
    assert.isFalse(matches(expected, { headers: { id: "m1" }, body: `{"id":{"x":2}}` }, earlier))
    assert.isFalse(matches(expected, earlier), "nothing came earlier")
  })

  it("every word is in the table", () => {
    const used = new Set([
      "same",
      ...table.flatMap(([expected]) => [...JSON.stringify(expected).matchAll(/"(\w+)":/g)].map(([, word]) => word!))
    ])
    assert.deepStrictEqual(
      matcherWords.filter((word) => !used.has(word)),
      []
    )
  })
})

describe("a mismatch", () => {
  it("names the path, what was expected and what came, for each difference", () => {
    const report = { verdict: "abstain", outcomes: [{ hook: "a", stderr: "x" }, { hook: "b" }], body: `{"n":[1]}` }
    assert.deepStrictEqual(
      match(
        { verdict: "deny", outcomes: [{ stderr: { contains: "no" } }, { exitCode: 2 }], body: { json: { n: [2] } } },
        report
      ),
      [
        { path: "verdict", expected: `"deny"`, got: `"abstain"` },
        { path: "outcomes[0].stderr", expected: `text containing "no"`, got: `"x"` },
        { path: "outcomes[1].exitCode", expected: "2", got: "nothing" },
        { path: "body<json>.n[0]", expected: "2", got: "1" }
      ]
    )
  })

  it("of a list's length shows the list, and still compares what there is", () => {
    assert.deepStrictEqual(match([1, 2], [3]), [
      { path: "", expected: "a list of 2", got: "a list of 1: [3]" },
      { path: "[0]", expected: "1", got: "3" }
    ])
  })

  it("says how several matchers are combined", () => {
    assert.include(match({ gt: 1, lt: 3 }, 2)[0]?.expected, "{all: [{gt: …}, {lt: …}]}")
  })

  it("keeps long texts short", () => {
    const [mismatch] = match("a", "x".repeat(2_000_000))
    assert.isBelow(mismatch!.got.length, 500)
    assert.include(mismatch!.got, "2000002 characters")
  })
})

/** Values whose objects are no matchers. */
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => !(matcherWords as ReadonlyArray<string>).includes(key)),
      tie("value"),
      { maxKeys: 4 }
    )
  )
})).value

const holds = (property: fc.IProperty<any>) => fc.assert(property, { seed: 20261121, numRuns: 300 })

describe("laws", () => {
  it("everything matches itself, and any", () =>
    holds(fc.property(plain, (value) => matches(value, value) && matches({ any: true }, value))))

  it("not is the opposite, and twice not is nothing", () =>
    holds(
      fc.property(
        plain,
        plain,
        (a, b) => matches({ not: a }, b) === !matches(a, b) && matches({ not: { not: a } }, b) === matches(a, b)
      )
    ))

  it("all is and", () =>
    holds(
      fc.property(plain, plain, plain, (a, b, c) => matches({ all: [a, b] }, c) === (matches(a, c) && matches(b, c)))
    ))

  it("further keys are free", () =>
    holds(
      fc.property(fc.dictionary(fc.string(), plain, { maxKeys: 4 }), plain, (object, more) => {
        const key = `${Object.keys(object).join("")}further`
        return matches(object, { ...object, [key]: more }) || Object.keys(object).length === 1
      })
    ))

  it("a list matches in one order, unordered in any", () =>
    holds(
      fc.property(fc.array(plain, { maxLength: 6 }), fc.integer({ min: 0, max: 5 }), (list, by) => {
        const turned = [...list.slice(by), ...list.slice(0, by)]
        return matches(list, list) && matches({ unordered: list }, turned) && !matches(list, [...list, null])
      })
    ))

  it("json reads what JSON writes", () =>
    holds(fc.property(plain, (value) => matches({ json: value }, JSON.stringify(value)))))

  it("same holds for equal values alone", () =>
    holds(
      fc.property(
        plain,
        plain,
        (a, b) =>
          matches({ same: "previous" }, a, a) &&
          matches({ same: "previous" }, a, b) === (JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)))
      )
    ))

  it("length, lt and gt agree with JavaScript", () =>
    holds(
      fc.property(
        fc.array(plain),
        fc.integer(),
        fc.integer(),
        (list, a, b) =>
          matches({ length: list.length }, list) && matches({ lt: a }, b) === b < a && matches({ gt: a }, b) === b > a
      )
    ))

  it("never throws, whatever is held against whatever", () =>
    holds(
      fc.property(fc.anything(), plain, fc.constantFrom(...matcherWords), (got, value, word) => {
        const argument = {
          contains: "a",
          startsWith: "a",
          matches: "a",
          lt: 1,
          gt: 1,
          length: 1,
          absent: true,
          any: true,
          same: "previous",
          unordered: [value],
          all: [value],
          json: value,
          not: value
        }[word]
        return Array.isArray(match({ [word]: argument }, got, value))
      })
    ))
})

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value === "number") return value === 0 ? 0 : value
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)])
  )
}
