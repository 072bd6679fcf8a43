/** The processes that a fire left alive, found by the mark that every hook's process carries in its environment. */
import { execFile } from "node:child_process"
import { readdir, readFile, readlink } from "node:fs/promises"
import { promisify } from "node:util"

const mark = "TENTERHOOK_FIRE"

/** Ids of the live processes of these fires. A zombie has no environment any more and does not count. */
export const processesOf = (fireIds: ReadonlyArray<string>): Promise<ReadonlyArray<number>> => {
  const marks = fireIds.filter((id) => id !== "").map((id) => `${mark}=${id}`)
  if (marks.length === 0) return Promise.resolve([])
  return process.platform === "linux" ? markedInProc(marks) : markedInPs(marks)
}

/** Ends what a case left running: the processes of its fires and, on Linux, marked ones that work in its folder. */
export const endProcesses = async (fireIds: ReadonlyArray<string>, folder: string): Promise<void> => {
  const left = new Set([
    ...(await processesOf(fireIds)),
    ...(process.platform === "linux" ? await markedIn(folder) : [])
  ])
  for (const pid of left) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // it was faster
    }
  }
}

const markedInProc = async (marks: ReadonlyArray<string>) =>
  filterPids(async (pid) => (await environmentOf(pid)).some((entry) => marks.includes(entry)))

const markedIn = (folder: string) =>
  filterPids(async (pid) => {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "")
    if (cwd.replace(/ \(deleted\)$/, "") !== folder && !cwd.startsWith(`${folder}/`)) return false
    return (await environmentOf(pid)).some((entry) => entry.startsWith(`${mark}=`))
  })

const filterPids = async (test: (pid: number) => Promise<boolean>): Promise<ReadonlyArray<number>> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)
  const results = await Promise.all(pids.map(test))
  return pids.filter((pid, index) => pid !== process.pid && results[index])
}

/** Empty where it belongs to somebody else, or is over. */
const environmentOf = (pid: number): Promise<ReadonlyArray<string>> =>
  readFile(`/proc/${pid}/environ`, "latin1").then(
    (text) => text.split("\0"),
    () => []
  )

const markedInPs = async (marks: ReadonlyArray<string>) => {
  const { stdout } = await promisify(execFile)("ps", ["eww", "-ax", "-o", "pid=,command="], {
    maxBuffer: 64 * 1024 * 1024
  })
  return stdout
    .split("\n")
    .filter((line) => line.split(/\s+/).some((word) => marks.includes(word)))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid)
}
