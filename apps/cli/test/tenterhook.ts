/** The built command line as a process, in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { onTestFinished } from "vitest"

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Buffer
  /** Below the folder. */
  readonly in?: string
}

/** A fresh folder, gone when the test ends; `.sh` files are executable. */
export const makeFolder = (files: Readonly<Record<string, string>> = {}) => {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-cli-")))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  const at = (file: string) => join(path, file)
  const write = (file: string, text: string) => {
    mkdirSync(dirname(at(file)), { recursive: true })
    writeFileSync(at(file), text)
    if (file.endsWith(".sh")) chmodSync(at(file), 0o755)
  }
  for (const [file, text] of Object.entries(files)) write(file, text)

  const start = (args: ReadonlyArray<string>, options: RunOptions = {}): Started =>
    startProcess([process.execPath, program, ...args], options)

  const startProcess = ([file, ...args]: readonly [string, ...Array<string>], options: RunOptions): Started => {
    const env = { PATH: process.env["PATH"]!, HOME: path, ...options.env }
    const child = spawn(file, args, { cwd: at(options.in ?? "."), env, stdio: "pipe" })
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout.on("data", (chunk) => out.push(chunk))
    child.stderr.on("data", (chunk) => err.push(chunk))
    child.stdin.on("error", () => {})
    child.stdin.end(options.input ?? "")
    const ended = new Promise<Ended>((done, failed) => {
      child.on("error", failed)
      child.on("close", (code, signal) =>
        done({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
      )
    })
    return { child, ended }
  }
  return {
    path,
    at,
    write,
    start,
    run: (args: ReadonlyArray<string>, options?: RunOptions) => start(args, options).ended,
    /** From a folder that is made for it and removed before it starts. */
    inRemoved: (name: string, args: ReadonlyArray<string>, options: RunOptions = {}) => {
      mkdirSync(at(name), { recursive: true })
      const script = 'rm -rf "$0"; exec "$@"'
      const argv = ["/bin/sh", "-c", script, at(name), process.execPath, program, ...args] as const
      return startProcess([...argv], { ...options, in: name }).ended
    },
    read: (file: string) => readFileSync(at(file), "utf8"),
    has: (file: string) => existsSync(at(file)),
    /** Waits until the file is there and not empty. */
    appears: async (file: string) => {
      const until = Date.now() + 60_000
      while (!existsSync(at(file)) || readFileSync(at(file), "utf8") === "") {
        if (Date.now() > until) throw new Error(`${file} did not appear`)
        await pause(20)
      }
      return readFileSync(at(file), "utf8")
    }
  }
}

export const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds))

/** For the environment of a test's processes, which this run of the tests alone has. */
export const markOf = (test: string) => `${test}-${process.pid}`

/** Living processes with this text in their environment. */
export const processesWith = (variable: string): number =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable)
    } catch {
      return false
    }
  }).length

/** Waits until so many such processes live, for a time that is long for any machine; how many there are then. */
export const processesBecome = async (count: number, variable: string): Promise<number> => {
  const until = Date.now() + 60_000
  while (processesWith(variable) !== count && Date.now() < until) await pause(50)
  return processesWith(variable)
}

export const program = join(import.meta.dirname, "../bin/tenterhook.js")
