/** What a host does not use is not loaded: the HTTP client, the MCP client, the schema compiler, the database, the way to a server. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { assert, it } from "vitest"

it("hooks that call no tool and send nothing load neither clients nor a database", () => {
  const fixture = join(import.meta.dirname, "fixtures/loaded.ts")
  const text = execFileSync(process.execPath, ["--conditions=@tenterhook/source", fixture], { encoding: "utf8" })
  const loaded = JSON.parse(text) as ReadonlyArray<string>
  assert.isTrue(loaded.some((url) => url.endsWith("packages/sdk/src/createHooks.ts")))
  const heavy =
    /node_modules\/(undici|ajv)\/|effect\/src\/ai|effect\/dist\/ai|node:sqlite|packages\/(webhook|tool-call|sqlite)\/|sdk\/src\/server\/(?!ServerError)/
  assert.deepStrictEqual(
    loaded.filter((url) => heavy.test(url)),
    []
  )
})
