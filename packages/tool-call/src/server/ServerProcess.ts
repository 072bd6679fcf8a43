/** A stdio server's process: started in a group of its own, spoken to in lines, and ended with everything it started. */
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import type { ConnectOptions } from "./Connection.ts"
import { makeLifeline } from "./Lifeline.ts"
import { makeLines } from "./Lines.ts"
import { endProcesses, serverVariable } from "./processGroup.ts"
import type { StdioServer } from "./ServerConfig.ts"

export interface ServerProcess {
  /** False when the server is gone, or does not read what it is sent. */
  readonly send: (line: string) => boolean
  /** Settles when it has ended, or can be of no more use, with a sentence why. */
  readonly over: Promise<Over>
  /** Keeps the host's event loop alive until the returned function is called: an idle server does not. */
  readonly hold: () => () => void
  /** Closes its stdin, asks it to end, kills what is left; then nothing of it runs. */
  readonly end: () => Promise<void>
}

export interface Over {
  readonly oversize: boolean
  readonly why: string
}

/** Rejects with a sentence when it cannot be started. */
export const startServer = (
  server: StdioServer,
  options: ConnectOptions,
  onLine: (line: string) => void
): Promise<ServerProcess> =>
  new Promise((started, refused) => {
    const mark = randomBytes(9).toString("hex")
    const child = spawn(server.command, server.args, {
      env: { ...placedIn(server.cwd, options.env), ...server.env, [serverVariable]: mark },
      stdio: "pipe",
      detached: true,
      ...(server.cwd === undefined ? {} : { cwd: server.cwd })
    })
    child.on("error", (error) => {
      refused(new Error("code" in error && error.code === "ENOENT" ? notFound(server) : error.message))
    })
    child.once("spawn", () => {
      const pid = child.pid!
      const lifeline = makeLifeline(pid, mark)
      let heard = ""
      let settle: (over: Over) => void = () => {}
      const over = new Promise<Over>((done) => (settle = done))
      const gone = new Promise<string>((done) => {
        child.once("exit", (code, signal) =>
          done(signal === null ? `it ended with exit code ${code}` : `${signal} ended it`)
        )
      })
      const sweep = async () => {
        await endProcesses(pid, mark, options.graceMs)
        await lifeline.release()
      }
      let ending: Promise<void> | null = null
      const end = () =>
        (ending ??= (async () => {
          child.stdin.end()
          await Promise.race([gone, pause(options.graceMs)])
          await sweep()
        })())
      const lines = makeLines(options.messageBytes, onLine)
      child.stdout.on("data", (chunk: Buffer) => {
        if (lines.add(chunk)) return
        child.stdout.destroy()
        settle({ oversize: true, why: `a message is larger than ${options.messageBytes} bytes` })
        void end()
      })
      child.stderr.on("data", (chunk: Buffer) => (heard = (heard + chunk.toString("utf8")).slice(-stderrChars)))
      for (const stream of [child.stdin, child.stdout, child.stderr]) {
        stream.on("error", () => {})
        unref(stream)
      }
      child.unref()

      const drained = new Promise<void>((done) => child.stdout.once("close", () => done()))
      void gone.then(async (how) => {
        await Promise.race([drained, pause(drainMs)])
        ending ??= sweep()
        settle({ oversize: false, why: heard.trim() === "" ? how : `${how}; it said: ${lastLines(heard)}` })
      })

      let holders = 0
      started({
        send: (line) => {
          if (!child.stdin.writable || child.stdin.writableLength > options.messageBytes) return false
          child.stdin.write(`${line}\n`)
          return true
        },
        over,
        hold: () => {
          if (holders++ === 0) child.ref()
          return () => {
            if (--holders === 0) child.unref()
          }
        },
        end
      })
    })
  })

/** The host's environment for a server that starts in this folder: PWD is this folder, and OLDPWD, the host's, is left out. */
const placedIn = (cwd: string | undefined, env: ConnectOptions["env"]) => {
  if (cwd === undefined || env["PWD"] === undefined) return env
  const { OLDPWD: _, ...placed } = env
  return { ...placed, PWD: cwd }
}

const notFound = ({ command, cwd }: StdioServer) =>
  cwd === undefined ? `there is no program "${command}"` : `there is no program "${command}", or no folder ${cwd}`

const lastLines = (text: string) => text.trim().split("\n").slice(-3).join(" / ").slice(-600)

const pause = (ms: number) =>
  new Promise<void>((done) => {
    setTimeout(done, ms)
  })

const unref = (stream: object) => {
  if ("unref" in stream && typeof stream.unref === "function") stream.unref()
}

/** Kept of what it says on stderr, for the message when it dies. */
const stderrChars = 4096

/** Output may still come for so long after the exit. */
const drainMs = 100
