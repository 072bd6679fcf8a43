/** The folder that the command line was called from, which may have been removed since: an agent works in it as well. */
import { hostFolder } from "@tenterhook/shell"
import { existsSync } from "node:fs"
import { isAbsolute, resolve } from "node:path"
import { Refusal } from "./Refusal.ts"

export const currentFolder = (): string => {
  const folder = hostFolder()
  if (folder !== null) return folder
  throw new Refusal("the current folder was removed; change to a folder that exists")
}

/** A path of the command line, absolute. */
export const fromHere = (path: string): string => resolve(currentFolder(), path)

/** A path of an option for something that will be made. Making it must not bring back a folder that was removed. */
export const placeFor = (option: string, path: string): string => {
  if (path === "" || isAbsolute(path) || existsSync(currentFolder())) return path
  throw new Refusal(`${option} ${path}: the current folder was removed; give an absolute path`)
}

/** A sentence where the current folder does not exist any more. */
export const removedFolderText = (): string | null => {
  const folder = currentFolder()
  return existsSync(folder) ? null : `the current folder ${folder} was removed; paths are taken from its name`
}
