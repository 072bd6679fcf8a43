/** Reads a whole input, stdin or a file, up to a limit. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs"
import { Socket } from "node:net"
import { addAbortSignal, type Readable } from "node:stream"
import { Refusal } from "../Refusal.ts"

/** The largest input in bytes. */
export const inputLimit = 64 * 1024 * 1024

/**
 * Reads stdin to its end: a file, a terminal, a socket, or a pipe of any size and mode, however slow its writer is.
 * Rejects with the signal's reason when it aborts, and with a refusal when stdin cannot be read or is too large.
 */
export const readStdin = (signal?: AbortSignal): Promise<string> => readStream(process.stdin, "stdin", signal)

/** The same for a descriptor that the shell opened, e.g. of `@<(command)`. Refuses what is neither a pipe nor a file. */
export const readDescriptor = async (descriptor: number, name: string, signal?: AbortSignal): Promise<string> => {
  const stats = stated(name, () => fstatSync(descriptor))
  if (stats.isFIFO() || stats.isSocket()) {
    return readStream(new Socket({ fd: descriptor, readable: true, writable: false }), name, signal)
  }
  return readFile(name)
}

/**
 * Reads a regular file. Anything else is refused before it is opened, because a FIFO may have no writer and a device
 * no end.
 */
export const readFile = (file: string): string => {
  requireRegular(
    file,
    stated(file, () => statSync(file))
  )
  let descriptor: number | undefined
  try {
    // Another process may have replaced the file by a FIFO since: opening one without O_NONBLOCK waits for its writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    requireRegular(file, fstatSync(descriptor))
    return textOf(readUpToLimit(descriptor, file), file)
  } catch (error) {
    throw error instanceof Refusal ? error : unreadable(file, error)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

const readStream = async (stream: Readable, name: string, signal: AbortSignal | undefined): Promise<string> => {
  const chunks: Array<Buffer> = []
  let size = 0
  try {
    signal?.throwIfAborted()
    for await (const chunk of signal === undefined ? stream : addAbortSignal(signal, stream)) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
      if (size > inputLimit) throw tooLarge(name)
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    throw error instanceof Refusal ? error : unreadable(name, error)
  }
  return textOf(Buffer.concat(chunks), name)
}

/** The size of a file may be unknown (0 in /proc) or grow while it is read. */
const readUpToLimit = (descriptor: number, file: string): Buffer => {
  const { size } = fstatSync(descriptor)
  if (size > inputLimit) throw tooLarge(file)
  const chunks: Array<Buffer> = []
  let read = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.max(size + 1 - read, chunkSize))
    const count = readSync(descriptor, chunk)
    if (count === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, count))
    read += count
    if (read > inputLimit) throw tooLarge(file)
  }
}

const chunkSize = 64 * 1024

const textOf = (bytes: Buffer, name: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    throw new Refusal(`${name}: not UTF-8 text${utf16 ? "; it is UTF-16, which has to be converted first" : ""}`)
  }
}

const requireRegular = (file: string, stats: Stats) => {
  if (stats.isFile()) return
  if (stats.isDirectory()) throw new Refusal(`cannot read ${file}: it is a folder`)
  throw new Refusal(`cannot read ${file}: it is not a regular file`, { hint: "pass a pipe on stdin: --context -" })
}

const stated = (name: string, stat: () => Stats): Stats => {
  try {
    return stat()
  } catch (error) {
    throw unreadable(name, error)
  }
}

const tooLarge = (name: string) => new Refusal(`${name}: larger than ${inputLimit / 1024 / 1024} MiB, the limit`)

const unreadable = (name: string, error: unknown) => {
  const { code = "", message } = error as NodeJS.ErrnoException
  return new Refusal(`cannot read ${name}: ${reasons[code] ?? message}`)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EBADF: "it is not open for reading",
  ENOTDIR: "no such file",
  ELOOP: "too many symbolic links"
}
