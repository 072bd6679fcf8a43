/** From a JavaScript regular expression to the engine's syntax, with the same meaning. The only file that knows the parser. */
import { type AST, RegExpParser, RegExpSyntaxError, visitRegExpAST } from "@eslint-community/regexpp"
import {
  ascii,
  type CharSet,
  complement,
  digits,
  intersection,
  lineTerminators,
  maxCodePoint,
  maxCodeUnit,
  single,
  spaces,
  union,
  wordCharacters
} from "./CharSet.ts"
import { linesPrefix, writeInLines, writeSet } from "./encoding.ts"
import { probe } from "./probe.ts"

/** A pattern for the engine, and which encoding of a text it is for. */
export interface Translation {
  readonly source: string
  /** Without the flags u and v, a text is a sequence of code units. */
  readonly codeUnits: boolean
  /** With the flags i and u, U+017F and U+212A are word characters, as s and k, which they match. */
  readonly foldedWords: boolean
  /** The same pattern for texts in which other characters than \n end a line; absent where it does not look at lines. */
  readonly lines?: string
}

export class Unsupported extends Error {}

/** Throws `Unsupported`. */
export const translate = (source: string, flags: string): Translation => {
  const { alternatives } = parse(source, flags)
  const unicode = /[uv]/.test(flags)
  const found: Found = { lineAnchor: false, wordBoundary: false, probed: new Set(), cost: 0 }
  const scope: Scope = {
    flags,
    unicode,
    ignoreCase: flags.includes("i"),
    multiline: flags.includes("m"),
    dotAll: flags.includes("s"),
    times: 1,
    writeSet: (set) => writeSet(set, unicode),
    found
  }
  const written = disjunction(alternatives, scope)
  return {
    source: written,
    codeUnits: !unicode,
    foldedWords: unicode && scope.ignoreCase && found.wordBoundary,
    ...(found.lineAnchor
      ? { lines: linesPrefix + disjunction(alternatives, { ...scope, writeSet: (set) => writeInLines(set, unicode) }) }
      : {})
  }
}

const parse = (source: string, flags: string): AST.Pattern => {
  try {
    return new RegExpParser().parsePattern(source, 0, source.length, {
      unicode: flags.includes("u"),
      unicodeSets: flags.includes("v")
    })
  } catch (error) {
    if (!(error instanceof RegExpSyntaxError)) throw error
    const what = error.message.slice(error.message.lastIndexOf(": ") + 2)
    throw new Unsupported(`${what.toLowerCase()} at character ${error.index + 1}`)
  }
}

/** What holds at a place of the pattern. */
interface Scope {
  readonly flags: string
  readonly unicode: boolean
  readonly ignoreCase: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  /** How often counted repetitions around it repeat it. */
  readonly times: number
  readonly writeSet: (set: CharSet) => string
  readonly found: Found
}

interface Found {
  lineAnchor: boolean
  wordBoundary: boolean
  /** The atoms whose characters the runtime's RegExp had to find, and what that costs. */
  readonly probed: Set<string>
  cost: number
}

/** Groups capture nothing and no repetition is lazy: neither changes whether a text matches. */
const disjunction = (alternatives: ReadonlyArray<AST.Alternative>, scope: Scope): string =>
  `(?:${alternatives.map(({ elements }) => elements.map((one) => element(one, scope)).join("")).join("|")})`

const element = (node: AST.Element, scope: Scope): string => {
  switch (node.type) {
    case "Assertion":
      return assertion(node, scope)
    case "Quantifier":
      return quantifier(node, scope)
    case "CapturingGroup":
      return disjunction(node.alternatives, scope)
    case "Group":
      return disjunction(node.alternatives, node.modifiers === null ? scope : modified(node, node.modifiers, scope))
    case "Backreference":
      throw unsupported("the back-reference", node)
    case "Character":
    case "CharacterClass":
    case "CharacterSet":
    case "ExpressionCharacterClass":
      return scope.writeSet(characters(node, scope))
  }
}

const assertion = (node: AST.Assertion, { multiline, found }: Scope): string => {
  switch (node.kind) {
    case "lookahead":
    case "lookbehind":
      throw unsupported(node.kind === "lookahead" ? "the look-ahead" : "the look-behind", node)
    case "word":
      found.wordBoundary = true
      return node.negate ? "\\B" : "\\b"
    case "start":
    case "end":
      if (!multiline) return node.kind === "start" ? "\\A" : "\\z"
      found.lineAnchor = true
      return node.kind === "start" ? "(?m:^)" : "(?m:$)"
  }
}

const quantifier = ({ element: repeated, min, max, raw, start }: AST.Quantifier, scope: Scope): string => {
  const most = max === Infinity ? min : max
  const times = scope.times * Math.max(most, 1)
  if (times > maxTimes) {
    const count = `${raw.slice(repeated.raw.length)} at character ${start + repeated.raw.length + 1}`
    const all = scope.times === 1 ? `${most} times` : `${times} times, with the repetitions around it`
    throw new Unsupported(`${count} repeats ${all}; at most ${maxTimes} are supported`)
  }
  const inner = element(repeated, { ...scope, times })
  if (max === 0) return "(?:)"
  const count =
    min === 0 && max === 1 ? "?" : max < Infinity ? `{${min},${max}}` : min === 0 ? "*" : min === 1 ? "+" : `{${min},}`
  return `(?:${inner})${count}`
}

