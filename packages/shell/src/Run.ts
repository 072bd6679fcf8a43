/** One command as it runs: its output, its end, and what it leaves behind. Plain code; the adapter wraps it. */
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { Readable } from "node:stream"
import type { Execution, Linger, Reply } from "@tenterhook/core"
import { execa } from "execa"
import { codeOf, type Command, whyNot } from "./Command.ts"
import { fireVariable, runVariable } from "./Environment.ts"
import { leaveTo } from "./Leftovers.ts"
import type { Folder } from "./Folder.ts"
import type { Host } from "./Host.ts"
import { makeOutput, type Output } from "./Output.ts"
import type { Pipe } from "./Pipes.ts"
import { mayHaveEscaped, type ProcessEntry, signal } from "./ProcessTable.ts"
import { endTree, membersOf } from "./ProcessTree.ts"

export interface Run {
  /** Called once, when the command is over. */
  readonly reply: (listener: (reply: Reply) => void) => void
  /** Ends all that it started, also what it left running, and gives what it had said. */
  readonly stop: () => Promise<Reply>
  /** The scope's end: stops what still runs; lets be what was left running on purpose. */
  readonly close: () => Promise<void>
  /** Ends everything, whatever the state. */
  readonly end: () => Promise<void>
}

export interface RunOptions {
  readonly linger: Linger
  readonly execution: Execution | null
}

/** Starts it at once, in one go; in place of a run that could not be started, the promise of why. */
export const startRun = (host: Host, command: Command, { linger, execution }: RunOptions): Run | Promise<string> => {
  const { id, mark } = host.nextRun()
  const given: Array<number> = []
  let out: Pipe | null = null
  let err: Pipe | null = null
  const discard = () => {
    out?.read.destroy()
    err?.read.destroy()
  }

  let child: ReturnType<typeof spawn>
  try {
    const stdin = command.input === null ? ("ignore" as const) : payloadFile(host.folder, command.input)
    if (stdin !== "ignore") given.push(stdin)
    out = host.pipes.take()
    if (out !== null) given.push(out.write)
    err = host.pipes.take()
    if (err !== null) given.push(err.write)
    host.watcher.starting(id)
    child = spawn(command, mark, {
      stdin: stdin as Descriptor | "ignore",
      stdout: (out?.write as Descriptor | undefined) ?? "pipe",
      stderr: (err?.write as Descriptor | undefined) ?? "pipe"
    })
  } catch (error) {
    discard()
    return Promise.resolve(whyNot(command, codeOf(error), String(error)))
  } finally {
    for (const descriptor of given) closeSync(descriptor)
  }
  const { pid } = child
  if (pid === undefined) {
    discard()
    host.watcher.over(id)
    return child.then((result) =>
      whyNot(command, result.code, result.originalMessage ?? result.shortMessage ?? "unknown reason")
    )
  }
  host.watcher.running(id, pid)

  const listeners: Array<(reply: Reply) => void> = []
  const streams: ReadonlyArray<Readable> = [out?.read ?? child.stdout!, err?.read ?? child.stderr!]
  const outputs = streams.map(() => makeOutput(host.limits.outputBytes))
  let openStreams = streams.length
  let exit: { readonly status: number | null; readonly signal: string | null } | null = null
  let settled: Reply | null = null
  let settling = false
  let left: ReadonlyArray<ProcessEntry> = []
  let ending: Promise<void> | null = null
  let stopping: Promise<Reply> | null = null
  let drain: NodeJS.Timeout | undefined

  const settle = (leftRunning: number): Reply => {
    if (settled !== null) return settled
    clearTimeout(drain)
    for (const stream of streams) stream.destroy()
    settled = {
      status: exit?.status ?? null,
      signal: exit?.signal ?? null,
      output: outputs[0]!.bytes(),
      diagnostics: outputs[1]!.bytes(),
      truncated: outputs.some((it) => it.truncated()),
      leftRunning
    }
    for (const listener of listeners) listener(settled)
    return settled
  }

  /** It is over for good: nobody needs to watch it any more. */
  const forget = () => {
    host.watcher.over(id)
    host.open.delete(run)
  }

  /** It exited by itself and said what it had to say. */
  const finish = () => {
    if (settling || stopping !== null) return
    settling = true
    const mayHaveLeft = openStreams > 0 || signal(-pid, 0) || mayHaveEscaped(pid, mark)
    if (!mayHaveLeft) {
      forget()
      return void settle(0)
    }
    void membersOf({ leader: pid, mark, known: [] }).then((members) => {
      if (stopping !== null) return
      left = members
      // Before anybody is told, because whoever waits for the reply closes the scope next.
      if (left.length === 0) forget()
      else {
        host.watcher.left(id, pid)
        if (linger === "end" || execution?.scope.state._tag === "Closed") void endLeft(pid)
        else if (execution === null) forget()
        else leaveTo(execution, () => endLeft(null))
      }
      settle(left.length)
    })
  }

  const endLeft = (leader: number | null) =>
    (ending ??= endTree({ leader, mark, known: left }, host.limits.graceMs).then(forget))

  const stop = (): Promise<Reply> => (stopping ??= stopNow())
  const stopNow = async () => {
    clearTimeout(drain)
    if (settled !== null) {
      if (left.length > 0) await endLeft(null)
      return settled
    }
    await endTree({ leader: pid, mark, known: [] }, host.limits.graceMs)
    if (exit === null || openStreams > 0) await quiet()
    forget()
    return settle(0)
  }

  /** Until the exit is known and the streams have ended, at most as long as a drain. */
  const quiet = () =>
    new Promise<void>((done) => {
      const look = () => {
        if (exit !== null && openStreams === 0) finished()
      }
      const finished = () => {
        clearTimeout(timer)
        child.nodeChildProcess.off("exit", look)
        for (const stream of streams) stream.off("close", look)
        done()
      }
      const timer = setTimeout(finished, host.limits.drainMs)
      child.nodeChildProcess.on("exit", look)
      for (const stream of streams) stream.on("close", look)
      look()
    })

  streams.forEach((stream, index) => {
    let open = true
    const ended = () => {
      if (!open) return
      open = false
      openStreams--
      if (openStreams === 0 && exit !== null) finish()
    }
    stream.on("data", keep(stream, outputs[index]!)).on("end", ended).on("error", ended).on("close", ended)
  })
  child.nodeChildProcess.once("exit", (status, signalName) => {
    exit = { status, signal: signalName }
    if (openStreams === 0) finish()
    else if (stopping === null) drain = setTimeout(finish, host.limits.drainMs)
  })

  const run: Run = {
    reply: (listener) => {
      if (settled === null) listeners.push(listener)
      else listener(settled)
    },
    stop,
    close: async () => {
      if (settled === null) await stop()
      else await (stopping ?? ending)
    },
    end: async () => {
      await stop()
      await ending
    }
  }
  host.open.add(run)
  return run
}

