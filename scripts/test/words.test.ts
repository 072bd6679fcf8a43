/** What does not belong in the tree: notes to oneself, paths of somebody's machine, files named after nothing. */
import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { basename, dirname } from "node:path"
import { root, within } from "../workspace.mjs"

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8"
})
  .split("\n")
  .filter((file) => file !== "" && file !== "pnpm-lock.yaml" && existsSync(within(file)))
const texts = files.map((file) => ({ file, lines: readFileSync(within(file), "utf8").split("\n") }))

const found = (pattern: RegExp, within: (file: string) => boolean = () => true) =>
  texts.flatMap(({ file, lines }) =>
    within(file) ? lines.flatMap((line, at) => (pattern.test(line) ? `${file}:${at + 1}: ${line.trim()}` : [])) : []
  )

const isCode = (file: string) => /\.[cm]?[jt]sx?$/.test(file)

// Each word is split, so that this file does not find itself.
it("no notes to oneself", () => {
  assert.deepStrictEqual(found(new RegExp(`\\b(${"TO"}DO|${"FIX"}ME|${"HA"}CK|${"XX"}X)\\b`)), [])
})

it("no skipped or lonely tests, no silenced checks", () => {
  const comments = ["@ts-" + "ignore", "@ts-" + "expect-error", "oxlint-" + "disable"]
  // A case that a subject cannot run skips itself with a reason, which is no literal.
  const calls = ["sk" + "ip", "on" + "ly", "to" + "do"].map(
    (word) => `\\b(it|test|describe)(\\.\\w+)*\\.${word}\\(["'\`]`
  )
  assert.deepStrictEqual(found(new RegExp([...comments, ...calls].join("|")), isCode), [])
})

it("no paths of somebody's machine", () => {
  assert.deepStrictEqual(found(new RegExp(`(^|[^\\w.$}/-])/(wo${"rk"}|ro${"ot"}|ho${"me/\\w+"})/\\w`)), [])
})

it("no file or folder named after nothing", () => {
  const nothing = /^(utils?|helpers?|common|misc|managers?|stuff)$/i
  assert.deepStrictEqual(
    files.filter((file) =>
      [...dirname(file).split("/"), basename(file).split(".")[0]!].some((name) => nothing.test(name))
    ),
    []
  )
})
