import { hostFolder } from "@tenterhook/shell"
import { resolve } from "node:path"

/** The folder of an option `cwd`, absolute. Absent, the process's own, also where it was removed: its hooks still run. */
export const folderOf = (cwd: string | undefined): string => {
  const own = hostFolder()
  if (own !== null || (cwd !== undefined && resolve("/", cwd) === cwd)) return resolve(own ?? "/", cwd ?? ".")
  throw new Error("the working folder of this process was removed; give an absolute cwd")
}

/** A context's `cwd`, taken from the hooks' own. What is no text stays for the context's check to refuse. */
export const within = (cwd: string, given: string | undefined): string =>
  typeof given === "string" ? resolve(cwd, given) : (given ?? cwd)
