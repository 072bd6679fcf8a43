/** The files of a command that are there: what it executes, and what an interpreter reads for it. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { resolve } from "node:path"
import type { Trial } from "./Finding.ts"

export interface CommandFile {
  /** As the config names it. */
  readonly name: string
  /** The program that reads it; null where it is executed itself. */
  readonly interpreter: string | null
  readonly text: string
}

/** Programs in folders of the system are left out, and so are files that are no text or too large to be scripts. */
export const commandFiles = (trial: Trial): ReadonlyArray<CommandFile> => {
  if (trial._tag !== "command") return []
  const { action, cwd } = trial
  if (action.mustExist !== undefined) return fileAt(action.mustExist, cwd, "bash")
  const words = "argv" in action.run ? action.run.argv : wordsIn(action.run.command)
  return words.flatMap((word, index) => {
    const before = words.slice(0, index).findLast((one) => !one.startsWith("-"))
    if (before !== undefined && interpreters.test(before)) return scriptLike.test(word) ? fileAt(word, cwd, before) : []
    return word.includes("/") && !system.test(word) ? fileAt(word, cwd, null) : []
  })
}

export const interpreters = /^(?:\/\S+\/)?(?:(?:ba|da|z|k)?sh|python[\d.]*|node|bun|ruby|perl|php)$/
export const scriptLike = /\/|\.(?:sh|bash|zsh|py|js|mjs|cjs|ts|mts|rb|pl|php)$/
const system = /^\/(?:bin|dev|etc|proc|sbin|sys|usr)\//

/** As far as the words of a line can be found without a shell. */
const wordsIn = (line: string): ReadonlyArray<string> => line.match(/[\w./@+:,~-]+/g) ?? []

const fileAt = (name: string, cwd: string, interpreter: string | null): ReadonlyArray<CommandFile> => {
  const text = textOf(resolve(cwd, name))
  return text === null ? [] : [{ name, interpreter, text }]
}

const textOf = (path: string): string | null => {
  try {
    const descriptor = openSync(path, "r")
    try {
      const { size, isFile } = { size: fstatSync(descriptor).size, isFile: fstatSync(descriptor).isFile() }
      if (!isFile || size > mostBytes) return null
      const bytes = Buffer.alloc(size)
      const text = bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, size, 0))
      return text.includes("\0") ? null : text
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return null
  }
}

const mostBytes = 256 * 1024
