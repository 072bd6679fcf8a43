/** What is kept of a body: its first bytes and its last, as copies, so that the large buffers behind them are let go. */

export interface Kept {
  readonly add: (chunk: Uint8Array) => void
  readonly bytes: () => Uint8Array
  readonly truncated: () => boolean
  /** Whether a `{` was among the bytes that `bytes` has dropped. */
  readonly droppedBrace: () => boolean
}

export const makeKept = (headBytes: number, tailBytes: number): Kept => {
  const head: Array<Uint8Array> = []
  let headSize = 0
  let tail: Array<Uint8Array> = []
  let tailSize = 0
  let seen = 0
  let droppedBrace = false

  const keepTail = () => {
    const whole = Buffer.concat(tail)
    const dropped = Math.max(0, whole.length - tailBytes)
    if (!droppedBrace && whole.subarray(0, dropped).includes(openBrace)) droppedBrace = true
    tail = [dropped === 0 ? whole : Buffer.from(whole.subarray(dropped))]
    tailSize = tail[0]!.length
  }

  return {
    add: (chunk) => {
      seen += chunk.length
      const room = headBytes - headSize
      if (room > 0) {
        const first = Buffer.from(chunk.subarray(0, room))
        head.push(first)
        headSize += first.length
      }
      if (chunk.length <= room || tailBytes === 0) return
      const rest = chunk.subarray(Math.max(room, 0))
      const last = Buffer.from(rest.subarray(Math.max(rest.length - tailBytes, 0)))
      if (!droppedBrace && rest.subarray(0, rest.length - last.length).includes(openBrace)) droppedBrace = true
      tail.push(last)
      tailSize += last.length
      if (tailSize > 2 * tailBytes || tail.length > 1024) keepTail()
    },
    bytes: () => {
      if (tail.length === 0 && head.length === 1) return head[0]!
      keepTail()
      return Buffer.concat([...head, ...tail])
    },
    truncated: () => seen > headBytes + tailBytes,
    droppedBrace: () => droppedBrace
  }
}

const nothing = new Uint8Array(0)
const openBrace = "{".charCodeAt(0)

export const keepNothing: Kept = {
  add: () => {},
  bytes: () => nothing,
  truncated: () => false,
  droppedBrace: () => false
}
