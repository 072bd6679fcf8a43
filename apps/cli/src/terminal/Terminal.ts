/** The two streams: data goes to stdout, messages go to stderr, colour only on a terminal. */
import { styleText } from "node:util"
import { write } from "./Output.ts"

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

export const print = (text: string): void => write(process.stdout, text.endsWith("\n") ? text : `${text}\n`)

/** Prints the one JSON value of a command. Where it was printed before, this does nothing. */
export const printJson = (value: unknown): void => printOnce(JSON.stringify(value, null, 2))

/** The same on one line, for a command that goes on. */
export const printJsonLine = (value: unknown): void => printOnce(JSON.stringify(value))

const printOnce = (json: string) => {
  if (!jsonPrinted) print(json)
  jsonPrinted = true
}

let jsonPrinted = false

export const say = (text: string): void => write(process.stderr, `${text}\n`)

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
