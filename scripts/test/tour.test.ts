/** The tour that `npm start` gives: five systems, real output, and files that are there. */
import { assert, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { node, root, within } from "../workspace.mjs"

it("names the systems, shows what their hooks said, and leaves what they wrote", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-tour-"))
  try {
    const { status, stdout, stderr } = spawnSync(node, [within("scripts", "tour.ts"), folder], {
      cwd: root,
      encoding: "utf8"
    })
    assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" }, stdout)
    for (const system of ["Wegent", "youBencha", "Wacht", "errata", "oats"]) assert.include(stdout, system)
    for (const said of ["Task ID: 7", "Error: package.json not found", "SyntaxError", `{"action": "block"`, received]) {
      assert.include(stdout, said)
    }
    assert.match(stdout, /webhook-signature v1,[A-Za-z0-9+/]{43}=/)
    const written = [...stdout.matchAll(/the hook wrote (\S+?):?(?: \(an empty file\))?$/gm)].map((match) => match[1]!)
    assert.isAtLeast(written.length, 7)
    for (const file of written) assert.isTrue(existsSync(file), file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

const received = "the receiver got agent.execution_end_hook.succeeded, and its signature is right"
