/** What is kept of a body: its first bytes and its last, as copies, so that the large buffers behind them are let go. */

export interface Kept {
  readonly add: (chunk: Uint8Array) => void
  readonly bytes: () => Uint8Array
  readonly truncated: () => boolean
}

export const makeKept = (headBytes: number, tailBytes: number): Kept => {
  const head: Array<Uint8Array> = []
  let headSize = 0
  let tail: Array<Uint8Array> = []
  let tailSize = 0
  let seen = 0
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
      const last = Buffer.from(chunk.subarray(Math.max(room, chunk.length - tailBytes, 0)))
      tail.push(last)
      tailSize += last.length
      if (tailSize > 2 * tailBytes || tail.length > 1024) {
        tail = [lastOf(tail, tailBytes)]
        tailSize = tail[0]!.length
      }
    },
    bytes: () =>
      tail.length === 0 && head.length === 1 ? head[0]! : Buffer.concat([...head, lastOf(tail, tailBytes)]),
    truncated: () => seen > headBytes + tailBytes
  }
}

const nothing = new Uint8Array(0)

export const keepNothing: Kept = { add: () => {}, bytes: () => nothing, truncated: () => false }

const lastOf = (pieces: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const whole = Buffer.concat(pieces)
  return whole.length <= size ? whole : Buffer.from(whole.subarray(whole.length - size))
}
