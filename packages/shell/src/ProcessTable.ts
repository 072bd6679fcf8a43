/** A look at all processes of the machine: whose child each is, its group and session, and which carry a mark. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs"
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
 * Whether a process that carries the mark was made after `pid`, its own group left. Looks only at the numbers that
 * the system has given out since, so it costs next to nothing; where it cannot tell, it says no.
 */
export const mayHaveEscaped = (pid: number, mark: string): boolean => {
  if (process.platform !== "linux") return false
  const last = Number(readText("/proc/loadavg")?.trimEnd().split(" ").at(-1))
  if (!Number.isInteger(last)) return false
  if (last >= pid && last - pid <= 32) {
    for (let it = pid + 1; it <= last; it++) if (carries(it, mark)) return true
    return false
  }
  return pids().some((it) => (last >= pid ? it > pid && it <= last : it > pid || it <= last) && carries(it, mark))
}

const fromProc = (mark: string) => {
  const table = new Map<number, ProcessEntry>()
  const marks: typeof marksSeen = new Map()
  for (const pid of pids()) {
    const entry = entryOf(pid)
    if (entry === null) continue
    const seen = marksSeen.get(pid)
    const found = seen !== undefined && seen.startedAt === entry.startedAt ? seen.mark : markOf(pid)
    marks.set(pid, { startedAt: entry.startedAt, mark: found })
    table.set(pid, { ...entry, marked: found !== null && found.startsWith(mark) })
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
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The name in parentheses may hold anything, so the fields count from the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const [state, parent, group, session] = fields
  if (state === "Z" || state === "X") return null
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), startedAt: fields[19] ?? "" }
}

const carries = (pid: number, mark: string): boolean => markOf(pid)?.startsWith(mark) ?? false

const markOf = (pid: number): string | null => {
  const environ = readText(`/proc/${pid}/environ`)
  if (environ === null) return null
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

const page = Buffer.allocUnsafe(16_384)

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
