/** Reads a pipe through its descriptor, in the way that the runtime can. */
import { closeSync } from "node:fs"
import { Socket } from "node:net"
import { Readable } from "node:stream"

/** Owns the descriptor: destroying the stream closes it. */
export type PipeReader = (descriptor: number) => Readable

/**
 * Node reads any pipe through a socket. bun gives such a socket no data and has files that are streams; deno refuses the
 * socket and has no other way, so there it is null: deno's own pipes serve, which are ordinary pipes.
 */
export const pipeReader = (): PipeReader | null => {
  if ("Deno" in globalThis) return null
  const { Bun } = globalThis as { readonly Bun?: BunFiles }
  if (Bun !== undefined) return (descriptor) => readableOf(Bun.file(descriptor).stream(), descriptor)
  return (descriptor) => new Socket({ fd: descriptor, readable: true, writable: false })
}

interface BunFiles {
  readonly file: (descriptor: number) => { readonly stream: () => ReadableStream<Uint8Array> }
}

/** The stream reads a duplicate of the descriptor. */
const readableOf = (stream: ReadableStream<Uint8Array>, descriptor: number): Readable => {
  const reader = stream.getReader()
  return new Readable({
    read() {
      reader.read().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error)
      )
    },
    destroy(error, done) {
      reader.cancel().catch(() => {})
      closeSync(descriptor)
      done(error)
    }
  })
}
