/** One command as it runs: its output, its end, and what it leaves behind. Plain code; the adapter wraps it. */
import type { Readable } from "node:stream"
import type { Execution, Linger, Reply } from "@tenterhook/core"
import { spawnChild } from "./Child.ts"
import { codeOf, type Command } from "./Command.ts"
import type { Host } from "./Host.ts"
import { leaveTo } from "./Leftovers.ts"
import { makeOutput, type Output } from "./Output.ts"
import { mayHaveEscaped, type ProcessEntry, signal } from "./ProcessTable.ts"
import { endTree, membersOf } from "./ProcessTree.ts"

export interface Run {
  /** Called once, when the command is over. `unread`: why its output is not known; null if all of it was read. */
  readonly reply: (listener: (reply: Reply, unread: string | null) => void) => void
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
  host.watcher.ready()
  const child = spawnChild(host, command, mark)
  if (!("pid" in child)) return child
  const { pid, streams } = child
  host.watcher.running(id, pid)

  const listeners: Array<Parameters<Run["reply"]>[0]> = []
  const outputs = streams.map(() => makeOutput(host.limits.outputBytes))
  let openStreams: number = streams.length
  let exit: { readonly status: number | null; readonly signal: string | null } | null = null
  let settled: Reply | null = null
  let settling = false
  let unread: string | null = null
  let left: ReadonlyArray<ProcessEntry> = []
  let ending: Promise<void> | null = null
  let stopping: Promise<Reply> | null = null
  let drain: NodeJS.Timeout | undefined

  const settle = (leftRunning: number): Reply => {
    if (settled !== null) return settled
    clearTimeout(drain)
    for (const stream of streams) stream.destroy()
    const [output, diagnostics] = outputs as [Output, Output]
    settled = {
      status: exit?.status ?? null,
      signal: exit?.signal ?? null,
      output: output.bytes(),
      diagnostics: diagnostics.bytes(),
      truncated: output.truncated() || diagnostics.truncated(),
      ...(output.truncated() ? { cutObjects: output.droppedBrace() } : {}),
      leftRunning
    }
    for (const listener of listeners) listener(settled, unread)
    return settled
  }

  /** Nothing of it is left. */
  const forget = () => void host.open.delete(run)

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
        if (linger === "end" || execution?.scope.state._tag === "Closed") void endLeft(pid)
        else if (execution !== null) leaveTo(execution, () => endLeft(null))
        else {
          host.watcher.spare(id)
          host.open.delete(run)
        }
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
        child.process.off("exit", look)
        for (const stream of streams) stream.off("close", look)
        done()
      }
      const timer = afterDrain(host, finished)
      child.process.on("exit", look)
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
    const broken = (error: Error) => {
      if (settled === null) unread ??= codeOf(error)
      ended()
    }
    stream.on("data", keep(stream, outputs[index]!)).on("end", ended).on("error", broken).on("close", ended)
  })
  child.process.once("exit", (status, signalName) => {
    exit = { status, signal: signalName }
    host.watcher.over(id)
    if (openStreams === 0) finish()
    else if (stopping === null) drain = afterDrain(host, finish)
  })

  const run: Run = {
    reply: (listener) => {
      if (settled === null) listeners.push(listener)
      else listener(settled, unread)
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

/**
 * What lies in a pipe is read before it is over: a host that was busy meanwhile, or had no processor, hears of the exit
 * and that the time has passed before it comes to reading.
 */
const afterDrain = ({ limits }: Host, over: () => void) => setTimeout(() => setImmediate(over), limits.drainMs)

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
