/**
 * The documentation as something that runs: its fenced blocks, and a fresh folder in which they work.
 *
 * The word after the language says what a block is:
 * - a file name (```yaml tenterhook.yaml): it is written there;
 * - `run` or `run=3` (```sh run=3): it is executed and must end with that code (0 where none is given); `ts` blocks that
 *   are files may have it too. A ```text output block that follows shows lines that must be in what it said;
 * - nothing: it shows something, and is not checked. A test keeps `sh` and `ts` blocks from being that.
 *
 * What a block leaves running (`… &`, with its output in a file) is there for those that follow.
 */
import { spawn } from "node:child_process"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"

export interface Block {
  readonly language: string
  readonly words: ReadonlyArray<string>
  readonly text: string
  /** Of its first line, from 1. */
  readonly line: number
}

export const blocksOf = (markdown: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let open: { fence: string; info: string; line: number; lines: Array<string> } | undefined
  markdown.split("\n").forEach((line, index) => {
    const fence = /^\s*(`{3,})(.*)$/.exec(line)
    if (open === undefined) {
      if (fence !== null) open = { fence: fence[1]!, info: fence[2]!.trim(), line: index + 2, lines: [] }
    } else if (fence !== null && fence[1]!.length >= open.fence.length && fence[2]!.trim() === "") {
      const [language = "", ...words] = open.info.split(/\s+/)
      blocks.push({ language, words, text: `${open.lines.join("\n")}\n`, line: open.line })
      open = undefined
    } else open.lines.push(line)
  })
  return blocks
}

/** The file that a block is, if it is one. */
export const fileOf = (block: Block): string | undefined => block.words.find((word) => word.includes("."))

/** The code that a block must end with; undefined where it is not run. */
export const expectedCode = (block: Block): number | undefined => {
  const word = block.words.find((one) => /^run(=\d+)?$/.test(one))
  return word === undefined ? undefined : Number(word.split("=")[1] ?? 0)
}

/** Where a page is typed. */
export interface Desk {
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A folder where `tenterhook`, `npx tenterhook` and the packages' names resolve to this clone, as if they were installed. */
export const prepareDesk = (folder: string, root: string): Desk => {
  const bin = join(folder, ".bin")
  mkdirSync(bin, { recursive: true })
  const program = (name: string, text: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  program("tenterhook", `exec '${process.execPath}' '${join(root, "apps/cli/bin/tenterhook.js")}' "$@"`)
  program("npx", `exec "$@"`)
  // `npm install` has nothing to do.
  program("npm", "exit 0")
  program("node", `exec '${process.execPath}' "$@"`)
  const scope = join(folder, "node_modules", "@tenterhook")
  mkdirSync(scope, { recursive: true })
  for (const name of ["core", "shell", "tool-call", "webhook", "sql", "sqlite", "dialects", "conformance", "sdk"]) {
    symlinkSync(join(root, "packages", name), join(scope, name))
  }
  symlinkSync(join(root, "apps/server"), join(scope, "server"))
  for (const name of ["effect", "vitest"])
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name))
  mkdirSync(join(folder, "node_modules", "@effect"))
  symlinkSync(join(root, "node_modules/@effect/vitest"), join(folder, "node_modules/@effect/vitest"))
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }\n')
  return { folder, env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}`, NO_COLOR: "1" } }
}

/**
 * Types the blocks of a page, top-down. Fails at the first that does not do what the page says; ends, at the end, what
 * they left running.
 */
export const typePage = async (desk: Desk, page: string, blocks: ReadonlyArray<Block>): Promise<void> => {
  const left: Array<() => void> = []
  let said = ""
  try {
    for (const block of blocks) {
      const at = `${page}:${block.line}`
      const file = fileOf(block)
      const expected = expectedCode(block)
      if (file !== undefined) writeBlock(desk.folder, file, block.text)
      if (expected !== undefined) {
        const ran = await runBlock(desk, block)
        left.push(ran.end)
        said = ran.said
        if (ran.code !== expected) throw new Error(`${at} ended with ${ran.code}:\n${block.text}\n${said}`)
      }
      if (block.language === "text" && block.words.includes("output")) {
        const missing = shownLines(block).filter((line) => !said.includes(line))
        if (missing.length > 0)
          throw new Error(`${at}: the block before does not print\n${missing.join("\n")}\n\n${said}`)
      }
    }
  } finally {
    for (const end of left) end()
  }
}

const shownLines = ({ text }: Block): ReadonlyArray<string> =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "…")

const writeBlock = (folder: string, file: string, text: string) => {
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

interface Ran {
  /** 128 + n where a signal ended it. */
  readonly code: number
  /** stdout and stderr in the order they came. */
  readonly said: string
  /** Ends what it left running, as a block does that starts a server for those that follow. */
  readonly end: () => void
}

const runBlock = ({ folder, env }: Desk, block: Block): Promise<Ran> =>
  new Promise((done, failed) => {
    const line = block.language === "ts" ? `node ${fileOf(block)}` : block.text
    const child = spawn("/bin/sh", ["-e", "-c", line], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true
    })
    const late = setTimeout(() => endGroup(child.pid!), 150_000)
    const parts: Array<Buffer> = []
    child.stdout.on("data", (part) => parts.push(part))
    child.stderr.on("data", (part) => parts.push(part))
    child.on("error", failed)
    child.on("close", (code) => {
      clearTimeout(late)
      done({ code: code ?? 128, said: Buffer.concat(parts).toString(), end: () => endGroup(child.pid!) })
    })
  })

const endGroup = (leader: number) => {
  try {
    process.kill(-leader, "SIGKILL")
  } catch {
    // Nothing of it runs any more.
  }
}
