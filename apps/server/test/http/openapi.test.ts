import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Effect } from "effect"
import { Api } from "../../src/api/Api.ts"
import { openApiOf } from "../../src/http/openapi.ts"
import { referencePage } from "../../src/http/referencePage.ts"
import { serveSample } from "./Sample.ts"

const methods = ["get", "post", "put", "patch", "delete"] as const

describe("the OpenAPI document", () => {
  const document = openApiOf(Api)
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => (item[method] === undefined ? [] : [{ path, method, operation: item[method] }]))
  )

  it("is OpenAPI 3.1, by a public validator", async () => {
    const validator = new Validator()
    const result = await validator.validate(JSON.parse(JSON.stringify(document)))
    assert.deepStrictEqual([result.valid, result.valid ? null : result.errors], [true, null])
    assert.strictEqual(validator.version, "3.1")
    assert.isAbove(operations.length, 30)
  })

  it("has nothing that its references lead to and that is not there", () => {
    const text = JSON.stringify(document)
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      assert.property(document.components.schemas, name!)
    }
  })

  it("names the scopes of each operation that has a key, and the key of each POST", () => {
    for (const { path, method, operation } of operations) {
      const scopes = (operation as { "x-required-scopes"?: ReadonlyArray<string> })["x-required-scopes"]
      const where = `${method} ${path}`
      if (operation.security.length === 0) assert.isUndefined(scopes, where)
      else for (const scope of scopes!) assert.include(operation.description, `\`${scope}\``, where)
      const names = operation.parameters.map(({ name }) => name)
      assert.strictEqual(names.includes("Idempotency-Key"), method === "post", where)
    }
    assert.deepStrictEqual(document.servers, [{ url: "/" }])
  })

  it("is a page as well, which loads nothing and lets no text be markup", () => {
    const page = referencePage(document)
    for (const { path } of operations) assert.include(page, `<code>${path}</code>`)
    assert.notMatch(page, /<script|src=|@import|url\(|href="(?!#|\/openapi\.json")/)
    const hostile = { ...document, info: { ...document.info, title: `</title><script>alert("x")</script>` } }
    assert.notInclude(referencePage(hostile), "<script>")
  })

  it.live("is there without a key", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const sample = yield* serveSample()
        for (const [path, type] of [
          ["/openapi.json", "application/json"],
          ["/docs", "text/html"]
        ]) {
          const answer = yield* Effect.promise(() => fetch(sample.url + path))
          const text = yield* Effect.promise(() => answer.text())
          assert.deepStrictEqual([answer.status, answer.headers.get("content-type")?.split(";")[0]], [200, type])
          assert.include(text, "/things")
        }
      })
    )
  )
})
