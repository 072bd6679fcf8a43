/** The two streams: data goes to stdout, words go to stderr, colour only where a person reads. */
import { styleText } from "node:util"

export interface Pen {
  readonly bold: Style
  readonly dim: Style
  readonly good: Style
  readonly bad: Style
  readonly doubtful: Style
}

export type Style = (text: string) => string

/** Colours where the stream is a terminal. NO_COLOR forbids, FORCE_COLOR demands, and the first is stronger. */
export const penFor = (stream: NodeJS.WriteStream): Pen => (canColor(stream) ? coloured : plain)

export const canColor = (stream: NodeJS.WriteStream): boolean => {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (isSet(NO_COLOR) || TERM === "dumb") return false
  if (isSet(FORCE_COLOR)) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false"
  return stream.isTTY === true
}

export const print = (text: string): void => void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`)

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))

export const say = (text: string): void => void process.stderr.write(`${text}\n`)

/**
 * A reader that went away (`| head`) ends the output, not the work: what was asked for still decides the exit code.
 */
export const surviveClosedStreams = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!gone.includes(error.code ?? "")) throw error
    })
  }
}

/** Settles when what was written has left the process. */
export const flushed = async (): Promise<void> => {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write("", () => done())))
  )
}

const gone = ["EPIPE", "EIO", "ERR_STREAM_DESTROYED"]

const isSet = (value: string | undefined): value is string => value !== undefined && value !== ""

const style =
  (format: "bold" | "dim" | "green" | "red" | "yellow"): Style =>
  (text) =>
    styleText(format, text, { validateStream: false })

const coloured: Pen = {
  bold: style("bold"),
  dim: style("dim"),
  good: style("green"),
  bad: style("red"),
  doubtful: style("yellow")
}

const asItIs: Style = (text) => text
const plain: Pen = { bold: asItIs, dim: asItIs, good: asItIs, bad: asItIs, doubtful: asItIs }
