/** The host's private folder for pipes and payloads. Everything in it is unlinked as soon as it is open. */
import { accessSync, constants, mkdtempSync, mkdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Folder {
  /** Made at the first call; made again if somebody cleaned it away. */
  readonly path: () => string
  readonly remake: () => void
  readonly remove: () => void
}

export const makeFolder = (): Folder => {
  let made: string | null = null
  const path = () => (made ??= mkdtempSync(join(place(), "tenterhook-")))
  return {
    path,
    remake: () => mkdirSync(path(), { recursive: true, mode: 0o700 }),
    remove: () => {
      if (made !== null) rmSync(made, { recursive: true, force: true })
      made = null
    }
  }
}

/** Memory rather than a disk, where nobody has said otherwise: each command makes and unlinks names here. */
const place = () => {
  if (process.env["TMPDIR"] !== undefined || process.platform !== "linux") return tmpdir()
  try {
    accessSync(memory, constants.W_OK | constants.X_OK)
    return memory
  } catch {
    return tmpdir()
  }
}

const memory = "/dev/shm"
