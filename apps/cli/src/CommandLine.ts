/** One call of the program: what stands after `--`, and how it ends. Each command's work is plain promises. */
import { Context, Effect } from "effect"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Option from "effect/Option"
import { type Words, wordsAt } from "./terminal/Words.ts"

export class CommandLine extends Context.Service<
  CommandLine,
  {
    /** Everything after `--`, untouched; null where there is no `--`. */
    readonly rest: ReadonlyArray<string> | null
    readonly end: (exitCode: number) => void
  }
>()("tenterhook/CommandLine") {}

export interface Call {
  readonly rest: ReadonlyArray<string> | null
  readonly words: Words
}

/** A command's work with its flags; the number is the exit code. What it throws is told and decides the code. */
export const does = <Flags>(work: (flags: Flags, call: Call) => number | Promise<number>) =>
  Effect.fnUntraced(function* (flags: Flags) {
    const { rest, end } = yield* CommandLine
    const level = yield* GlobalFlag.LogLevel
    const call: Call = { rest, words: wordsAt(Option.getOrUndefined(level)) }
    end(yield* Effect.tryPromise({ try: async () => work(flags, call), catch: (error) => error }))
  })
