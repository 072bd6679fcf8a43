/**
 * Ends what still runs when this host dies, even by `kill -9`. It is a tiny shell in its own session that reads from a
 * pipe; the pipe's end is the host's. It finds commands by their marks, so a short one costs no word to it; of those that
 * run for a while it is told the group, which holds also what has cleared its environment.
 */
import { execa } from "execa"
import type { Folder } from "./Folder.ts"
import { watcherScript } from "./watcherScript.ts"

export interface Watcher {
  /** Starts it if need be; to be called before each command is. */
  readonly ready: () => void
  readonly running: (id: number, pid: number) => void
  /** Its own process is gone. What it may have left is still found by its mark. */
  readonly over: (id: number) => void
  /** What it left running is let be. */
  readonly spare: (id: number) => void
  /** Lets the watcher go; the host has ended all there was. */
  readonly close: () => Promise<void>
}

export interface WatcherOptions {
  /** `NAME=` and what the values of all marks of this host begin with; a command's id and a slash follow. Plain characters. */
  readonly mark: string
  readonly folder: Folder
  readonly graceMs: number
}

export const makeWatcher = ({ mark, folder, graceMs }: WatcherOptions): Watcher => {
  const lines = new Map<number, string>()
  const young = new Map<number, NodeJS.Timeout>()
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
      if (!closed && performance.now() - startedAt > 100) open()
    })
    for (const line of lines.values()) started.stdin.write(line)
  }
  const tell = (line: string) => void shell?.stdin.write(line)
  const note = (id: number, line: string) => {
    lines.set(id, line)
    tell(line)
  }

  return {
    ready: () => {
      if (shell === null && !closed) open()
    },
    running: (id, pid) => {
      const timer = setTimeout(() => {
        young.delete(id)
        note(id, `+ ${id} ${pid}\n`)
      }, youthMs)
      young.set(id, timer.unref())
    },
    over: (id) => {
      clearTimeout(young.get(id))
      if (young.delete(id)) return
      if (lines.delete(id)) tell(`- ${id}\n`)
    },
    spare: (id) => note(id, `= ${id}\n`),
    close: async () => {
      closed = true
      if (shell === null) return
      const last = shell
      last.nodeChildProcess.ref()
      const exit = new Promise((done) => last.nodeChildProcess.once("exit", done))
      last.stdin.end("q\n")
      const impatient = setTimeout(() => last.nodeChildProcess.kill("SIGKILL"), 5000)
      await exit
      clearTimeout(impatient)
    }
  }
}

/** A command that is over within this time is never mentioned. */
const youthMs = 20

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
