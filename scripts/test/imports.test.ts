/** Imports run one way: apps, then the SDK, then dialects and adapters, then core, then effect. */
import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { node, within } from "../workspace.mjs"
import { packages } from "./packages.ts"

const lowest = ["@tenterhook/core"]
const adapters = [...lowest, "@tenterhook/shell", "@tenterhook/tool-call", "@tenterhook/webhook"]
const mayDependOn: Record<string, ReadonlyArray<string>> = {
  "@tenterhook/core": [],
  "@tenterhook/patterns": [],
  "@tenterhook/shell": lowest,
  "@tenterhook/tool-call": [...lowest, "@tenterhook/patterns"],
  "@tenterhook/sqlite": [],
  "@tenterhook/sql": [],
  "@tenterhook/postgres": [],
  "@tenterhook/testing-postgres": [],
  "@tenterhook/testing-databases": ["@tenterhook/sqlite", "@tenterhook/postgres", "@tenterhook/testing-postgres"],
  "@tenterhook/webhook": [...lowest, "@tenterhook/sql", "@tenterhook/sqlite"],
  "@tenterhook/dialects": [...lowest, "@tenterhook/patterns"],
  "@tenterhook/conformance": lowest,
  "@tenterhook/sdk": [...adapters, "@tenterhook/sqlite", "@tenterhook/dialects"],
  "@tenterhook/server": [
    ...adapters,
    "@tenterhook/sql",
    "@tenterhook/sqlite",
    "@tenterhook/postgres",
    "@tenterhook/dialects",
    "@tenterhook/sdk"
  ],
  tenterhook: [...adapters, "@tenterhook/dialects", "@tenterhook/conformance", "@tenterhook/sdk", "@tenterhook/server"]
}

describe("what a package depends on", () => {
  for (const { name, manifest } of packages) {
    it(name, () => {
      const ours = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((dependency) =>
        packages.some((each) => each.name === dependency)
      )
      assert.property(mayDependOn, name, "a new package needs a line in this table")
      assert.deepStrictEqual(
        ours.filter((dependency) => !mayDependOn[name]!.includes(dependency)),
        []
      )
    })
  }
})

describe("the linter names an import against the direction", () => {
  const wrong: Record<string, string> = {
    "packages/core/src/a.ts": `export * from "@tenterhook/shell"`,
    "packages/core/src/b.ts": `export { sep } from "node:path"`,
    "packages/core/test/c.ts": `export type { Hooks } from "@tenterhook/sdk"`,
    "packages/patterns/src/a.ts": `export * from "@tenterhook/core"`,
    "packages/patterns/src/b.ts": `export { sep } from "node:path"`,
    "packages/dialects/src/a.ts": `export * from "@tenterhook/shell"`,
    "packages/dialects/src/b.ts": `export { sep } from "path"`,
    "packages/shell/src/a.ts": `export * from "@tenterhook/dialects"`,
    "packages/shell/src/run/b.ts": `export * from "../../../core/src/index.ts"`,
    "packages/shell/test/c.ts": `export * from "../../core/src/index.ts"`,
    "packages/shell/test/d.ts": `export * from "@tenterhook/dialects"`,
    "packages/sql/src/a.ts": `export * from "@tenterhook/core"`,
    "packages/sql/src/b.ts": `export * from "@tenterhook/sqlite"`,
    "packages/conformance/src/a.ts": `export * from "@tenterhook/shell"`,
    "packages/sdk/src/a.ts": `export * from "tenterhook"`,
    "apps/cli/src/a.ts": `export * from "../../../packages/sdk/src/index.ts"`
  }
  const right: Record<string, string> = {
    "packages/core/src/x.ts": `export { Effect } from "effect"`,
    "packages/core/test/x.ts": `export * from "../src/x.ts"; export { sep } from "node:path"`,
    "packages/shell/src/x.ts": `export * from "@tenterhook/core"; export { sep } from "node:path"`,
    "packages/shell/test/x.ts": `export * from "@tenterhook/conformance/vitest"`,
    "packages/sql/test/x.ts": `export * from "@tenterhook/sqlite"`,
    "packages/webhook/src/x.ts": `export * from "@tenterhook/sql"`,
    "packages/dialects/src/x.ts": `export * from "@tenterhook/patterns"`,
    "packages/tool-call/src/x.ts": `export * from "@tenterhook/patterns"`,
    "packages/dialects/src/oats/x.ts": `export * from "../config/y.ts"`,
    "packages/sdk/src/x.ts": `export * from "@tenterhook/dialects"`,
    "apps/cli/src/x.ts": `export * from "@tenterhook/conformance"`
  }

  it("all of them, and nothing else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tenterhook-imports-"))
    try {
      await cp(within(".oxlintrc.json"), join(folder, ".oxlintrc.json"))
      for (const [file, text] of Object.entries({ ...wrong, ...right })) {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), `${text}\n`)
      }
      assert.deepStrictEqual(await filesWithProblems(folder), Object.keys(wrong).sort())
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe("runs where there is no Node", () => {
  for (const name of ["@tenterhook/core", "@tenterhook/dialects"]) {
    it(`${name}, built and with all its dependencies, imports no Node built-in`, async () => {
      const { metafile } = await build({
        entryPoints: [within("packages", name.split("/")[1]!, "dist", "index.js")],
        platform: "browser",
        format: "esm",
        bundle: true,
        write: false,
        metafile: true,
        logLevel: "silent"
      })
      const external = Object.values(metafile.inputs).flatMap((input) => input.imports.filter((each) => each.external))
      assert.deepStrictEqual(external, [])
      assert.include(Object.keys(metafile.inputs).join("\n"), "/effect/")
    })
  }
})

const filesWithProblems = (folder: string) =>
  new Promise<ReadonlyArray<string>>((resolve) => {
    const oxlint = within("node_modules", "oxlint", "bin", "oxlint")
    execFile(node, [oxlint, "--format=unix"], { cwd: folder }, (_, stdout) => {
      const files = stdout.split("\n").flatMap((line) => /^([^:]+):\d+:\d+:/.exec(line)?.[1] ?? [])
      resolve([...new Set(files)].sort())
    })
  })
