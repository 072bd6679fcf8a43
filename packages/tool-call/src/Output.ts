/** A tool's text as the bytes of a reply: bounded, the first half and the last half of the limit kept. */
import type { Reply } from "@tenterhook/core"

export const boundedBytes = (
  text: string,
  limitBytes: number
): Pick<Reply, "truncated" | "cutObjects"> & { readonly bytes: Uint8Array } => {
  const bytes = Buffer.from(text, "utf8")
  if (bytes.length <= limitBytes) return { bytes, truncated: false }
  const head = startOfCharacter(bytes, Math.ceil(limitBytes / 2), -1)
  const tail = startOfCharacter(bytes, bytes.length - (limitBytes - Math.ceil(limitBytes / 2)), 1)
  const cutObjects = bytes.subarray(head, tail).includes("{")
  return { bytes: Buffer.concat([bytes.subarray(0, head), bytes.subarray(tail)]), truncated: true, cutObjects }
}

/** The nearest place in that direction which does not tear a character apart. */
const startOfCharacter = (bytes: Uint8Array, from: number, step: 1 | -1): number => {
  let at = from
  while (at > 0 && at < bytes.length && (bytes[at]! & 0b1100_0000) === 0b1000_0000) at += step
  return at
}
