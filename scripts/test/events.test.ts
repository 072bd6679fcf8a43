/** docs/events.md is what the table of events, the context's schema and the dialects' names say. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { readFileSync } from "node:fs"
import { canonicalEvents, decodeContext, type EventContext, factsOf, sharedContextKeys } from "@tenterhook/core"
import { eventsPage, examples } from "../eventsPage.ts"
import { within } from "../workspace.mjs"

describe("docs/events.md", () => {
  it("is the page that scripts/eventsPage.ts writes", () => {
    assert.strictEqual(readFileSync(within("docs", "events.md"), "utf8"), eventsPage())
  })

  it.each(canonicalEvents)(
    "has a context of %s that is valid, with its required keys and no key of another event",
    (name) => {
      const { keys, requires = [] } = factsOf(name)
      const decoded = decodeContext(examples[name])
      assert.deepStrictEqual(Result.getOrThrow(decoded), examples[name])
      const given = Object.keys(examples[name]) as ReadonlyArray<keyof EventContext>
      assert.deepStrictEqual(
        given.filter((key) => ![...keys, ...sharedContextKeys].includes(key as never)),
        []
      )
      assert.includeMembers([...given], [...requires])
    }
  )
})
