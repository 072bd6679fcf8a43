/** How deep a JSON text is nested, without parsing it: what is absurdly deep would break whoever walks over it later. */

/** Deeper than any context, config or report, and far from what a stack can bear. */
export const maxJsonDepth = 200

/** A text shorter than this cannot be too deep. */
const minDeepLength = 2 * (maxJsonDepth + 1)

export const isTooDeep = (json: string): boolean => {
  if (json.length < minDeepLength) return false
  let depth = 0
  let isText = false
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (isText) {
      if (code === backslash) i++
      else if (code === quote) isText = false
    } else if (code === quote) isText = true
    else if (code === openBracket || code === openBrace) {
      if (++depth > maxJsonDepth) return true
    } else if (code === closeBracket || code === closeBrace) depth--
  }
  return false
}

const quote = 34
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