const maxTimes = 1000

const modified = (node: AST.Group, { add, remove }: AST.Modifiers, scope: Scope): Scope => {
  const now = (flag: "dotAll" | "ignoreCase" | "multiline") => (add[flag] || scope[flag]) && remove?.[flag] !== true
  const ignoreCase = now("ignoreCase")
  if (scope.unicode && ignoreCase !== scope.ignoreCase)
    throw unsupported("the flag i for a part, beside the flag u or v,", node)
  return { ...scope, ignoreCase, multiline: now("multiline"), dotAll: now("dotAll") }
}

/** The characters that match at one place, in either case where case is ignored. */
const characters = (node: CharacterNode, scope: Scope): CharSet => {
  switch (node.type) {
    case "Character":
      return caseless(single(node.value), scope) ?? probed(escaped(node.value, scope), 1, scope)
    case "CharacterClass":
      return characterClass(node, scope)
    case "CharacterSet":
      return characterSet(node, scope) ?? probed(node.raw, classCost, scope)
    case "ExpressionCharacterClass":
      refuseStrings(node)
      return probed(node.raw, classCost, scope)
  }
}

type CharacterNode = AST.Character | AST.CharacterClass | AST.CharacterSet | AST.ExpressionCharacterClass

const characterClass = (node: AST.CharacterClass, scope: Scope): CharSet => {
  const parts: Array<CharSet> = []
  for (const one of node.elements) {
    const part =
      one.type === "Character"
        ? single(one.value)
        : one.type === "CharacterClassRange"
          ? single(one.min.value, one.max.value)
          : one.type === "CharacterSet"
            ? characterSet(one, scope)
            : undefined
    if (part === undefined) {
      refuseStrings(node)
      return probed(node.raw, classCost, scope)
    }
    parts.push(part)
  }
  const set = caseless(union(...parts), scope)
  if (set === undefined) return probed(node.raw, classCost, scope)
  return node.negate ? complement(set, maxOf(scope)) : set
}

/** Undefined for what only the runtime knows. */
const characterSet = (node: AST.CharacterSet, scope: Scope): CharSet | undefined => {
  switch (node.kind) {
    case "any":
      return complement(scope.dotAll ? [] : lineTerminators, maxOf(scope))
    case "property":
      if (node.strings) throw unsupported("the property of strings", node)
      return undefined
    default: {
      if (node.kind === "word" && scope.unicode && scope.ignoreCase) return undefined
      const set = { digit: digits, space: spaces, word: wordCharacters }[node.kind]
      return node.negate ? complement(set, maxOf(scope)) : set
    }
  }
}

/** The set in either case; undefined where it holds more than ASCII and white space, which only the runtime can fold. */
const caseless = (set: CharSet, { ignoreCase, unicode }: Scope): CharSet | undefined => {
  if (!ignoreCase) return set
  const folds = complement(union(ascii, spaces), maxCodePoint)
  if (intersection(set, folds).length > 0) return undefined
  const upper = shifted(intersection(set, lowerLetters), -0x20)
  const lower = shifted(intersection(set, upperLetters), 0x20)
  const both = union(set, upper, lower)
  const has = (letter: string) => intersection(both, single(letter.codePointAt(0)!)).length > 0
  const alsoUnicode = [...(has("s") ? single(longS) : []), ...(has("k") ? single(kelvin) : [])]
  return unicode ? union(both, alsoUnicode) : both
}

const upperLetters = single(0x41, 0x5a)
const lowerLetters = single(0x61, 0x7a)
const shifted = (set: CharSet, by: number): CharSet => set.map(([first, last]) => [first + by, last + by])
const longS = 0x17f
const kelvin = 0x212a

const maxOf = ({ unicode }: Scope) => (unicode ? maxCodePoint : maxCodeUnit)

const escaped = (code: number, { unicode }: Scope) =>
  unicode ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`

const probed = (atom: string, cost: number, { unicode, ignoreCase, flags, found }: Scope): CharSet => {
  if (!found.probed.has(atom)) {
    found.probed.add(atom)
    found.cost += cost
  }
  if (found.cost > maxCost)
    throw new Unsupported("it has too many different Unicode classes, or letters beyond ASCII beside the flag i")
  const mode = flags.includes("v") ? "v" : unicode ? "u" : ""
  return probe(atom, mode + (ignoreCase ? "i" : ""))
}

const classCost = 10
const maxCost = 100

/** A class of the flag v may hold texts of several characters. */
const refuseStrings = (node: AST.CharacterClass | AST.ExpressionCharacterClass) =>
  visitRegExpAST(node, {
    onClassStringDisjunctionEnter: (strings) => {
      throw unsupported("the class of strings", strings)
    },
    onCharacterSetEnter: (set) => {
      if (set.kind === "property" && set.strings) throw unsupported("the property of strings", set)
    }
  })

const unsupported = (what: string, { raw, start }: AST.Node) =>
  new Unsupported(
    `${what} ${raw.length > 40 ? `${raw.slice(0, 40)}…` : raw} at character ${start + 1} is not supported`
  )
