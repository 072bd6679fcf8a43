/** What a stream said, bounded: the first half and the last half of the limit are kept, the middle is dropped. */

export interface Output {
  readonly add: (chunk: Uint8Array) => void
  readonly bytes: () => Uint8Array
  readonly truncated: () => boolean
}

export const makeOutput = (limitBytes: number): Output => {
  const headLimit = Math.ceil(limitBytes / 2)
  const tailLimit = limitBytes - headLimit
  const head: Array<Uint8Array> = []
  let headSize = 0
  let tail: Array<Uint8Array> = []
  let tailSize = 0
  let seen = 0

  const add = (chunk: Uint8Array) => {
    seen += chunk.length
    const room = headLimit - headSize
    const first = chunk.length <= room ? chunk : chunk.subarray(0, room)
    if (first.length > 0) {
      head.push(first)
      headSize += first.length
    }
    const rest = chunk.subarray(first.length)
    if (rest.length === 0) return
    tail.push(rest)
    tailSize += rest.length
    // Compacted when twice too large or in too many pieces, so that each byte is copied a bounded number of times.
    if (tailSize > 2 * tailLimit + 65_536 || tail.length > 1024) {
      tail = [lastBytes(tail, tailSize, tailLimit)]
      tailSize = tail[0]!.length
    }
  }

  return {
    add,
    bytes: () =>
      tailSize === 0 ? Buffer.concat(head) : Buffer.concat([...head, lastBytes(tail, tailSize, tailLimit)]),
    truncated: () => seen > limitBytes
  }
}

/** A copy, so that the large buffers behind the pieces are let go. */
const lastBytes = (pieces: ReadonlyArray<Uint8Array>, size: number, limit: number): Uint8Array => {
  const whole = Buffer.concat(pieces)
  return size <= limit ? whole : Buffer.from(whole.subarray(size - limit))
}
