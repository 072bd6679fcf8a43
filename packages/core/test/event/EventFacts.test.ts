import { assert, describe, it } from "@effect/vitest"
import { canonicalEvents, contextKeys, factsOf, mayHave, rewriteTargets, sharedContextKeys } from "../../src/index.ts"

describe("EventFacts", () => {
  it("gives each context key to all events, or to at least one", () => {
    const shared: ReadonlyArray<string> = sharedContextKeys
    for (const key of contextKeys) {
      const owners = canonicalEvents.filter((event) => factsOf(event).keys.includes(key))
      assert.strictEqual(owners.length === 0, shared.includes(key), key)
    }
  })

  it("requires only keys that the event may have", () => {
    for (const event of canonicalEvents) {
      const { keys, requires = [] } = factsOf(event)
      assert.deepStrictEqual(
        requires.filter((key) => !keys.includes(key)),
        [],
        event
      )
    }
  })

  it("lets nothing be rewritten where a hook only observes", () => {
    for (const name of canonicalEvents) {
      const { class: of } = factsOf(name)
      if (of === "observe" || of === "loop") assert.deepStrictEqual(rewriteTargets({ name, class: of }), [], name)
    }
  })

  it("describes each event in one or two sentences", () => {
    for (const event of canonicalEvents) assert.match(factsOf(event).description, /^[A-Z].{10,120}\.$/, event)
  })

  it("gives a tool to exactly the events that are about one", () => {
    assert.deepStrictEqual(
      canonicalEvents.filter((event) => mayHave(event, "tool")),
      [
        "pre_tool_use",
        "permission_request",
        "permission_denied",
        "post_tool_use",
        "post_tool_use_failure",
        "file_changed"
      ]
    )
  })
})
