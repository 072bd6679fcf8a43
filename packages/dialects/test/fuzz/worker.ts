/** Does the runs of one fuzz, and says before each which it is, so that whoever watches sees one that hangs. */
import { parentPort, workerData } from "node:worker_threads"
import { check, type Kind } from "./check.ts"
import { type AnswerCount, checkAnswer, noAnswers } from "./checkAnswer.ts"

export interface Order {
  readonly kind: Kind | "answer"
  readonly seed: number
  readonly from: number
  readonly to: number
  /** One number: the run at work. */
  readonly progress: Int32Array
}

export type Report =
  | { readonly _tag: "broken"; readonly run: number; readonly what: string }
  | { readonly _tag: "done"; readonly answers: AnswerCount }

const { kind, seed, from, to, progress }: Order = workerData

const answers = noAnswers()
for (let run = from; run < to; run++) {
  Atomics.store(progress, 0, run)
  const what = kind === "answer" ? checkAnswer(seed, run, answers) : await check(kind, seed, run)
  if (what !== undefined) parentPort!.postMessage({ _tag: "broken", run, what } satisfies Report)
}
parentPort!.postMessage({ _tag: "done", answers } satisfies Report)
