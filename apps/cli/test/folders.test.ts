/** Folders that a hook starts in, and environments in which it has none. */
import { assert, describe, it } from "vitest"
import { makeFolder } from "./tenterhook.ts"

describe("tmpdir/", () => {
  it("a guard reads its input whatever TMPDIR is, and nothing is made at a place that does not exist", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": "hooks: [{ on: pre_tool_use, run: 'grep -q \"rm -rf\" && exit 2 || true' }]\n"
    })
    const fire = (TMPDIR: string) =>
      folder.run(["fire", "pre_tool_use", "--set", "tool.name=bash", "--set", "tool.input.command=rm -rf /"], {
        env: { TMPDIR }
      })
    for (const TMPDIR of ["/dev/null/claude", "/proc", folder.at("gone/deep")]) {
      const { code, stdout } = await fire(TMPDIR)
      assert.strictEqual(code, 3, `${TMPDIR}: ${stdout}`)
    }
    assert.isFalse(folder.has("gone"))
  })
})
