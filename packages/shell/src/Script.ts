/** Why a script could not be executed, found by looking at its file once that has failed. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import type { Notice } from "@tenterhook/core"
import type { Command } from "./Command.ts"

/** Of a command that ended with 126 or 127, by which shells and `env` report a program that they could not start. */
export const scriptNotices = ({ args, file, cwd, env }: Command, status: number | null): ReadonlyArray<Notice> => {
  if (status !== 126 && status !== 127) return []
  const words = file === "/bin/sh" && args[0] === "-c" ? wordsIn(args[2] ?? "") : [file, ...args]
  for (const word of words.slice(0, mostWords)) {
    const text = scriptTrouble(word, pathOf(word, cwd, env["PATH"]))
    if (text !== null) return [{ level: "warn", text }]
  }
  return []
}

/** Null where nothing is found to be wrong with it. */
export const scriptTrouble = (name: string, path: string | null): string | null => {
  if (path === null || !isFile(path)) return null
  const first = firstLine(path)
  const [, interpreter] = /^#!\s*(\S+(?: \S+)*)\s*\r$/.exec(first) ?? []
  if (interpreter !== undefined) {
    return `${name} has Windows line ends: its first line ends with a CR, so no interpreter is found for it; save it with LF line ends`
  }
  if (name.includes("/") && first.startsWith("#!") && !isExecutable(path))
    return `${name} is not executable: chmod +x ${name}`
  return null
}

/** A name without a slash is looked up in PATH. */
export const pathOf = (name: string, cwd: string, path: string | undefined): string | null => {
  if (name.includes("/")) return resolve(cwd, name)
  const folders = (path ?? "/bin:/usr/bin").split(delimiter)
  return folders.map((folder) => join(folder, name)).find(isFile) ?? null
}

/** The words of a command line, as far as they can be told without a shell. */
const wordsIn = (line: string) => line.slice(0, mostChars).match(/[\w./@+:,=~-]+/g) ?? []

const mostWords = 32
const mostChars = 4096

const firstLine = (path: string): string => {
  const start = Buffer.alloc(256)
  try {
    const descriptor = openSync(path, "r")
    try {
      const length = readSync(descriptor, start, 0, start.length, 0)
      return start.toString("latin1", 0, length).split("\n", 1)[0]!
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return ""
  }
}

const isFile = (path: string) => {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const isExecutable = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
