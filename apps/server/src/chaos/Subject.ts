/** The server under test: a process on one port and one data folder, started again after each kill. */
import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:net"
import { setPriority } from "node:os"
import { createInterface } from "node:readline"

export interface Subject {
  readonly pid: number
  /** What its first line says. Null: it ended before. */
  readonly up: Promise<{ readonly key: string | null } | null>
  /** By which signal, or with which code. */
  readonly ended: Promise<string>
  readonly end: (signal: NodeJS.Signals) => Promise<string>
}

export interface SubjectOptions {
  /** Program and arguments of `tenterhook serve`; what follows is added. */
  readonly command: ReadonlyArray<string>
  readonly port: number
  readonly data: string
  /** What it shares with others. Absent: nothing. */
  readonly shared?: Shared
  /** Told what it says on stderr. */
  readonly log?: (text: string) => void
}

export interface Shared {
  readonly databaseUrl: string
  /** Where the others reach it, and where it listens for them. */
  readonly clusterPort: number
  readonly listenPort: number
}

export const startSubject = ({ command, port, data, shared, log }: SubjectOptions): Subject => {
  const [file, ...args] = command
  const cluster =
    shared === undefined
      ? []
      : ["--cluster-port", String(shared.clusterPort), "--cluster-listen", `127.0.0.1:${shared.listenPort}`]
  const settings = ["--port", String(port), "--data", data, "--allow", "127.0.0.0/8", "--rate-limit", "1000000"]
  const child = spawn(file!, [...args, ...settings, ...cluster, "--json", "--log-level", "error"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DATABASE_URL: shared?.databaseUrl ?? "" }
  })
  prefer(child)
  const stderr = tailOf(child)
  if (log !== undefined) child.stderr.on("data", log)
  const ended = new Promise<string>((done) => {
    child.once("error", (error) => done(error.message))
    child.once("close", (code, signal) => done(signal ?? `exit code ${code}${stderr()}`))
  })
  const line = new Promise<{ readonly key: string | null }>((done) =>
    createInterface({ input: child.stdout }).once("line", (text) => done(JSON.parse(text)))
  )
  return {
    pid: child.pid!,
    up: Promise.race([line, ended.then(() => null)]),
    ended,
    end: (signal) => {
      child.kill(signal)
      return ended
    }
  }
}

/** By a process of its own: a timer here would fire just after a request was answered more often than at other times. */
export const signalLater = (pid: number, signal: "KILL" | "STOP", seconds: number) => {
  const script = `sleep ${seconds.toFixed(3)}; kill -${signal} ${pid}`
  const sender = spawn("/bin/sh", ["-c", script], { stdio: "ignore" })
  const sent = new Promise<void>((done) => sender.once("exit", () => done()))
  return { sent, stop: () => void sender.kill("SIGKILL") }
}

/**
 * One that nobody has, below those that systems give to outgoing connections: a client that asks again and again while
 * nobody listens would connect to itself at last.
 */
export const freePort = async (random: () => number): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(random() * 12_000)
    const server = createServer()
    const free = await new Promise<boolean>((done) => {
      server.once("error", () => done(false))
      server.listen(port, "127.0.0.1", () => done(true))
    })
    if (!free) continue
    await new Promise<void>((closed) => server.close(() => closed()))
    return port
  }
}

/** Where that is allowed: otherwise the machine's other work decides how long an answer waits for its record. */
const prefer = ({ pid }: ChildProcess) => {
  try {
    setPriority(pid!, -10)
  } catch {
    // As it is, then.
  }
}

/** The end of what it says, in words. */
const tailOf = ({ stderr }: ChildProcess) => {
  let text = ""
  stderr?.setEncoding("utf8").on("data", (part: string) => (text = (text + part).slice(-2000)))
  return () => (text.trim() === "" ? "" : `: ${text.trim()}`)
}
