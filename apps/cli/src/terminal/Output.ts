/** Writes to stdout and stderr. A failure to write is kept instead of thrown: the work decides the exit code. */
import { fstatSync, writeSync } from "node:fs"

/** Call it before anything is written: an error of a stream without a listener ends the process. */
export const keepWriteErrors = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => void fail(stream, error))
  }
}

export const write = (stream: Output, text: string): void => {
  if (errors.has(stream)) return
  try {
    if (fstatSync(stream.fd).isFile()) writeAll(stream.fd, text)
    else stream.write(text)
  } catch (error) {
    fail(stream, error as NodeJS.ErrnoException)
  }
}

/** Settles when everything that was written has left the process, or cannot. */
export const flushed = async (): Promise<void> => {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write("", () => done())))
  )
}

/** Why stdout is incomplete; null where it is complete, or where its reader closed it (`| head`). */
export const lostOutput = (): string | null => {
  const error = errors.get(process.stdout)
  if (error === undefined || closedByReader.includes(error.code ?? "")) return null
  return `cannot write to stdout: ${reasons[error.code ?? ""] ?? error.message}`
}

type Output = typeof process.stdout | typeof process.stderr

const errors = new Map<Output, NodeJS.ErrnoException>()

const fail = (stream: Output, error: NodeJS.ErrnoException) => {
  if (!errors.has(stream)) errors.set(stream, error)
}

/** Node's stream for files ignores that a full disk takes only a part. */
const writeAll = (descriptor: number, text: string) => {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
}

const closedByReader = ["EPIPE", "ECONNRESET", "EIO", "ERR_STREAM_DESTROYED"]

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large"
}
