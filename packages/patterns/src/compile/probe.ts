/**
 * The characters that one atom of a regular expression matches, from the runtime's own RegExp: it alone knows its
 * version of Unicode, its case folding and the set operations of the flag v.
 */
import { type CharSet, union } from "./CharSet.ts"

/** `flags` of i, u and v. Costs up to 100 ms in Unicode mode, so results are kept. */
export const probe = (atom: string, flags: string): CharSet => {
  const key = `${flags}/${atom}`
  let known = probed.get(key)
  if (known === undefined) {
    if (probed.size >= maxProbed) probed.clear()
    probed.set(
      key,
      (known = inRows(/[uv]/.test(flags) ? codePoints() : codeUnits(), new RegExp(`${atom}+`, `g${flags}`)))
    )
  }
  return known
}

const probed = new Map<string, CharSet>()
const maxProbed = 100

/** A text of consecutive characters, and the first of them. */
interface Row {
  readonly text: string
  readonly first: number
  /** Code units of each character. */
  readonly width: 1 | 2
}

const inRows = (rows: ReadonlyArray<Row>, run: RegExp): CharSet =>
  union(
    rows.flatMap(({ text, first, width }) =>
      Array.from(text.matchAll(run), ({ 0: found, index }): [number, number] => [
        first + index / width,
        first + (index + found.length) / width - 1
      ])
    )
  )

const codeUnits = (): ReadonlyArray<Row> => (units ??= [row(0, 0xffff)])
let units: ReadonlyArray<Row> | undefined

/** Surrogates stand alone there, low before high, so that no two of them make a pair. */
const codePoints = (): ReadonlyArray<Row> =>
  (points ??= [row(0, 0xd7ff), row(0xdc00, 0xdfff), row(0xd800, 0xdbff), row(0xe000, 0xffff), row(0x10000, 0x10ffff)])
let points: ReadonlyArray<Row> | undefined

const row = (first: number, last: number): Row => {
  const pieces: Array<string> = []
  for (let code = first; code <= last; code += 1024) {
    const codes = Array.from({ length: Math.min(1024, last - code + 1) }, (_, index) => code + index)
    pieces.push(String.fromCodePoint(...codes))
  }
  return { text: pieces.join(""), first, width: last > 0xffff ? 2 : 1 }
}
