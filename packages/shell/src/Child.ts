/** Starts a process through execa: in its own session, its input an unlinked file, its output real pipes. */
import type { ChildProcess } from "node:child_process"
import { randomBytes } from "node:crypto"
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { execa } from "execa"
import { codeOf, type Command, whyNot } from "./Command.ts"
import { fireVariable, runVariable } from "./Environment.ts"
import { type Folder, temporaryPlaces } from "./Folder.ts"
import type { Pipes } from "./Pipes.ts"

export interface Child {
  /** Also the number of its group and its session. */
  readonly pid: number
  readonly process: ChildProcess
  /** What it says, and what it says beside that. */
  readonly streams: readonly [Readable, Readable]
}

export interface Supplies {
  readonly folder: Folder
  readonly pipes: Pipes
}

/** In one go; in place of a child that could not be started, the promise of why. Descriptors are closed on every way out. */
export const spawnChild = ({ folder, pipes }: Supplies, command: Command, mark: string): Child | Promise<string> => {
  const given: Array<number> = []
  const read: Array<Readable> = []
  const refused = (why: string) => {
    for (const stream of read) stream.destroy()
    return Promise.resolve(why)
  }
  const takePipe = () => {
    const pipe = pipes.take()
    if (pipe === null) return null
    given.push(pipe.write)
    read.push(pipe.read)
    return pipe
  }

  try {
    const { input } = command
    const file = input === null ? null : payloadFile(folder, input)
    if (file !== null) given.push(file)
    const out = takePipe()
    const err = takePipe()
    const child = spawn(command, mark, {
      stdin: (file as Descriptor | null) ?? (input === null ? "ignore" : "pipe"),
      stdout: (out?.write as Descriptor | undefined) ?? "pipe",
      stderr: (err?.write as Descriptor | undefined) ?? "pipe"
    })
    if (child.pid !== undefined) {
      if (file === null && input !== null) feed(child.nodeChildProcess, input)
      return {
        pid: child.pid,
        process: child.nodeChildProcess,
        streams: [out?.read ?? child.stdout!, err?.read ?? child.stderr!]
      }
    }
    void refused("")
    return child.then((result) =>
      whyNot(command, result.code, result.originalMessage ?? result.shortMessage ?? "unknown reason")
    )
  } catch (error) {
    return refused(whyNot(command, codeOf(error), String(error)))
  } finally {
    for (const descriptor of given) closeSync(descriptor)
  }
}

interface Stdio {
  readonly stdin: Descriptor | "ignore" | "pipe"
  readonly stdout: Descriptor | "pipe"
  readonly stderr: Descriptor | "pipe"
}

/** execa takes any descriptor, but its types know only those up to 9. */
type Descriptor = 9

/** execa with everything off that this package does itself: streams, limits, the environment, the end. */
const spawn = (command: Command, mark: string, stdio: Stdio) =>
  execa(command.file, command.args, {
    ...stdio,
    cwd: command.cwd,
    env: { ...command.env, [fireVariable]: command.fireId, [runVariable]: mark },
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    stripFinalNewline: false,
    reject: false
  })

/**
 * The input as an unlinked file: any length, no writer to wait for, and a reader may open `/dev/stdin` again. Null where
 * no place takes it: not the host's folder (somebody cleaned it away, or its place is full), nor any other.
 */
const payloadFile = (folder: Folder, input: Uint8Array): number | null => {
  const inFolder = () => join(folder.path(), `payload-${++payloads}`)
  const beside = temporaryPlaces().map((place) => () => join(place, `tenterhook-${randomBytes(6).toString("hex")}`))
  for (const path of [inFolder, ...beside]) {
    try {
      return unlinkedFile(path(), input)
    } catch {
      // The next place may take it.
    }
  }
  return null
}

/** The input through a pipe. A command that does not read it, or not to its end, breaks nothing. */
const feed = (child: ChildProcess, input: Uint8Array) => {
  const stdin = child.stdin!
  stdin.on("error", () => {})
  stdin.end(input)
  // A process that it left running may hold the pipe and never read it.
  child.once("exit", () => stdin.destroy())
}

let payloads = 0

const unlinkedFile = (path: string, content: Uint8Array): number => {
  const descriptor = openSync(path, "wx+", 0o600)
  try {
    unlinkSync(path)
    for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at, content.length - at, at)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}
