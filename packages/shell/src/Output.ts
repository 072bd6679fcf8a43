/** What a stream said, bounded: the first half and the last half of the limit are kept, the middle is dropped. */

export interface Output {
  readonly add: (chunk: Uint8Array) => void
  readonly bytes: () => Uint8Array
  readonly truncated: () => boolean
  /** Whether a `{` was among the bytes that `bytes` has dropped. */
  readonly droppedBrace: () => boolean
}

export const makeOutput = (limitBytes: number): Output => {
  const headLimit = Math.ceil(limitBytes / 2)
  const tailLimit = limitBytes - headLimit
  const head: Array<Uint8Array> = []
  let headSize = 0
  let tail: Array<Uint8Array> = []
  let tailSize = 0
  let seen = 0
  let droppedBrace = false

  /** The end of the tail, as a copy, so that the large buffers behind the pieces are let go. */
  const keepTail = () => {
    const whole = Buffer.concat(tail)
    const dropped = Math.max(0, tailSize - tailLimit)
    if (!droppedBrace && whole.subarray(0, dropped).includes(openBrace)) droppedBrace = true
    tail = [dropped === 0 ? whole : Buffer.from(whole.subarray(dropped))]
    tailSize = tail[0]!.length
  }

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
    if (tailSize > 2 * tailLimit + 65_536 || tail.length > 1024) keepTail()
  }

  return {
    add,
    bytes: () => {
      keepTail()
      return Buffer.concat([...head, ...tail])
    },
    truncated: () => seen > limitBytes,
    droppedBrace: () => droppedBrace
  }
}

const openBrace = "{".charCodeAt(0)
