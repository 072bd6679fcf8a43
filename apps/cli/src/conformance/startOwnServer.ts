/** A server of this very command line, as a process on an empty data folder, for as long as somebody needs one. */
import { type ChildProcess, spawn } from "node:child_process"
import { rm } from "node:fs/promises"
import { createInterface } from "node:readline"
import { temporaryFolder } from "@tenterhook/shell"
import { exitCode } from "../ExitCode.ts"
import { Refusal } from "../Refusal.ts"
import { dieOf, onEndSignal } from "../signals.ts"

export interface OwnServer {
  readonly url: string
  readonly key: string
  /** Ends it and removes its folder. Gives words for the asker where it had ended before, or logged something. */
  readonly stop: () => Promise<string | null>
}

/**
 * May send requests to loopback. A signal that ends this process ends the server before it; a second one does not wait
 * for what the server still has to do.
 */
export const startOwnServer = async (plugins: ReadonlyArray<string>): Promise<OwnServer> => {
  const folder = temporaryFolder("tenterhook-server-")
  const args = ["serve", "--port", "0", "--data", folder, "--allow", "127.0.0.0/8", "--json"]
  for (const plugin of plugins) args.push("--plugin", plugin)
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    // A database of somebody's is nothing to try things on.
    env: { ...process.env, DATABASE_URL: "" },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const stderr = tailOf(child.stderr)
  const ended = new Promise<string>((done) => {
    child.on("error", (error) => done(`could not be started: ${error.message}`))
    child.on("close", (code, signal) => done(`ended with ${signal ?? `exit code ${code}`}; ${stderr()}`))
  })

  const end = async (signal: NodeJS.Signals) => {
    const early = await Promise.race([ended, Promise.resolve(null)])
    child.kill(signal)
    const killing = setTimeout(() => child.kill("SIGKILL"), stopMs)
    await ended
    clearTimeout(killing)
    silence()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    if (early !== null) return `the server ${early}`
    return stderr() === silent ? null : `the server logged on ${stderr()}`
  }
  let stopping: Promise<string | null> | undefined
  const stop = () => (stopping ??= end("SIGTERM"))
  const silence = onEndSignal((signal) => {
    if (stopping !== undefined) child.kill("SIGKILL")
    stop().then(
      () => dieOf(signal),
      () => dieOf(signal)
    )
  })

  const late = `was not up within ${startMs / 1000} s`
  const answer = await Promise.race([placeIn(child.stdout), ended, after(startMs, late)])
  if (typeof answer !== "string") return { ...answer, stop }
  await (stopping = end("SIGKILL"))
  const why = answer === late ? `${late}; ${stderr()}` : answer
  throw new Refusal(`--subject server: the server ${why}`, { code: exitCode.failure })
}

/** What the first line says; the rest is read and dropped. Never settles where there is no line. */
const placeIn = (stdout: NodeJS.ReadableStream) =>
  new Promise<{ readonly url: string; readonly key: string } | string>((done) => {
    createInterface({ input: stdout }).once("line", (line) => {
      const { url, key } = objectIn(line)
      if (typeof url === "string" && typeof key === "string") done({ url, key })
      else done(`was expected to print {"url", "key"} as its first line, got ${line}`)
    })
  })

const objectIn = (line: string): { readonly url?: unknown; readonly key?: unknown } => {
  try {
    return Object(JSON.parse(line))
  } catch {
    return {}
  }
}

/** The end of what a stream says, in words. */
const tailOf = (stream: ChildProcess["stderr"]) => {
  let text = ""
  stream?.setEncoding("utf8").on("data", (part: string) => (text = (text + part).slice(-tailLength)))
  return () => (text.trim() === "" ? silent : `stderr: ${text.trim()}`)
}

const after = (milliseconds: number, text: string) =>
  new Promise<string>((done) => setTimeout(() => done(text), milliseconds).unref())

const silent = "nothing on stderr"
const startMs = 15_000
/** Between TERM and KILL. */
const stopMs = 10_000
const tailLength = 4000
