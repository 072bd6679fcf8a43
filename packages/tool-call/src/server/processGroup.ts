/** Ends a server's process group, and whoever left it but still carries the server's mark. */
import { readdirSync, readFileSync } from "node:fs"

/** Set for every stdio server, to a value of its own, and inherited by what it starts. */
export const serverVariable = "TENTERHOOK_SERVER"

/** TERM to those that are left, KILL after `graceMs`; returns when nothing is. */
export const endProcesses = async (group: number, mark: string, graceMs: number): Promise<void> => {
  const tell = (name: NodeJS.Signals) => {
    signal(-group, name)
    for (const pid of marked(mark)) signal(pid, name)
  }
  const left = () => signal(-group, 0) || marked(mark).length > 0
  if (!left()) return
  tell("SIGTERM")
  const deadline = performance.now() + graceMs
  for (let wait = 2; left(); wait = Math.min(2 * wait, 50)) {
    if (performance.now() >= deadline) break
    await pause(wait)
  }
  for (let round = 0; round < 50 && left(); round++) {
    tell("SIGKILL")
    await pause(Math.min(round + 1, 20))
  }
}

/** False if there is no such process or group. A group of zombies counts as none where /proc can tell. */
const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name) && (name !== 0 || pid > 0 || !onlyZombies(-pid))
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

const onlyZombies = (group: number): boolean => {
  if (process.platform !== "linux") return false
  return pids().every((pid) => {
    const fields = statOf(pid)
    return fields === null || fields[2] !== String(group) || fields[0] === "Z" || fields[0] === "X"
  })
}

/** Only where there is /proc; elsewhere whoever leaves the group is not found. */
const marked = (mark: string): ReadonlyArray<number> => {
  if (process.platform !== "linux") return []
  return pids().filter((pid) => {
    if (pid === process.pid) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${serverVariable}=${mark}`)
    } catch {
      return false
    }
  })
}

const pids = () => readdirSync("/proc").map(Number).filter(Number.isInteger)

/** The fields after the name, which stands in parentheses and may hold anything. */
const statOf = (pid: number): ReadonlyArray<string> | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return null
  }
}

const pause = (ms: number) =>
  new Promise<void>((done) => {
    setTimeout(done, ms)
  })
