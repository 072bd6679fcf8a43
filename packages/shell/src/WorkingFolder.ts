/** Where a command starts: in its own working folder, or where that is gone, in the config's. */
import { accessSync, constants, readlinkSync, statSync } from "node:fs"
import { join, resolve, sep } from "node:path"
import type { EventContext, Invocation, Notice, ShellAction } from "@tenterhook/core"

export interface WorkingFolder {
  readonly path: string
  /** What the hook's owner should read about it. */
  readonly notices: ReadonlyArray<Notice>
}

/**
 * The folder, or why there is none. An agent may remove the folder that it works in: a command that says so (`fallback`),
 * or would run in the host's own folder, then runs in the config's. Where that is gone as well, a command that fails open
 * runs in an empty folder, as it may still deny; one that fails closed does not run. No other `cwd` is replaced.
 */
export const workingFolder = (
  { action, folder, onFailure }: Invocation<ShellAction>,
  context: EventContext,
  emptyFolder: () => string
): WorkingFolder | string => {
  const hosts = hostFolder()
  const agents = context.cwd ?? hosts
  if (agents === null && action.cwd === undefined) return "the host's own working folder is gone"
  const path = resolve(agents ?? "/", action.cwd ?? ".")
  const trouble = troubleWith(path)
  if (trouble === null) return { path, notices: agents === null ? [] : aboutAgents(agents, path) }

  const gone = `its working folder ${path} ${trouble}`
  const hostsIsGone = agents !== null && agents === hosts && isWithin(path, agents) && troubleWith(agents) !== null
  const other = action.fallback ?? (hostsIsGone || path === folder ? folder : undefined)
  if (other === undefined) return gone
  const othersTrouble = troubleWith(other)
  if (othersTrouble === null) return instead(other, `${gone}; the hook ran in the config's folder ${other}`)
  const both = path === other ? gone : `${gone}, and the config's folder ${other} ${othersTrouble}`
  if (onFailure === "block") return both
  try {
    return instead(emptyFolder(), `${both}; the hook ran in an empty folder`)
  } catch {
    return both
  }
}

/** Where a command runs elsewhere than in the agent's folder, it may still look for that one. */
const aboutAgents = (agents: string, path: string): ReadonlyArray<Notice> => {
  const trouble = agents === path ? null : troubleWith(agents)
  if (trouble === null) return []
  return [{ level: "info", text: `the agent's folder ${agents} ${trouble}; the hook ran in ${path}` }]
}

const instead = (path: string, text: string): WorkingFolder => ({ path, notices: [{ level: "warn", text }] })

const isWithin = (path: string, folder: string) => path === folder || path.startsWith(join(folder, sep))

/** Why nothing can start in a folder; null where something can. */
export const troubleWith = (path: string): string | null => {
  try {
    if (!statSync(path).isDirectory()) return "is not a folder"
    accessSync(path, constants.X_OK)
    return null
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    return code === "EACCES" || code === "EPERM" ? "may not be entered" : "does not exist"
  }
}

/** This process's working folder, also where it was removed; null where even its name is not known. */
export const hostFolder = (): string | null => {
  try {
    return process.cwd()
  } catch {
    return removedFolder()
  }
}

const removedFolder = () => {
  try {
    return readlinkSync("/proc/self/cwd").replace(/ \(deleted\)$/, "")
  } catch {
    const { PWD } = process.env
    return PWD?.startsWith("/") ? PWD : null
  }
}
