import { isAbsolute, relative, resolve } from "node:path"

/** A path as it reads best from here. */
export const shortPath = (file: string): string => {
  if (!isAbsolute(file)) return file
  const path = relative(process.cwd(), resolve(file))
  return path === "" || path.startsWith("../../..") ? file : path
}
