/** Fuzzes every dialect in a thread of its own, so that a run that never ends is found and named too. */
import { Worker } from "node:worker_threads"
import { type AnswerCount, noAnswers } from "./checkAnswer.ts"
import type { Order, Report } from "./worker.ts"

export interface FuzzOptions {
  readonly kind: Order["kind"]
  readonly runs: number
  readonly seed: number
  /** The first run; to have one run again: `from: n, runs: 1`. */
  readonly from?: number
  /** How long one run may take. */
  readonly hangMs?: number
  readonly onProgress?: (done: number) => void
}

export interface FuzzResult {
  readonly runs: number
  /** The broken promises, each with what runs it again. */
  readonly broken: ReadonlyArray<string>
  readonly durationMs: number
  /** Of the kind `answer`, how they were read. */
  readonly answers: AnswerCount
}

export const fuzz = ({ kind, runs, seed, from = 0, hangMs = 20_000, onProgress }: FuzzOptions): Promise<FuzzResult> =>
  new Promise((done, fail) => {
    const started = performance.now()
    const broken: Array<string> = []
    const progress = new Int32Array(new SharedArrayBuffer(4))
    const order: Order = { kind, seed, from, to: from + runs, progress }
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: order,
      execArgv: ["--conditions=@tenterhook/source", "--disable-warning=ExperimentalWarning"]
    })
    const count = kind === "answer" ? "--answers 1" : `--kind ${kind} --runs 1`
    const again = (run: number) => `bench/fuzz ${count} --seed ${seed} --from ${run}`
    const end = (ran: number, answers = noAnswers()) => {
      clearInterval(watch)
      void worker.terminate()
      done({ runs: ran, broken, durationMs: performance.now() - started, answers })
    }

    let last = -1
    let since = performance.now()
    const watch = setInterval(() => {
      const at = Atomics.load(progress, 0)
      onProgress?.(at - from)
      if (at !== last) {
        last = at
        since = performance.now()
      } else if (performance.now() - since > hangMs) {
        broken.push(`run ${at} did not end within ${hangMs} ms; again: ${again(at)}`)
        end(at - from)
      }
    }, 250)

    worker.on("message", (report: Report) => {
      if (report._tag === "done") return end(runs, report.answers)
      broken.push(`run ${report.run}: ${report.what}\nagain: ${again(report.run)}`)
      if (broken.length >= enough) end(report.run - from + 1)
    })
    worker.on("error", (error) => {
      clearInterval(watch)
      fail(error)
    })
  })

/** More of them say nothing new. */
const enough = 20
