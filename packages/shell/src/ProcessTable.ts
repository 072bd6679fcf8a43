/** A look at all processes of the machine: whose child each is, its group and session, and which carry a mark. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { execa } from "execa"
import { runVariable } from "./Environment.ts"

export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** 0 where the system does not say. */
  readonly session: number
  /** Tells two processes apart that had the same number one after the other. */
  readonly startedAt: string
  readonly marked: boolean
}

/** Living processes by number; zombies are left out. `mark` is what the run variable of a marked process begins with. */
export const processTable = async (mark: string): Promise<ReadonlyMap<number, ProcessEntry>> =>
  process.platform === "linux" ? fromProc(mark) : fromPs(mark)

/** Whether this very process still lives. Plain and cheap where there is /proc. */
export const isAlive = ({ pid, startedAt }: Pick<ProcessEntry, "pid" | "startedAt">): boolean => {
  if (process.platform !== "linux") return signal(pid, 0)
  const entry = entryOf(pid)
  return entry !== null && entry.startedAt === startedAt
}

/** Sends a signal to a process, or to a group if negative; false if there is none. Having no right to means it is there. */
export const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name)
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/**
 * Whether a process that was made after `pid` may carry the mark, the group of `pid` apart. Looks only at the numbers
 * that the system has given out since, and of those only at the ones in a session that is as young, for in an older one
 * `pid` has no descendants. So it costs next to nothing. Without /proc it says no.
 */
export const mayHaveEscaped = (pid: number, mark: string): boolean => {
  if (process.platform !== "linux") return false
  const last = Number(readText("/proc/loadavg")?.trimEnd().split(" ").at(-1))
  if (!Number.isInteger(last)) return false
  const isYoung = (it: number) => (last >= pid ? it >= pid && it <= last : it >= pid || it <= last)
  const mayBeOurs = (it: number) => {
    const entry = entryOf(it)
    return entry !== null && isYoung(entry.session) && mayCarry(it, mark)
  }
  if (last >= pid && last - pid <= 32) {
    for (let it = pid + 1; it <= last; it++) if (mayBeOurs(it)) return true
    return false
  }
  return pids().some((it) => it !== pid && isYoung(it) && mayBeOurs(it))
}

const fromProc = async (mark: string) => {
  const table = new Map<number, ProcessEntry>()
  const marks: typeof marksSeen = new Map()
  let unknown: Array<Omit<ProcessEntry, "marked">> = []
  const add = (entry: Omit<ProcessEntry, "marked">, lastRound: boolean) => {
    const seen = marksSeen.get(entry.pid)
    const found = seen !== undefined && seen.startedAt === entry.startedAt ? seen.mark : markOf(entry.pid)
    if (found === undefined && !lastRound) unknown.push(entry)
    else if (found !== undefined) marks.set(entry.pid, { startedAt: entry.startedAt, mark: found })
    table.set(entry.pid, { ...entry, marked: found?.startsWith(mark) ?? false })
  }
  for (const pid of pids()) {
    const entry = entryOf(pid)
    if (entry !== null) add(entry, false)
  }
  for (let round = 1; unknown.length > 0; round++) {
    await sleep(1)
    const again = unknown
    unknown = []
    for (const entry of again) add(entry, round >= (hasEmptyEnvironment(entry.pid) ? 3 : 20))
  }
  marksSeen = marks
  return table
}

/**
 * The marks found by the last look: reading environments is the dearest part. A process keeps its mark for life here,
 * so that one which clears its environment by a later exec is still known; and none gets one that it did not inherit.
 */
let marksSeen = new Map<number, { readonly startedAt: string; readonly mark: string | null }>()

const pids = (): ReadonlyArray<number> => {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

const entryOf = (pid: number): Omit<ProcessEntry, "marked"> | null => {
  const fields = statOf(pid)
  const [state, parent, group, session] = fields ?? []
  if (fields === null || state === "Z" || state === "X") return null
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), startedAt: fields[19] ?? "" }
}

/** The fields after the name. That stands in parentheses and may hold anything, so they count from the last one. */
const statOf = (pid: number): ReadonlyArray<string> | null => {
  const stat = readText(`/proc/${pid}/stat`)
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ")
}

/** A process whose mark cannot be told just now is taken to carry it. */
const mayCarry = (pid: number, mark: string): boolean => {
  for (let patience = 8; patience > 0; patience--) {
    const found = markOf(pid)
    if (found !== undefined) return found?.startsWith(mark) ?? false
  }
  return true
}

/** Null without one; undefined where the environment is empty, be it for good or only in the moments of an exec. */
const markOf = (pid: number): string | null | undefined => {
  const environ = readText(`/proc/${pid}/environ`)
  if (environ === null) return null
  if (environ !== "") return markIn(environ)
  // Without any memory it is the kernel's own.
  return statOf(pid)?.[vsize] === "0" ? null : undefined
}

/** It has its place in memory, and ends where it begins. An exec passes through this state, but does not stay. */
const hasEmptyEnvironment = (pid: number): boolean => {
  const fields = statOf(pid)
  return fields === null || (fields[envEnd] !== "0" && fields[envStart] === fields[envEnd])
}

/** Places among the fields after the name. */
const [vsize, envStart, envEnd] = [20, 47, 48]

const markIn = (environ: string): string | null => {
  const at = environ.startsWith(assignment) ? 0 : environ.indexOf(`\0${assignment}`) + 1
  if (at === 0 && !environ.startsWith(assignment)) return null
  const end = environ.indexOf("\0", at)
  return environ.slice(at + assignment.length, end === -1 ? undefined : end)
}

const assignment = `${runVariable}=`

/** A file of /proc, whose length nobody knows before. */
const readText = (path: string): string | null => {
  let descriptor: number
  try {
    descriptor = openSync(path, "r")
  } catch {
    return null
  }
  try {
    let text = ""
    for (;;) {
      const length = readSync(descriptor, page, 0, page.length, null)
      if (length === 0) return text
      text += page.toString("latin1", 0, length)
    }
  } catch {
    return null
  } finally {
    closeSync(descriptor)
  }
}

/** Large enough for an environment in one read, for a second one may meet an exec. */
const page = Buffer.allocUnsafe(131_072)

const fromPs = async (mark: string) => {
  const columns = "pid=,ppid=,pgid=,state=,lstart=,command="
  const { stdout } = await execa("/bin/ps", ["-A", "-E", "-ww", "-o", columns], {
    env: { LC_ALL: "C", PATH: "/bin:/usr/bin" },
    extendEnv: false,
    stdin: "ignore",
    stderr: "ignore",
    reject: false,
    cleanup: false
  })
  const table = new Map<number, ProcessEntry>()
  for (const line of (stdout ?? "").split("\n")) {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line)
    if (found === null || found[4]!.startsWith("Z")) continue
    const pid = Number(found[1])
    table.set(pid, {
      pid,
      parent: Number(found[2]),
      group: Number(found[3]),
      session: 0,
      startedAt: found[5]!,
      marked: found[6]!.includes(assignment + mark)
    })
  }
  return table
}
