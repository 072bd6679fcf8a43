/** The host's private folder for pipes and payloads. Everything in it is unlinked as soon as it is open. */
import { mkdtempSync, mkdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Folder {
  /** Made at the first call; made again if somebody cleaned it away. Throws where no place takes it. */
  readonly path: () => string
  readonly remake: () => void
  /** Makes an empty folder in it for a command to run in. */
  readonly empty: () => string
  readonly remove: () => void
}

export const makeFolder = (): Folder => {
  let made: string | null = null
  const path = () => (made ??= temporaryFolder("tenterhook-"))
  const remake = () => void mkdirSync(path(), { recursive: true, mode: 0o700 })
  return {
    path,
    remake,
    empty: () => {
      remake()
      return mkdtempSync(join(path(), "empty-"))
    },
    remove: () => {
      if (made !== null) rmSync(made, { recursive: true, force: true })
      made = null
    }
  }
}

/**
 * Makes a fresh folder at the first place that takes one, or throws the error of the first place. A sandbox may set a
 * TMPDIR that does not exist, is read-only or is no folder.
 */
export const temporaryFolder = (prefix: string): string => {
  let first: unknown
  for (const place of temporaryPlaces()) {
    try {
      return mkdtempSync(join(place, prefix))
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

/** Where temporary files may go, best first: TMPDIR where it is set, else memory rather than a disk. */
export const temporaryPlaces = (): ReadonlyArray<string> => {
  const memory = process.platform === "linux" ? ["/dev/shm"] : []
  const usual = process.env["TMPDIR"] === undefined ? [...memory, tmpdir()] : [tmpdir(), ...memory]
  return [...new Set([...usual, "/tmp", "/var/tmp"])]
}
