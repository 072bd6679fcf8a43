/** Go's own `path.Match`, translated line by line, to hold ours against. True, false, or the error of a bad pattern. */

export const goMatch = (wholePattern: string, wholeName: string): boolean | "bad pattern" => {
  try {
    return match(wholePattern, wholeName)
  } catch (error) {
    if (error === badPattern) return "bad pattern"
    throw error
  }
}

const badPattern = new Error("syntax error in pattern")

const match = (wholePattern: string, wholeName: string): boolean => {
  let pattern = wholePattern
  let name = wholeName
  search: while (pattern.length > 0) {
    const { star, chunk, rest } = scanChunk(pattern)
    pattern = rest
    if (star && chunk === "") return !name.includes("/")
    const here = matchChunk(chunk, name)
    if (here !== undefined && (here.length === 0 || pattern.length > 0)) {
      name = here
      continue
    }
    if (star) {
      for (let i = 0; i < name.length && name[i] !== "/"; i++) {
        const there = matchChunk(chunk, name.slice(i + 1))
        if (there === undefined || (pattern.length === 0 && there.length > 0)) continue
        name = there
        continue search
      }
    }
    while (pattern.length > 0) {
      const next = scanChunk(pattern)
      pattern = next.rest
      matchChunk(next.chunk, "")
    }
    return false
  }
  return name.length === 0
}

const scanChunk = (whole: string) => {
  const pattern = whole.replace(/^\*+/, "")
  let inRange = false
  let i = 0
  for (; i < pattern.length; i++) {
    if (pattern[i] === "\\") {
      if (i + 1 < pattern.length) i++
    } else if (pattern[i] === "[") inRange = true
    else if (pattern[i] === "]") inRange = false
    else if (pattern[i] === "*" && !inRange) break
  }
  return { star: pattern.length < whole.length, chunk: pattern.slice(0, i), rest: pattern.slice(i) }
}

/** What is left of the name; undefined where the chunk does not match. A failed match reads the chunk to its end. */
const matchChunk = (wholeChunk: string, wholeName: string): string | undefined => {
  let chunk = wholeChunk
  let name = wholeName
  let failed = false
  while (chunk.length > 0) {
    if (!failed && name.length === 0) failed = true
    switch (chunk[0]) {
      case "[": {
        const rune = failed ? "" : name[0]!
        if (!failed) name = name.slice(1)
        chunk = chunk.slice(1)
        let negated = false
        if (chunk[0] === "^") {
          negated = true
          chunk = chunk.slice(1)
        }
        let matched = false
        for (let count = 0; ; count++) {
          if (chunk[0] === "]" && count > 0) {
            chunk = chunk.slice(1)
            break
          }
          let low: string
          ;[low, chunk] = getEscape(chunk)
          let high = low
          if (chunk[0] === "-") [high, chunk] = getEscape(chunk.slice(1))
          if (low <= rune && rune <= high) matched = true
        }
        if (matched === negated) failed = true
        break
      }
      case "?":
        if (!failed) {
          if (name[0] === "/") failed = true
          name = name.slice(1)
        }
        chunk = chunk.slice(1)
        break
      default:
        if (chunk[0] === "\\") {
          chunk = chunk.slice(1)
          if (chunk.length === 0) throw badPattern
        }
        if (!failed) {
          if (chunk[0] !== name[0]) failed = true
          name = name.slice(1)
        }
        chunk = chunk.slice(1)
    }
  }
  return failed ? undefined : name
}

const getEscape = (whole: string): [character: string, rest: string] => {
  if (whole === "" || whole[0] === "-" || whole[0] === "]") throw badPattern
  const chunk = whole[0] === "\\" ? whole.slice(1) : whole
  if (chunk === "") throw badPattern
  if (chunk.length === 1) throw badPattern
  return [chunk[0]!, chunk.slice(1)]
}
