/** One request and its answer, in plain code on undici's dispatch: no stream, no Effect, no promise of its own. */
import type { Dispatcher } from "undici"
import { type Kept, keepNothing, makeKept } from "./Kept.ts"

export type ExchangeHeaders = Readonly<Record<string, string | Array<string> | undefined>>

/** `cut`: the answer is longer than may be read, and the connection was ended; `stopped`: by `stop`. */
export type ExchangeEnd = "whole" | "cut" | "stopped" | Error

export interface ExchangeLimits {
  /** How much of a body is read at most. */
  readonly readBytes: number
  /** How much of it is kept: its beginning, and its end. */
  readonly headBytes: number
  readonly tailBytes: number
  /** Keep the whole of a body that has a `content-encoding`, up to `readBytes`: no part of it can be decoded alone. */
  readonly keepsCoded?: boolean
}

/** Pass it to `dispatch`. It ends once, and tells `onEnd` so. */
export class Exchange implements Dispatcher.DispatchHandler {
  /** 0 until the answer's head has come. */
  status = 0
  headers: ExchangeHeaders = {}
  end: ExchangeEnd | null = null
  /** Whether the request had a connection, so that it may have reached somebody. */
  began = false
  #body: Kept = keepNothing
  #seen = 0
  #controller: Dispatcher.DispatchController | null = null
  readonly #limits: ExchangeLimits
  readonly #onEnd: (exchange: Exchange) => void

  constructor(limits: ExchangeLimits, onEnd: (exchange: Exchange) => void) {
    this.#limits = limits
    this.#onEnd = onEnd
  }

  /** What is kept of the body. */
  body(): Uint8Array {
    return this.#body.bytes()
  }

  /** Whether not all of the body is kept. */
  truncated(): boolean {
    return this.end !== "whole" || this.#body.truncated()
  }

  /** Whether a `{` may be in the part of the body that was not kept; undefined where not all of it was read. */
  droppedBrace(): boolean | undefined {
    return this.end === "whole" ? this.#body.droppedBrace() : undefined
  }

  /** Ends it, with its connection. A request that still waits for one is never sent. */
  stop() {
    this.#over("stopped", true)
  }

  onRequestStart(controller: Dispatcher.DispatchController) {
    if (this.end !== null) return controller.abort(stopped)
    this.#controller = controller
    this.began = true
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ExchangeHeaders) {
    // 103 and its like announce an answer and are none.
    if (status < 200) return
    this.status = status
    this.headers = headers
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array) {
    if (this.end !== null) return
    if (this.#body === keepNothing) this.#body = this.#keeper()
    const room = this.#limits.readBytes - this.#seen
    this.#seen += chunk.length
    this.#body.add(chunk.length <= room ? chunk : chunk.subarray(0, room))
    if (chunk.length > room) this.#over("cut", true)
  }

  #keeper(): Kept {
    const { readBytes, headBytes, tailBytes, keepsCoded } = this.#limits
    const isCoded = keepsCoded === true && this.headers["content-encoding"] !== undefined
    return isCoded ? makeKept(readBytes, 0) : makeKept(headBytes, tailBytes)
  }

  onResponseEnd() {
    this.#over("whole", false)
  }

  onResponseError(_: unknown, error: Error) {
    this.#over(error, false)
  }

  #over(end: ExchangeEnd, abort: boolean) {
    if (this.end !== null) return
    this.end = end
    if (abort) this.#controller?.abort(stopped)
    this.#controller = null
    this.#onEnd(this)
  }
}

const stopped = new Error("the request was ended")
