/** What came of a call, as text and as a value. */
import type { CallResult } from "./server/Connection.ts"
import type { Said } from "./Tool.ts"

/**
 * A server's answer. The value is its structured content; else what its text says, if that is a JSON object or list;
 * else the text; else, where not all of it is text, the list of its blocks.
 */
export const saidBy = ({ content, structured }: CallResult): Said => {
  const texts = content.flatMap((block) => (typeof block["text"] === "string" ? [block["text"]] : []))
  const onlyText = texts.length === content.length
  const text =
    texts.length > 0
      ? texts.join("\n")
      : structured !== undefined
        ? JSON.stringify(structured)
        : onlyText
          ? ""
          : JSON.stringify(content)
  if (structured !== undefined) return { text, value: structured }
  return { text, value: onlyText ? parsedText(text) : content }
}

/** What a function of the host returned. Throws where JSON cannot say it. */
export const saidInProcess = (value: unknown): Said => {
  if (value === undefined) return { text: "", value: undefined }
  if (typeof value === "string") return { text: value, value }
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`it returned a ${typeof value}, which JSON cannot say`)
  return { text, value: JSON.parse(text) }
}

const parsedText = (text: string): unknown => {
  if (!/^\s*[{[]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
