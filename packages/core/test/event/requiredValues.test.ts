import { assert, describe, it } from "vitest"
import { canonicalEvents, canonicalPath, contextKeys, factsOf, lackOf, saysNothing } from "../../src/index.ts"

const problemsOf = (event: string, context: object) => lackOf(event as "stop", context)?.problems ?? []

describe("lackOf", () => {
  it("every event about a tool requires tool.name", () => {
    const aboutTools = canonicalEvents.filter((event) => factsOf(event).requires !== undefined)
    assert.includeMembers(aboutTools, ["pre_tool_use", "permission_request", "post_tool_use"])
    for (const event of aboutTools) {
      for (const context of [
        {},
        { sessionId: "s" },
        { tool: null },
        { tool: {} },
        { tool: { name: "" } },
        { tool: "bash" }
      ]) {
        assert.deepStrictEqual(problemsOf(event, context), [{ path: "tool.name", text: `${event} requires it` }])
      }
      assert.isNull(lackOf(event, { tool: { name: "bash" } }))
    }
  })

  it("other events require nothing", () => {
    for (const event of ["stop", "user_prompt_submit", "execution_start", "acme:thing"]) {
      assert.isNull(lackOf(event as "stop", {}))
    }
  })

  it("names the key of another product that was probably meant", () => {
    for (const key of ["tool_name", "toolName", "name"]) {
      const [problem] = problemsOf("pre_tool_use", { [key]: "Bash", tool_input: {} })
      assert.include(problem!.text, `unknown key "${key}": did you mean tool.name?`)
    }
  })
})

describe("canonicalPath", () => {
  it("leads into the context, from keys that it does not have", () => {
    for (const key of ["tool_name", "tool_input", "tool_response", "user_prompt"]) {
      const path = canonicalPath(key)
      assert.include(contextKeys as ReadonlyArray<string>, path!.split(".")[0])
      assert.notInclude(contextKeys as ReadonlyArray<string>, key)
    }
    assert.isUndefined(canonicalPath("constructor"))
  })
})

describe("saysNothing", () => {
  it("ignores what our own programs add", () => {
    assert.isTrue(saysNothing({ cwd: "/", env: {}, executionId: "e" }))
    assert.isFalse(saysNothing({ cwd: "/", sessionId: "s" }))
    assert.isFalse(saysNothing({ tool_name: "Bash" }))
  })
})
