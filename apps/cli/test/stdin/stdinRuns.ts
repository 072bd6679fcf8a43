/** Runs of `fire --context -`: each with another kind of stdin, another pace and another size. */
import { spawn, spawnSync } from "node:child_process"
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { setTimeout as pause } from "node:timers/promises"

export interface StdinRuns {
  readonly runs: number
  readonly parallel: number
  /** Path of the program's start file. */
  readonly program: string
  /** The size of every context in bytes; absent: sizes from 2 bytes to 10 MB in turn. */
  readonly size?: number
  readonly onRun?: (done: number) => void
}

/** What each failed run was, and how it failed; none where all went well. */
export const runAll = async ({ runs, parallel, program, size, onRun }: StdinRuns): Promise<ReadonlyArray<string>> => {
  const failures: Array<string> = []
  let next = 0
  let done = 0
  const worker = async () => {
    while (next < runs) {
      const number = next++
      const run = runAt(number, size)
      const failure = await runOnce(run, program)
      if (failure !== null) failures.push(`run ${number}, ${nameOf(run)}: ${failure}`)
      onRun?.(++done)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return failures
}

type Pipe = "blocking" | "non-blocking" | "socket" | "from cat"
type Pace = "at once" | "late" | "in pieces" | "in pieces, slowly"

interface Run {
  readonly pipe: Pipe
  readonly pace: Pace
  readonly size: number
}

const pipes: ReadonlyArray<Pipe> = ["blocking", "non-blocking", "socket", "from cat"]
const paces: ReadonlyArray<Pace> = ["at once", "late", "in pieces", "in pieces, slowly"]
const sizes: ReadonlyArray<number> = [10_000_000, 70_000, 2, 65_536, 10_000_000, 1_000_000]

/** Every pipe with every pace within 16 runs, and every size with each of them within 96. */
const runAt = (number: number, size: number | undefined): Run => ({
  pipe: pipes[number % pipes.length]!,
  pace: paces[Math.floor(number / pipes.length) % paces.length]!,
  size: size ?? sizes[(number + Math.floor(number / 16)) % sizes.length]!
})

const nameOf = ({ pipe, pace, size }: Run) => `${pipe} pipe, ${pace}, ${size} bytes`

/** Null where the hook got the context as it was written; else what happened. */
const runOnce = async (run: Run, program: string): Promise<string | null> => {
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-stdin-"))
  try {
    writeFileSync(join(folder, "tenterhook.yaml"), `hooks: [{ on: stop, run: "cat > got.json" }]\n`)
    const lastMessage = run.size < 20 ? undefined : characters.repeat(Math.floor((run.size - 18) / 10))
    const { code, stderr } = await fire(run, folder, program, JSON.stringify({ lastMessage }))
    if (code !== 0) return `exit code ${code}: ${stderr}`
    const got = JSON.parse(readFileSync(join(folder, "got.json"), "utf8"))
    return got.lastMessage === lastMessage ? null : "another context arrived"
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const fire = async ({ pipe, pace }: Run, folder: string, program: string, json: string) => {
  const argv = [process.execPath, program, "fire", "stop", "--context", "-"]
  const [file, ...args] = pipe === "from cat" ? ["/bin/sh", "-c", 'cat | "$@"', "sh", ...argv] : argv
  const { stdin, writer, close } = pipe === "blocking" || pipe === "non-blocking" ? fifo(folder, pipe) : ownPipe
  const child = spawn(file!, args, { cwd: folder, stdio: [stdin, "pipe", "pipe"] })
  close()
  child.stdout!.resume()
  const stderr = textOf(child.stderr!)
  const ended = new Promise<number | null>((done) => child.on("close", done))
  // A program that ended early has closed the pipe; its exit code says so.
  await pipeline(piecesOf(Buffer.from(json), pace), writer ?? child.stdin!).catch(() => {})
  return { code: await ended, stderr: await stderr }
}

interface Stdin {
  readonly stdin: "pipe" | number
  /** Absent for the child's own. */
  readonly writer?: Writable
  /** Once the child has it. */
  readonly close: () => void
}

/** What Node gives a child is a socket. */
const ownPipe: Stdin = { stdin: "pipe", close: () => {} }

/** The mode belongs to the open pipe, so the child inherits it. */
const fifo = (folder: string, mode: "blocking" | "non-blocking"): Stdin => {
  const path = join(folder, "fifo")
  spawnSync("mkfifo", [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const stdin = mode === "blocking" ? openSync(path, constants.O_RDONLY) : reader
  const close = () => {
    closeSync(reader)
    if (stdin !== reader) closeSync(stdin)
  }
  return { stdin, writer: new Socket({ fd: writer, readable: false, writable: true }), close }
}

async function* piecesOf(bytes: Buffer, pace: Pace) {
  if (pace === "late" || pace === "in pieces, slowly") await pause(300)
  const count = pace === "in pieces" ? 50 : pace === "in pieces, slowly" ? 7 : 1
  const length = Math.ceil(bytes.length / count)
  for (let at = 0; at < bytes.length; at += length) {
    yield bytes.subarray(at, at + length)
    if (count > 1) await pause(pace === "in pieces" ? 1 : 80)
  }
}

const textOf = async (stream: Readable) => Buffer.concat(await stream.toArray()).toString()

/** Ten bytes: characters of one to four bytes, so that reads end within them. */
const characters = "x€é😀"
