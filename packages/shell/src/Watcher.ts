/**
 * Ends what still runs when this host dies, even by `kill -9`. It is a tiny shell in its own session that reads from a
 * pipe which commands are there; the pipe's end is the host's.
 */
import { execa } from "execa"
import type { Folder } from "./Folder.ts"
import { watcherScript } from "./watcherScript.ts"

/** The states of a command, in their order; the first call starts the watcher. */
export interface Watcher {
  /** About to be started. From here on its mark is swept for. */
  readonly starting: (id: number) => void
  readonly running: (id: number, pid: number) => void
  /** Its own process is gone, others of its group are not. */
  readonly left: (id: number, pid: number) => void
  /** Ended, or let be. */
  readonly over: (id: number) => void
  /** Lets the watcher go, which ends what it still knows, and waits for its exit. */
  readonly close: () => Promise<void>
}

export interface WatcherOptions {
  /** `NAME=` and what the values of all marks of this host begin with; a command's id and a slash follow. */
  readonly mark: string
  readonly folder: Folder
  readonly graceMs: number
}

export const makeWatcher = ({ mark, folder, graceMs }: WatcherOptions): Watcher => {
  const lines = new Map<number, string>()
  let shell: ReturnType<typeof start> | null = null
  let closed = false

  const open = () => {
    const startedAt = performance.now()
    const turns = String(Math.ceil(graceMs / 50))
    const started = start(["-c", watcherScript, "tenterhook-watcher", mark, pathOf(folder), turns])
    if (started.pid === undefined) return
    shell = started
    started.nodeChildProcess.unref()
    unref(started.stdin)
    started.stdin.on("error", () => {})
    started.nodeChildProcess.once("exit", () => {
      shell = null
      // One that cannot live is tried again with the next command only.
      if (lines.size > 0 && !closed && performance.now() - startedAt > 100) open()
    })
    for (const line of lines.values()) started.stdin.write(line)
  }
  const tell = (id: number, line: string | null) => {
    if (line === null) lines.delete(id)
    else lines.set(id, line)
    if (closed) return
    if (shell === null) open()
    else shell.stdin.write(line ?? `- ${id}\n`)
  }

  return {
    starting: (id) => tell(id, `+ ${id}\n`),
    running: (id, pid) => tell(id, `+ ${id} ${pid}\n`),
    left: (id, pid) => tell(id, `+ ${id} ~${pid}\n`),
    over: (id) => tell(id, null),
    close: async () => {
      closed = true
      if (shell === null) return
      const last = shell
      last.nodeChildProcess.ref()
      const exit = new Promise((done) => last.nodeChildProcess.once("exit", done))
      last.stdin.end()
      const impatient = setTimeout(() => last.nodeChildProcess.kill("SIGKILL"), 5000)
      await exit
      clearTimeout(impatient)
    }
  }
}

/** Its environment carries no mark, so that an outer host never takes it for something a hook left behind. */
const start = (args: ReadonlyArray<string>) =>
  execa("/bin/sh", args, {
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    extendEnv: false,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false
  })

/** Where not even a folder can be made, hooks still run, and are still watched. */
const pathOf = (folder: Folder) => {
  try {
    return folder.path()
  } catch {
    return ""
  }
}

const unref = (stream: object) => {
  if ("unref" in stream && typeof stream.unref === "function") stream.unref()
}
