/** The host's private folder for pipes and payloads. Everything in it is unlinked as soon as it is open. */
import { mkdtempSync, mkdirSync, rmSync } from "node:fs"
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
  const path = () => (made ??= mkdtempSync(join(tmpdir(), "tenterhook-")))
  return {
    path,
    remake: () => mkdirSync(path(), { recursive: true, mode: 0o700 }),
    remove: () => {
      if (made !== null) rmSync(made, { recursive: true, force: true })
      made = null
    }
  }
}
