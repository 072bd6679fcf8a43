/** What all commands of one host process share: their limits, pipes, watcher, and the list of those that run. */
import { randomBytes } from "node:crypto"
import { makeFolder } from "./Folder.ts"
import { makePipes, type Pipes } from "./Pipes.ts"
import type { Run } from "./Run.ts"
import { runVariable } from "./Environment.ts"
import { makeWatcher, type Watcher } from "./Watcher.ts"
import type { Folder } from "./Folder.ts"

export interface Limits {
  /** Bytes kept of stdout, and as many of stderr: the first half and the last half. */
  readonly outputBytes: number
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number
  /** Milliseconds after a command's exit in which output is still awaited. */
  readonly drainMs: number
}

export const defaultLimits: Limits = { outputBytes: 1024 * 1024, graceMs: 500, drainMs: 100 }

export interface Host {
  readonly limits: Limits
  readonly folder: Folder
  readonly pipes: Pipes
  readonly watcher: Watcher
  /** Running commands, and those whose leftovers wait for the end of their execution. */
  readonly open: Set<Run>
  /** A number for the next command, and the value of its mark, which no other command's value starts with. */
  readonly nextRun: () => { readonly id: number; readonly mark: string }
  /** Ends what is open, then the watcher. */
  readonly close: () => Promise<void>
}

export const openHost = (limits: Limits): Host => {
  const prefix = `${outerMark()}${randomBytes(6).toString("hex")}.`
  const folder = makeFolder()
  const pipes = makePipes(folder)
  const watcher = makeWatcher({ mark: `${runVariable}=${prefix}`, folder, graceMs: limits.graceMs })
  const open = new Set<Run>()
  let runs = 0
  return {
    limits,
    folder,
    pipes,
    watcher,
    open,
    nextRun: () => {
      const id = ++runs
      return { id, mark: `${prefix}${id}/` }
    },
    close: async () => {
      await Promise.all([...open].map((run) => run.end()))
      await pipes.close()
      await watcher.close()
      folder.remove()
    }
  }
}

/** Where this host runs in a hook of another one, that hook's mark. */
const outerMark = () => {
  const outer = process.env[runVariable] ?? ""
  return /^([0-9a-f]+\.[0-9]+\/)*$/.test(outer) ? outer : ""
}
