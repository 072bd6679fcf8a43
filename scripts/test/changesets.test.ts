/** A release can be prepared as CONTRIBUTING describes, with npm and git alone. A dry run: in a copy of this tree. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile, execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { promisify } from "node:util"
import { blocksOf } from "../docs.ts"
import { root, within } from "../workspace.mjs"
import { published } from "./packages.ts"

const command = blocksOf(readFileSync(within("CONTRIBUTING.md"), "utf8"))
  .flatMap(({ text }) => text.split("\n"))
  .find((line) => line.includes("changeset version"))!

describe(`${command.split("#")[0]!.trim()}, as in CONTRIBUTING`, () => {
  let copy: string
  beforeAll(async () => {
    copy = mkdtempSync(join(tmpdir(), "tenterhook-release-"))
    for (const file of git(root, "ls-files", "--cached", "--others", "--exclude-standard").split("\n")) {
      if (file !== "" && existsSync(within(file))) cpSync(within(file), join(copy, file))
    }
    // There is none right after a release.
    writeFileSync(join(copy, ".changeset", "test.md"), `---\n"@tenterhook/core": patch\n---\n\nA test.\n`)
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")
    git(copy, "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=test")
    // No link to node_modules: pnpm may write there.
    const bin = join(copy, "node_modules", ".bin")
    mkdirSync(bin, { recursive: true })
    for (const name of ["changeset", "oxfmt"]) {
      const program = `#!/bin/sh\nexec '${within("node_modules", ".bin", name)}' "$@"\n`
      writeFileSync(join(bin, name), program, { mode: 0o755 })
    }
    await promisify(execFile)("/bin/sh", ["-e", "-c", command], { cwd: copy, env: environment() }).catch((error) => {
      throw new Error(error.stdout + error.stderr)
    })
    return () => rmSync(copy, { recursive: true, force: true })
  })

  it("gives all published packages one new version and a changelog, and leaves no changeset", () => {
    const versions = published.map(({ folder, name, manifest }) => {
      const there = join(copy, relative(root, folder))
      const { version } = JSON.parse(readFileSync(join(there, "package.json"), "utf8"))
      assert.notStrictEqual(version, manifest.version, name)
      assert.include(readFileSync(join(there, "CHANGELOG.md"), "utf8"), `## ${version}\n`, name)
      return version
    })
    assert.strictEqual(new Set(versions).size, 1)
    assert.deepStrictEqual(readdirSync(join(copy, ".changeset")), ["config.json"])
  })

  it("leaves a lock file that fits the new versions", () => {
    assert.strictEqual(git(copy, "diff", "--name-only", "--", "pnpm-lock.yaml"), "")
  })
})

const git = (cwd: string, ...args: ReadonlyArray<string>) => execFileSync("git", args, { cwd, encoding: "utf8" })

/** A PATH without pnpm, also where `npm test` or this machine has one; and no installation in the copy. */
const environment = () => {
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !existsSync(join(folder, "pnpm")))
  return { ...process.env, PATH: path.join(":"), pnpm_config_verify_deps_before_run: "false" }
}
