/**
 * The linear engine: RE2JS, a port of RE2 to JavaScript. The only file that knows it.
 *
 * RE2JS makes the states of an automaton while it matches, and most texts visit few of them. Where they become too
 * many, it follows all threads of the pattern at once, which takes (pattern × text) steps. Two bounds are set here on
 * what its types declare, as it has no options for them: the memory of an automaton, and those steps.
 */
import { RE2JS, RE2JSException } from "re2js"
import type { Refused } from "../Pattern.ts"

/** Matches anywhere in a text; undefined where an answer would take too long. */
export type Program = (text: string) => boolean | undefined

export const compileProgram = (source: string): Program | Refused => {
  let regex: RE2JS
  try {
    regex = RE2JS.compile(source)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return {
      refused: /nest/.test(error.message) ? "its groups are nested too deeply" : "its repetitions make it too large"
    }
  }
  const size = regex.programSize()
  if (size > maxSize)
    return {
      refused: `it compiles to ${size} steps; at most ${maxSize} are supported: shorten its repetitions or its list of words`
    }

  const program = regex.re2()
  // It finds groups, of which a translated pattern has none, and is slower than the automaton.
  program.onepass = null as never
  const followThreads = program.doExecuteNFA.bind(program)
  program.doExecuteNFA = (input, ...rest) => {
    program.lazyDFA = null as never
    if (size * input.endPos() > maxSteps) throw new TooLong()
    return followThreads(input, ...rest)
  }
  return (text) => {
    const { dfa } = program
    dfa.stateBudget = maxStateBytes
    dfa.memBudget = Math.min(dfa.memBudget, maxStateBytes)
    try {
      return regex.test(text)
    } catch (error) {
      if (error instanceof TooLong) return undefined
      throw error
    }
  }
}

class TooLong extends Error {}

/** Up to 0.1 s on a slow machine. */
const maxSteps = 10_000_000
const maxStateBytes = 2 * 1024 * 1024
const maxSize = 10_000
