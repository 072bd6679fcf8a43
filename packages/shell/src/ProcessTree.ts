/** Everything that one command started, and how it is ended. */
import { setTimeout as sleep } from "node:timers/promises"
import { isAlive, type ProcessEntry, processTable, signal } from "./ProcessTable.ts"

export interface ProcessTree {
  /** The number of the command's process, its group and its session; null once it might belong to somebody else. */
  readonly leader: number | null
  /** What the run variable of its processes begins with. */
  readonly mark: string
  /** Members seen before. */
  readonly known: ReadonlyArray<ProcessEntry>
}

/**
 * The living members: whoever is in the command's group or session, carries its mark, is known, or descends from one
 * of these. A process escapes by doing both: leaving its parents (double fork, own session) and clearing its environment.
 */
export const membersOf = async ({ leader, mark, known }: ProcessTree): Promise<ReadonlyArray<ProcessEntry>> => {
  const table = await processTable(mark)
  const members = new Map<number, ProcessEntry>()
  const add = (entry: ProcessEntry) => {
    if (entry.pid !== process.pid) members.set(entry.pid, entry)
  }
  for (const entry of table.values()) {
    if (
      entry.marked ||
      entry.pid === leader ||
      (leader !== null && (entry.group === leader || entry.session === leader))
    )
      add(entry)
  }
  for (const { pid, startedAt } of known) {
    const entry = table.get(pid)
    if (entry !== undefined && entry.startedAt === startedAt) add(entry)
  }
  for (let before = -1; before !== members.size;) {
    before = members.size
    for (const entry of table.values()) if (members.has(entry.parent)) add(entry)
  }
  return [...members.values()]
}

/**
 * Ends the tree: stops it so that nothing forks away, asks with TERM, waits up to `graceMs` and only as long as
 * something lives, then kills what is left until a sweep finds nothing.
 */
export const endTree = async (tree: ProcessTree, graceMs: number): Promise<void> => {
  const { leader } = tree
  const seen = new Map<number, ProcessEntry>()
  const look = async () => {
    const members = await membersOf({ ...tree, known: [...tree.known, ...seen.values()] })
    const fresh = members.filter(({ pid }) => !seen.has(pid))
    for (const entry of members) seen.set(entry.pid, entry)
    return { members, fresh }
  }
  const toGroup = (name: NodeJS.Signals) => {
    if (leader !== null) signal(-leader, name)
  }

  toGroup("SIGSTOP")
  for (let round = 0; round < 8; round++) {
    const { fresh } = await look()
    if (fresh.length === 0) break
    for (const { pid } of fresh) signal(pid, "SIGSTOP")
  }
  for (const name of ["SIGTERM", "SIGCONT"] as const) {
    toGroup(name)
    for (const { pid, group } of seen.values()) if (group !== leader) signal(pid, name)
  }

  const deadline = performance.now() + graceMs
  for (let pause = 1; [...seen.values()].some(isAlive); pause = Math.min(2 * pause, 20)) {
    const left = deadline - performance.now()
    if (left <= 0) break
    await sleep(Math.min(pause, left))
  }

  // One look may miss a process that forks and exits meanwhile; so where something resisted, two must find nothing.
  for (let round = 0, quiet = 0; round < 100 && performance.now() < deadline + 1000; round++) {
    toGroup("SIGKILL")
    const { members } = await look()
    if (members.length === 0 && (round === 0 || ++quiet === 2)) return
    for (const { pid } of members) signal(pid, "SIGKILL")
    do await sleep(1)
    while (members.some(isAlive) && performance.now() < deadline + 1000)
  }
}
