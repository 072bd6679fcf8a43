/** Compiles wildcards for the engine, each alternative over the whole text. */
import type { Pattern, Refused } from "../Pattern.ts"
import { star, type Wildcard } from "../wildcards.ts"
import { complement, maxCodePoint, single, union } from "./CharSet.ts"
import { writeSet } from "./encoding.ts"
import { compileProgram } from "./engine.ts"

export const compileWildcards = (alternatives: ReadonlyArray<ReadonlyArray<Wildcard>>): Pattern | Refused => {
  const source = alternatives.map((wildcards) => wildcards.map(write).join("")).join("|")
  const program = compileProgram(`\\A(?:${source})\\z`)
  return typeof program === "function" ? { test: program } : program
}

const write = (wildcard: Wildcard): string => {
  if (wildcard === star) return "(?s:.)*"
  if (typeof wildcard === "string") return writeSet(single(wildcard.codePointAt(0)!), true)
  const set = union(wildcard.ranges)
  return writeSet(wildcard.negated ? complement(set, maxCodePoint) : set, true)
}
