/** Paths as text, POSIX: dialects import no Node built-ins. */

/** Absolute and without `.` and `..`; a relative path is taken from the folder. */
export const resolvePath = (folder: string, path: string): string => {
  const parts: Array<string> = []
  for (const part of `${path.startsWith("/") ? "" : `${folder}/`}${path}`.split("/")) {
    if (part === "..") parts.pop()
    else if (part !== "" && part !== ".") parts.push(part)
  }
  return `/${parts.join("/")}`
}

/** The folder that a path lies in. */
export const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 1))
