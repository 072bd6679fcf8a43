/** Regular expressions of the supported syntax, and short texts that they may match. */
import * as fc from "fast-check"

export interface Generated {
  readonly source: string
  readonly flags: string
  readonly text: string
}

/** What JavaScript treats in its own way: line ends, case beyond ASCII, white space, halves and pairs of surrogates. */
const odd = [
  "\n",
  "\r",
  "\u2028",
  "\u2029",
  "\u00e9",
  "\u00c9",
  "\u017f",
  "\u212a",
  "\u00df",
  "\u1e9e",
  "\ufeff",
  "\u{1F600}",
  "\ud83d",
  "\ude00"
]
const text = fc.string({ unit: fc.constantFrom(..."aAbBsSkK_-0 \t", ...odd), maxLength: 8 })

const characters = fc.constantFrom(
  ..."aBsK_ 0",
  "\\n",
  "\\r",
  "\\/",
  "\\.",
  "\\t",
  "\\u2028",
  "\u00e9",
  "\u017f",
  "\u{1F600}",
  "\\ud83d"
)
const sets = fc.constantFrom(".", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S")
const assertions = fc.constantFrom("^", "$", "\\b", "\\B")
const members = fc.constantFrom(
  ..."aB",
  "a-c",
  "R-T",
  "0-9",
  "\\d",
  "\\w",
  "\\s",
  "\\W",
  "\\n",
  "\\u00e9",
  "\u00e0-\u00ff",
  "\u212a",
  "\\-",
  "\\ud83d",
  "\u{1F600}",
  "\\cJ",
  "\\x41",
  "\\b"
)
const classes = fc
  .tuple(fc.constantFrom("", "^"), fc.array(members, { maxLength: 3 }))
  .map(([negation, some]) => `[${negation}${some.join("")}]`)
/** Few, because the runtime's RegExp is asked for each of them: up to 0.1 s. */
const caselessClasses = fc.constantFrom(
  "[]",
  "[^]",
  "[^a]",
  "[R-T]",
  "[\\w-]",
  "[^\\s\\d]",
  "[\\W0]",
  "[\u00e0-\u00ff]",
  "[^\u212a]",
  "[\u{1F600}a]"
)
const unicodeSets = fc.constantFrom("\\p{L}", "\\P{Lu}", "[\\p{Ll}0]", "[^\\p{L}]", "\\u{1F600}", "\\u{73}")
const operations = fc.constantFrom("[\\w--[a-m]]", "[[a-z]&&[k-s]]", "[^\\d[B]]", "[^\\P{Lu}]")

const atom = (flags: string) =>
  fc.oneof(
    { weight: 6, arbitrary: characters },
    { weight: 3, arbitrary: sets },
    { weight: 3, arbitrary: assertions },
    { weight: 2, arbitrary: flags.includes("i") ? caselessClasses : classes },
    ...(/[uv]/.test(flags) ? [{ weight: 1, arbitrary: unicodeSets }] : []),
    ...(flags.includes("v") ? [{ weight: 1, arbitrary: operations }] : [])
  )

const isAssertion = (source: string) => ["^", "$", "\\b", "\\B"].includes(source)

const sourceOf = (flags: string) =>
  fc.letrec<{ sequence: string; piece: string }>((tie) => ({
    sequence: fc.array(tie("piece"), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join("")),
    piece: fc.oneof(
      { maxDepth: 3 },
      { weight: 4, arbitrary: atom(flags) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(atom(flags), fc.constantFrom("*", "+", "?", "{2}", "{0}", "{1,3}", "{2,}", "*?", "+?"))
          .map(([one, count]) => (isAssertion(one) ? one : one + count))
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            fc.constantFrom("(", "(?:"),
            tie("sequence"),
            tie("sequence"),
            fc.constantFrom("", "*", "+", "{2}", "?")
          )
          .map(([open, one, other, count]) => `${open}${one}|${other})${count}`)
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie("sequence"), fc.constantFrom("", "*", "{2}"))
          .map(([one, count]) => `(?<n${one.length}>${one})${count}`)
      }
    )
  })).sequence

const compiles = (source: string, flags: string) => {
  try {
    new RegExp(source, flags)
    return true
  } catch {
    return false
  }
}

export const generatedRegex: fc.Arbitrary<Generated> = fc
  .tuple(fc.subarray(["i", "m", "s"]), fc.constantFrom("", "", "u", "v"))
  .map(([some, mode]) => some.join("") + mode)
  .chain((flags) => fc.record({ source: sourceOf(flags), flags: fc.constant(flags), text }))
  .filter(({ source, flags }) => compiles(source, flags))
  // V8 finds \B between the halves of a pair, where the standard never looks with the flags u and v.
  .filter(
    ({ source, flags, text }) =>
      !(/[uv]/.test(flags) && source.includes("\\B") && text.length > Array.from(text).length)
  )
