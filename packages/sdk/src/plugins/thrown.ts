/** What somebody else's code threw, in one line and without a stack trace. */
export const wordsOf = (thrown: unknown): string => {
  const text = thrown instanceof Error ? messageOf(thrown) : textOf(thrown)
  const lines = text.split(/[\r\n]/).map((line) => line.trim())
  const line = lines.filter((line) => line !== "").join(" ")
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}

const messageOf = (error: Error): string => {
  const { name, message } = error
  if (typeof message !== "string" || message === "") return `${name} without a message`
  return deliberate.includes(name) || typeof name !== "string" || "_tag" in error ? message : `${name}: ${message}`
}

const textOf = (thrown: unknown): string => {
  if (typeof thrown === "string") return thrown === "" ? "an empty text was thrown" : thrown
  try {
    return `${JSON.stringify(thrown) ?? String(thrown)} was thrown`
  } catch {
    return `${typeof thrown} was thrown`
  }
}

/** Names that add nothing: the message was written for its reader. */
const deliberate = ["Error", "AssertionError"]

const longest = 500
