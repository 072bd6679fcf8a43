/** Every example and every command in the documentation is run: here, or in newcomer.test.ts as somebody who installs it. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { typedByNewcomers } from "./outside/newcomers.ts"
import { type Block, blocksOf, expectedCode, fileOf, prepareDesk, typePage } from "../docs.ts"

const root = join(import.meta.dirname, "../..")
const pages = globSync(
  ["README.md", "docs/**/*.md", "packages/*/README.md", "apps/*/README.md", "examples/*/README.md"],
  {
    cwd: root,
    exclude: (path) => path.includes("node_modules")
  }
).toSorted()

describe.each(pages)("%s", (page) => {
  const blocks = blocksOf(readFileSync(join(root, page), "utf8"))

  it("has no command and no program that is not run", () => {
    const idle = blocks.filter(
      (block) => isCode(block) && fileOf(block) === undefined && expectedCode(block) === undefined
    )
    assert.deepStrictEqual(
      idle.map((block) => `${page}:${block.line}: ${block.language} block without a file name or "run"`),
      []
    )
  })

  if (typedByNewcomers.includes(page) || blocks.every((block) => expectedCode(block) === undefined)) return
  // A clone needs Node and git, and nothing else.
  const lacking = programs.filter(({ name, isThere }) => !isThere && blocks.some((block) => runs(block, name)))
  it.runIf(lacking.length === 0)("does what it says", { timeout: 400_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenterhook-docs-"))
    try {
      await typePage(prepareDesk(folder, root), page, blocks)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

const isCode = (block: Block) => ["sh", "bash", "shell", "console", "ts", "js"].includes(block.language)

const runs = (block: Block, program: string) =>
  block.language === "sh" && expectedCode(block) !== undefined && new RegExp(`\\b${program} `).test(block.text)

const programs = ["curl", "sqlite3"].map((name) => ({
  name,
  isThere: spawnSync(name, ["--version"]).error === undefined
}))
