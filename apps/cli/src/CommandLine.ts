/** One call of the program: what stands after `--`, and how it ends. Each command's work is plain promises. */
import { Context, Effect } from "effect"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Option from "effect/Option"
import { removedFolderText } from "./currentFolder.ts"
import { type Words, wordsAt } from "./terminal/Words.ts"

export class CommandLine extends Context.Service<
  CommandLine,
  {
    /** Everything after `--`, untouched; null where there is no `--`. */
    readonly rest: ReadonlyArray<string> | null
    readonly end: (end: End) => void
  }
>()("tenterhook/CommandLine") {}

export interface End {
  readonly code: number
  /** Whether the exit code answers the caller, e.g. with a verdict; it then stands when the output cannot be written. */
  readonly isAnswer: boolean
}

export interface Call {
  readonly rest: ReadonlyArray<string> | null
  readonly words: Words
}

/** A command's work with its flags. It returns the exit code, or throws what is printed and decides the exit code. */
export const does = <Flags>(work: Work<Flags>) => run(work, false)

/** The same for a command whose exit code is an answer. */
export const answers = <Flags>(work: Work<Flags>) => run(work, true)

type Work<Flags> = (flags: Flags, call: Call) => number | Promise<number>

const run = <Flags>(work: Work<Flags>, isAnswer: boolean) =>
  Effect.fnUntraced(function* (flags: Flags) {
    const { rest, end } = yield* CommandLine
    const level = yield* GlobalFlag.LogLevel
    const call: Call = { rest, words: wordsAt(Option.getOrUndefined(level)) }
    const tried = async () => {
      const removed = removedFolderText()
      if (removed !== null) call.words.warn(removed)
      return work(flags, call)
    }
    const code = yield* Effect.tryPromise({ try: tried, catch: (error) => error })
    end({ code, isAnswer })
  })
