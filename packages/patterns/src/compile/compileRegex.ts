/** Compiles a JavaScript regular expression. */
import type { Pattern, Refused } from "../Pattern.ts"
import { encodeCodeUnits, encodeLines, encodeWords, needsLines } from "./encoding.ts"
import { compileProgram } from "./engine.ts"
import { translate, type Translation, Unsupported } from "./translate.ts"

export const compileRegex = (source: string, flags = ""): Pattern | Refused => {
  if (source.length > maxLength)
    return { refused: `it has ${source.length} characters; at most ${maxLength} are supported` }
  let translation: Translation
  try {
    translation = translate(source, flags)
  } catch (error) {
    if (error instanceof Unsupported) return { refused: error.message }
    if (error instanceof RangeError) return { refused: "its groups are nested too deeply" }
    throw error
  }
  const { codeUnits, foldedWords } = translation
  const program = compileProgram(translation.source)
  if (typeof program !== "function") return program
  const inLines = translation.lines === undefined ? undefined : compileProgram(translation.lines)
  if (typeof inLines === "object") return inLines

  return {
    test: (text) => {
      const words = foldedWords ? encodeWords(text) : text
      const encode = codeUnits ? encodeCodeUnits : (unchanged: string) => unchanged
      return inLines !== undefined && needsLines(words) ? inLines(encode(encodeLines(words))) : program(encode(words))
    }
  }
}

const maxLength = 10_000
