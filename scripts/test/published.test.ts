/** What `npm install` brings to a project outside of the clone works there, on the oldest Node and on the clone's. */
import { assert, describe, it } from "@effect/vitest"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { outsideProject } from "./outside/project.ts"

describe.concurrent.each(["22.19.0", "24"] as const)("on Node %s", (version) => {
  it("the command line and the SDK are installed from their tarballs, and run", async () => {
    const project = await outsideProject(version)
    try {
      await project.sh("npm install tenterhook @tenterhook/sdk")
      assert.match((await project.sh("node --version")).stdout, new RegExp(`^v${version}`))
      await writeFile(join(project.folder, "tenterhook.yaml"), "hooks: [{ on: stop, run: 'echo ran' }]\n")
      await writeFile(join(project.folder, "agent.mjs"), agent)
      const [fired, programmed] = await Promise.all([
        project.sh("npx tenterhook fire stop --json"),
        project.sh("node agent.mjs")
      ])
      assert.strictEqual(JSON.parse(fired.stdout).outcomes[0].stdout, "ran\n")
      assert.strictEqual(programmed.stdout, "ran\n")
    } finally {
      await project.remove()
    }
  })
})

const agent = `
  import { createHooks } from "@tenterhook/sdk"
  const hooks = await createHooks({ config: "tenterhook.yaml" })
  process.stdout.write((await hooks.fire("stop")).outcomes[0].stdout)
  await hooks.close()
`
