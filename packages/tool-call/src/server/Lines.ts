/** Cuts a stream of bytes into lines of UTF-8, none longer than a limit. */

export interface Lines {
  /** False once a line was too long: nothing after it can be trusted. */
  readonly add: (chunk: Uint8Array) => boolean
}

export const makeLines = (limitBytes: number, onLine: (line: string) => void): Lines => {
  let pieces: Array<Uint8Array> = []
  let size = 0
  return {
    add: (chunk) => {
      let from = 0
      for (;;) {
        const end = chunk.indexOf(newline, from)
        const piece = chunk.subarray(from, end === -1 ? chunk.length : end)
        if (size + piece.length > limitBytes) {
          pieces = []
          return false
        }
        if (end === -1) {
          if (piece.length > 0) pieces.push(piece)
          size += piece.length
          return true
        }
        const line =
          pieces.length === 0
            ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
            : Buffer.concat([...pieces, piece])
        pieces = []
        size = 0
        from = end + 1
        onLine(line.toString("utf8"))
      }
    }
  }
}

const newline = 10
