/** Which files every dialect looks for, and where: for the person whose config was not found. */
import type { Dialect, Folder } from "@tenterhook/core"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { dirname, resolve } from "node:path"

export const lookedFor = async (
  cwd: string
): Promise<{ readonly files: ReadonlyArray<string>; readonly folders: ReadonlyArray<string> }> => {
  const dialects: Record<string, unknown> = await import("@tenterhook/dialects")
  const files = new Set<string>()
  const listening: Folder = { path: cwd, env: {}, read: (file) => Effect.sync(() => (files.add(file), null)) }
  await Effect.runPromise(
    Effect.forEach(Object.values(dialects).filter(isDialect), (dialect) => dialect.discover(listening))
  )
  return { files: [...files], folders: foldersUp(cwd) }
}

/** The folder and those above it, up to the repository's root; the folder alone outside of a repository. */
const foldersUp = (cwd: string): ReadonlyArray<string> => {
  const folders: Array<string> = []
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    folders.push(folder)
    if (existsSync(resolve(folder, ".git"))) return folders
    if (dirname(folder) === folder) return folders.slice(0, 1)
  }
}

const isDialect = (value: unknown): value is Dialect =>
  typeof value === "object" && value !== null && "discover" in value
