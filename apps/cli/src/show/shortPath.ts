import { isAbsolute, relative } from "node:path"
import { currentFolder } from "../currentFolder.ts"

/** A path as it reads best from here. */
export const shortPath = (file: string): string => {
  if (!isAbsolute(file)) return file
  const path = relative(currentFolder(), file)
  return path === "" || path.startsWith("../../..") ? file : path
}
