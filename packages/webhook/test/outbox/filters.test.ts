import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { compileFilter, eventFilterProblem, matchesEvent } from "../../src/outbox.ts"

describe("events", () => {
  it("exact, by beginning, and all", () => {
    assert.isTrue(matchesEvent(["agent.hook.failed"], "agent.hook.failed"))
    assert.isFalse(matchesEvent(["agent.hook.failed"], "agent.hook.failed.twice"))
    assert.isTrue(matchesEvent(["agent.*"], "agent.hook.failed"))
    assert.isFalse(matchesEvent(["agent.*"], "agent"))
    assert.isFalse(matchesEvent(["agent.*"], "agents.started"))
    assert.isFalse(matchesEvent(["agent.hook.failed"], "agent.hook.succeeded"))
    assert.isTrue(matchesEvent(["*"], "anything"))
    assert.isFalse(matchesEvent([], "anything"))
  })

  it("what concerns endpoints goes to those that name it", () => {
    assert.isFalse(matchesEvent(["*"], "endpoint.disabled"))
    assert.isTrue(matchesEvent(["endpoint.*"], "endpoint.disabled"))
    assert.isTrue(matchesEvent(["endpoint.disabled"], "endpoint.disabled"))
  })

  it("what cannot be used is said", () => {
    for (const wrong of ["agent*", "a..b", "", ".*", "*.x", "a b"]) assert.isString(eventFilterProblem([wrong]), wrong)
    assert.isNull(eventFilterProblem(["a", "a.b-c.*", "*"]))
  })
})

const data = { status: "failed", step: 3, tool: { name: "bash", tags: ["x", "y"] }, none: null, list: [{ id: 7 }] }
const holds = (filter: unknown, on: unknown = data) => {
  const compiled = compileFilter(filter)
  if (typeof compiled === "string") throw new Error(compiled)
  return compiled(on)
}

describe("payloads", () => {
  it("every operator", () => {
    const yes: ReadonlyArray<object> = [
      {},
      { status: "failed" },
      { "tool.name": "bash", step: 3 },
      { step: { $eq: 3 } },
      { step: { $ne: 4 } },
      { gone: { $ne: 4 } },
      { step: { $gt: 2, $lt: 4 } },
      { step: { $gte: 3, $lte: 3 } },
      { status: { $gt: "a" } },
      { status: { $in: ["failed", "skipped"] } },
      { status: { $nin: ["ok"] } },
      { gone: { $nin: ["ok"] } },
      { status: { $contains: "ail" } },
      { "tool.tags": { $contains: "y" } },
      { gone: { $exists: false } },
      { none: { $exists: true } },
      { none: null },
      { "list.0.id": 7 },
      { tool: { name: "bash", tags: ["x", "y"] } },
      { tool: { $eq: { tags: ["x", "y"], name: "bash" } } },
      { $or: [{ status: "ok" }, { step: 3 }] },
      { $and: [{ status: "failed" }, { $or: [{ step: 1 }, { step: 3 }] }] }
    ]
    for (const filter of yes) assert.isTrue(holds(filter), JSON.stringify(filter))
    const no: ReadonlyArray<object> = [
      { status: "ok" },
      { step: "3" },
      { step: { $gt: 3 } },
      { step: { $gt: "1" } },
      { gone: { $lt: 1 } },
      { status: { $in: [] } },
      { status: { $contains: 1 } },
      { "tool.name.length": 4 },
      { "list.length": 1 },
      { "constructor.name": "Object" },
      { $or: [{ status: "ok" }, { step: 4 }] },
      { status: "failed", step: 4 }
    ]
    for (const filter of no) assert.isFalse(holds(filter), JSON.stringify(filter))
  })

  it("what cannot be used is said, with its place", () => {
    const problems: ReadonlyArray<readonly [unknown, string]> = [
      [[], "expected an object"],
      [{ $not: {} }, "$not is not known here"],
      [{ a: { $near: 1 } }, "the filter.a: expected one of $eq"],
      [{ $and: [{ a: { $in: 3 } }] }, "the filter.$and[0].a.$in: expected a list, got 3"],
      [{ $or: [] }, "the filter.$or: expected a list of filters"],
      [{ "a..b": 1 }, "one dot between"],
      [{ a: { $exists: 1 } }, "true or false"],
      [{ a: { $gt: null } }, "a number or a string"]
    ]
    for (const [filter, part] of problems) assert.include(compileFilter(filter) as string, part)
  })

  const Scalar = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null])
  const Data = Schema.Record(Schema.Literals(["a", "b", "c"]), Scalar)

  it.prop("opposites are opposites, and $and and $or are what they say", [Data, Scalar, Scalar], ([on, x, y]) => {
    const one = (filter: unknown) => holds(filter, on)
    assert.strictEqual(one({ a: { $eq: x } }), !one({ a: { $ne: x } }))
    assert.strictEqual(one({ a: { $in: [x, y] } }), !one({ a: { $nin: [x, y] } }))
    assert.strictEqual(one({ a: { $in: [x, y] } }), one({ $or: [{ a: { $eq: x } }, { a: { $eq: y } }] }))
    assert.strictEqual(one({ $and: [{ a: { $eq: x } }, { b: { $eq: y } }] }), one({ a: { $eq: x }, b: { $eq: y } }))
    if (typeof x === "number") {
      assert.strictEqual(one({ b: { $gte: x } }), one({ $or: [{ b: { $gt: x } }, { b: { $eq: x } }] }))
      assert.isFalse(one({ b: { $gt: x, $lt: x } }))
    }
  })

  it.prop("nothing that is given as a filter throws", [Schema.Json, Schema.Json], ([filter, on]) => {
    const compiled = compileFilter(filter)
    if (typeof compiled !== "string") assert.isBoolean(compiled(on))
  })
})
