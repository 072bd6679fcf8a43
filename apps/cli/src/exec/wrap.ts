/** Start hooks, the command, end hooks: on every way out, and whatever signals come meanwhile. */
import type { EventContext, FireReport } from "@tenterhook/core"
import type { AnyHooks, Execution, ExecutionEnd } from "@tenterhook/sdk"
import { formatDuration } from "../duration.ts"
import { codeOfSignal, exitCode } from "../ExitCode.ts"
import { type EndSignal, onEndSignal } from "../signals.ts"
import type { Words } from "../terminal/Words.ts"
import { openGroupEar } from "./GroupEar.ts"
import { type CommandEnd, type RunningCommand, startCommand } from "./runCommand.ts"

export interface Wrapped {
  /** Null where hooks have no report: a second signal gave them up, or they are on a server that gave no answer. */
  readonly start: FireReport | null
  readonly end: FireReport | null
  readonly exitCode: number
}

export interface WrapOptions {
  readonly hooks: AnyHooks
  readonly context: EventContext
  readonly argv: readonly [string, ...ReadonlyArray<string>]
  /** For the start hooks and the command together; null for none. The end hooks have their own deadlines. */
  readonly timeoutMs: number | null
  readonly words: Words
  /** Told of each report as it comes. */
  readonly show: (report: FireReport) => void
}

/** The caller closes the hooks afterwards, which ends those that a second signal left unfinished. */
export const wrap = async ({ hooks, context, argv, timeoutMs, words, show }: WrapOptions): Promise<Wrapped> => {
  const course = openCourse(timeoutMs, words)
  try {
    const starting = hooks.startExecution(context, { signal: course.starting, whenAborted: "report" })
    const execution = await Promise.race([starting.catch(brokenOff(course)), course.given])
    if (typeof execution === "string") return givenUp(starting, null, execution)
    if (!("start" in execution)) {
      words.error(`${execution.text}; the command was not run`)
      return { start: null, end: null, exitCode: execution.exitCode }
    }
    const { start } = execution
    show(start)

    const way = await wayThrough(execution, argv, course)
    if (way.text !== null) words.error(way.text)

    course.ending()
    const ending = execution.end(way.end)
    const end = await Promise.race([ending.catch((error: unknown) => unended(error, words)), course.given])
    if (typeof end === "string") return givenUp(ending, start, end)
    if (end === null) return { start, end, exitCode: way.exitCode === 0 ? exitCode.failure : way.exitCode }
    show(end)
    return { start, end, exitCode: way.exitCode }
  } finally {
    course.close()
  }
}

/** A start on a server that a signal or the time limit broke off; it ended there as well. Any other failure is told as it is. */
const brokenOff =
  (course: Course) =>
  (error: unknown): Stopped => {
    const stopped = course.stopped()
    if (stopped === null || error !== course.starting.reason) throw error
    return stopped
  }

/** Only a server's end hooks can be out of reach. The command has ended, and its exit code is still to be told. */
const unended = (error: unknown, words: Words): null => {
  words.error(`the end hooks gave no report: ${error instanceof Error ? error.message : String(error)}`)
  return null
}

/** How it went until the end hooks. */
interface Way {
  readonly end: ExecutionEnd
  readonly exitCode: number
  /** For the person at the terminal; null where the command said it all. */
  readonly text: string | null
}

const wayThrough = async ({ start }: Execution, argv: WrapOptions["argv"], course: Course): Promise<Way> => {
  const early = course.stopped()
  if (early !== null) return aborted(early.exitCode, `${early.text}; the command was not run`)
  if (!start.proceed)
    return aborted(exitCode.notToProceed, "the start hooks say not to proceed; the command was not run")

  const command = startCommand(argv)
  course.running(command)
  const end = await command.ended
  return wayOf(end, course)
}

const wayOf = (end: CommandEnd, course: Course): Way => {
  const output = { exitCode: end.exitCode, signal: end.signal }
  if (end.notStarted !== null) {
    return { end: { outcome: "error", error: end.notStarted, output }, exitCode: end.exitCode, text: end.notStarted }
  }
  const stopped = course.stopped()
  if (stopped?.by === "timeout") {
    return {
      end: { outcome: "aborted", error: stopped.text, output: { ...output, exitCode: stopped.exitCode } },
      exitCode: stopped.exitCode,
      text: stopped.text
    }
  }
  if (end.exitCode === 0) return { end: { outcome: "success", output }, exitCode: 0, text: null }
  const asked = end.signal === "SIGINT" || end.signal === "SIGTERM" || stopped !== null
  const error = end.signal === null ? `exit code ${end.exitCode}` : `ended by ${end.signal}`
  return { end: { outcome: asked ? "aborted" : "error", error, output }, exitCode: end.exitCode, text: null }
}

const aborted = (code: number, text: string): Way => ({
  end: { outcome: "aborted", error: text },
  exitCode: code,
  text
})

const givenUp = (unfinished: Promise<unknown>, start: FireReport | null, signal: EndSignal): Wrapped => {
  unfinished.catch(() => {})
  return { start, end: null, exitCode: codeOfSignal(signal) }
}

/** What signals and the time limit do, by how far it has come. */
interface Course {
  /** Aborts the start hooks. */
  readonly starting: AbortSignal
  readonly running: (command: RunningCommand) => void
  readonly ending: () => void
  /** What stopped the start hooks or the command. */
  readonly stopped: () => Stopped | null
  /** Settles when a second signal asks to give up the hooks that still run. */
  readonly given: Promise<EndSignal>
  readonly close: () => void
}

interface Stopped {
  readonly by: "signal" | "timeout"
  readonly text: string
  readonly exitCode: number
}

const openCourse = (timeoutMs: number | null, words: Words): Course => {
  const ear = openGroupEar()
  const abort = new AbortController()
  let at: "start" | "end" | RunningCommand = "start"
  let stopped: Stopped | null = null
  /** Whether the next signal gives up the hooks. */
  let asked = false
  let giveUp: (signal: EndSignal) => void = () => {}
  const given = new Promise<EndSignal>((done) => (giveUp = done))

  const signalled = async (signal: EndSignal) => {
    if (typeof at === "object") {
      stopped ??= { by: "signal", text: `interrupted by ${signal}`, exitCode: codeOfSignal(signal) }
      const command = at
      if (!(await ear.heard(signal))) command.kill(signal)
      return
    }
    // A terminal that closed does not keep the end hooks from running.
    if (at === "end" && signal === "SIGHUP") return
    if (asked) return giveUp(signal)
    asked = true
    if (at === "end") return words.info("the end hooks are running; once more does not wait for them")
    stopped ??= { by: "signal", text: `interrupted by ${signal}`, exitCode: codeOfSignal(signal) }
    abort.abort()
  }
  const release = onEndSignal((signal) => void signalled(signal))

  const late = () => {
    stopped ??= {
      by: "timeout",
      text: `stopped after ${formatDuration(timeoutMs!)} (--timeout)`,
      exitCode: exitCode.timeout
    }
    if (at === "start") abort.abort()
    else if (at !== "end") void at.stop()
  }
  const timer = timeoutMs === null ? undefined : setTimeout(late, timeoutMs)

  return {
    starting: abort.signal,
    given,
    stopped: () => stopped,
    running: (command) => {
      at = command
      asked = false
    },
    ending: () => {
      at = "end"
      asked = stopped?.by === "signal"
      clearTimeout(timer)
    },
    close: () => {
      release()
      clearTimeout(timer)
      ear.close()
    }
  }
}
