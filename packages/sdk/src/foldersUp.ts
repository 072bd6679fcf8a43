import { existsSync } from "node:fs"
import { dirname, resolve } from "node:path"

/** The folder and those above it, up to the repository's root; the folder alone outside of a repository. */
export const foldersUp = (cwd: string): ReadonlyArray<string> => {
  const folders: Array<string> = []
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    folders.push(folder)
    if (existsSync(resolve(folder, ".git"))) return folders
    if (dirname(folder) === folder) return folders.slice(0, 1)
  }
}
