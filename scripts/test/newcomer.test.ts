/**
 * A newcomer's first half hour: what README, docs/sdk.md and docs/config.md say is typed, word for word, into an empty
 * repository outside of the clone, with the packages as they would be published, on the oldest Node and on the clone's.
 */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { blocksOf, typePage } from "../docs.ts"
import { run, within } from "../workspace.mjs"
import { typedByNewcomers } from "./outside/newcomers.ts"
import { type OutsideProject, outsideProject } from "./outside/project.ts"

describe.concurrent.each(["22.19.0", "24"] as const)("on Node %s", (version) => {
  it.each(typedByNewcomers)("%s", { timeout: 400_000 }, async (page) => {
    const project = await outsideProject(version)
    try {
      await project.sh("git init --quiet")
      assert.include((await project.sh("node --version")).stdout, `v${version}`)
      await typePage(project, page, blocksOf(readFileSync(within(page), "utf8")))
      if (version === "24") assert.strictEqual(await typeErrors(project), "")
    } finally {
      await project.remove()
    }
  })
})

/** What strict TypeScript has against the page's programs and the declarations of what they import. */
const typeErrors = async ({ folder }: OutsideProject): Promise<string> => {
  if (globSync("**/*.{ts,mts}", { cwd: folder, exclude: ["node_modules"] }).length === 0) return ""
  const config = {
    compilerOptions: {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      module: "nodenext",
      target: "es2023",
      noEmit: true,
      allowImportingTsExtensions: true,
      typeRoots: [within("node_modules", "@types")],
      types: ["node"]
    },
    exclude: ["node_modules"]
  }
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config))
  return (await run([within("node_modules", ".bin", "tsc"), "-p", folder], { capture: true })).said
}
