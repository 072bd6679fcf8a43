import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Hostile } from "../hostile.ts"
import { replaceAll, replaceFirst, valuesOf } from "../../src/youbencha/Values.ts"

const context = { cwd: "/w", task: { name: "n", repoDir: "/r", artifactsDir: "/a", repoUrl: "u", branch: "b" } }

describe("Values", () => {
  it.effect.prop(
    "every occurrence becomes the value itself, whatever it says",
    [Hostile, Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))],
    ([branch, times]) =>
      Effect.sync(() => {
        const text = `${"-${BRANCH}".repeat(times)}=\${OTHER}`
        assert.strictEqual(
          replaceAll(text, { BRANCH: branch }),
          `${`-${"\0"}`.repeat(times)}=\${OTHER}`.split("\0").join(branch)
        )
      })
  )

  it.effect.prop("a text without a known name stays as it is", [Hostile], ([text]) =>
    Effect.sync(() => {
      const values = { BRANCH: "x" }
      if (!text.includes("${BRANCH}")) assert.strictEqual(replaceAll(text, values), text)
    })
  )

  it("a value is not looked at again, and patterns in it mean nothing", () => {
    const values = { TEST_CASE_NAME: "${BRANCH}$&$$$1", BRANCH: "main" }
    assert.strictEqual(replaceAll("${TEST_CASE_NAME}", values), "${BRANCH}$&$$$1")
    assert.strictEqual(replaceAll("${constructor}${__proto__}", {}), "${constructor}${__proto__}")
  })

  it("upstream replaces the first occurrence of each name, in its own order, with live patterns", () => {
    const values = { WORKSPACE_DIR: "/w", REPO_DIR: "/r", BRANCH: "a$$b$&c" }
    assert.strictEqual(replaceFirst("${REPO_DIR} ${REPO_DIR}", values), "/r ${REPO_DIR}")
    assert.strictEqual(replaceFirst("${BRANCH}", values), "a$b${BRANCH}c")
    assert.strictEqual(replaceFirst("${WORKSPACE_DIR}", { WORKSPACE_DIR: "${REPO_DIR}", REPO_DIR: "/r" }), "/r")
  })

  it("come from the context, else from the file; what is unknown is absent", () => {
    assert.deepStrictEqual(valuesOf("pre_execution", context, { name: "file" }, "documented"), {
      WORKSPACE_DIR: "/w",
      REPO_DIR: "/r",
      ARTIFACTS_DIR: "/a",
      TEST_CASE_NAME: "n",
      REPO_URL: "u",
      BRANCH: "b"
    })
    assert.deepStrictEqual(
      valuesOf("pre_execution", { cwd: "/w", task: { branch: " " } }, { name: "file", repo: "url" }, "documented"),
      {
        WORKSPACE_DIR: "/w",
        REPO_DIR: "/w",
        TEST_CASE_NAME: "file",
        REPO_URL: "url"
      }
    )
    assert.deepStrictEqual(valuesOf("pre_execution", {}, {}, "upstream"), { BRANCH: "" })
    assert.deepStrictEqual(
      valuesOf(
        "post_evaluation",
        { results: { test_case: { name: "t" }, summary: { overall_status: "passed" } } },
        {},
        "upstream"
      ),
      {
        TEST_CASE_NAME: "t",
        OVERALL_STATUS: "passed"
      }
    )
  })
})
