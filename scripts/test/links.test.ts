/** A link in the documentation leads to a file that is there. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { root, within } from "../workspace.mjs"

const documents = globSync(["*.md", "docs/**/*.md", "{packages,apps,examples}/*/README.md", "bench/*.md"], {
  cwd: root
}).toSorted()

describe("links", () => {
  it.for(documents)("%s", (document) => {
    const text = readFileSync(within(document), "utf8").replaceAll(/^```[\s\S]*?^```/gm, "")
    const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!)
    const dead = links.filter((link) => !existsSync(join(dirname(within(document)), link)))
    assert.deepStrictEqual(dead, [])
  })
})
