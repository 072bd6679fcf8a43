/**
 * Real pipes for what commands say. Node gives a child sockets, and on a socket `> /dev/stderr` and `tee /dev/stdout`
 * fail; a named pipe that is unlinked once both ends are open is an ordinary pipe.
 */
import { closeSync, constants, openSync, unlinkSync } from "node:fs"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { execa } from "execa"
import type { Folder } from "./Folder.ts"
import { pipeReader, type PipeReader } from "./pipeReader.ts"

export interface Pipe {
  readonly read: Readable
  /** The command's end; to be closed here once it has been handed over. */
  readonly write: number
}

export interface Pipes {
  /** Whether a command may start now; if not, wait for `more` and ask again. */
  readonly ready: () => boolean
  readonly more: () => Promise<void>
  /** Null where there are none: then the command has to do with what Node gives. Throws when out of descriptors. */
  readonly take: () => Pipe | null
  readonly close: () => Promise<void>
}

export const makePipes = (folder: Folder): Pipes => {
  const names: Array<string> = []
  let made = 0
  const reader = pipeReader()
  let works = process.platform !== "win32" && reader !== null
  let closed = false
  let making: Promise<void> | null = null

  const make = async () => {
    folder.remake()
    const batch = Array.from({ length: batchSize }, () => join(folder.path(), (++made).toString(36)))
    const done = await execa("mkfifo", ["-m", "600", ...batch], {
      cwd: "/",
      stdio: "ignore",
      reject: false,
      cleanup: false
    })
    if (done.failed) works = false
    else names.push(...batch)
  }
  const more = () =>
    (making ??= make()
      .catch(() => {
        works = false
      })
      .finally(() => {
        making = null
      }))

  return {
    ready: () => names.length >= 2 || !works || closed,
    more,
    take: () => {
      const name = names.pop()
      if (name === undefined) return null
      if (names.length < batchSize / 4 && works && !closed) void more()
      try {
        return openBoth(name, reader!)
      } catch (error) {
        if (!isMissing(error)) throw error
        names.length = 0
        return null
      }
    },
    close: async () => {
      closed = true
      await making
    }
  }
}

/** Two are used by a command. */
const batchSize = 128

const openBoth = (name: string, reader: PipeReader): Pipe => {
  const read = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK)
  let write: number
  try {
    write = openSync(name, constants.O_WRONLY)
  } catch (error) {
    closeSync(read)
    throw error
  } finally {
    unlinkSync(name)
  }
  return { read: reader(read), write }
}

const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT"