/** Takes what comes. A flood is let in by a megabyte at a time, so that it keeps neither memory nor the host's event loop. */
const keep = (stream: Readable, output: Output) => {
  let sinceBreak = 0
  return (chunk: Uint8Array) => {
    output.add(chunk)
    sinceBreak += chunk.length
    if (sinceBreak < floodBytes || !output.truncated()) return
    sinceBreak = 0
    stream.pause()
    setTimeout(() => stream.resume(), floodBreakMs)
  }
}

const floodBytes = 1024 * 1024
const floodBreakMs = 4

interface Stdio {
  readonly stdin: Descriptor | "ignore"
  readonly stdout: Descriptor | "pipe"
  readonly stderr: Descriptor | "pipe"
}

/** execa takes any descriptor, but its types know only those up to 9. */
type Descriptor = 9

/** execa with everything off that this package does itself: its own session, its own streams, its own end. */
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

/** The input as an unlinked file: any length, no writer to wait for, and a reader may open `/dev/stdin` again. */
const payloadFile = (folder: Folder, input: Uint8Array): number => {
  const name = `payload-${++payloads}`
  let descriptor: number
  try {
    descriptor = openSync(join(folder.path(), name), "wx+", 0o600)
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error
    folder.remake()
    descriptor = openSync(join(folder.path(), name), "wx+", 0o600)
  }
  try {
    unlinkSync(join(folder.path(), name))
    for (let at = 0; at < input.length;) at += writeSync(descriptor, input, at, input.length - at, at)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

let payloads = 0
