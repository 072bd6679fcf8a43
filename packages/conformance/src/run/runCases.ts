/** Runs every case below some paths on one subject. */
import { availableParallelism } from "node:os"
import { type LoadedCase, loadCases } from "../case/loadCases.ts"
import { type CaseLimits, runCase } from "./runCase.ts"
import type { Subject } from "./Subject.ts"
import { type CaseResult, type SuiteResult, suiteResult } from "./SuiteResult.ts"

export interface RunOptions extends CaseLimits {
  /** How many cases at once, but for those that the subject runs alone. Default: two for each processor, at most eight. */
  readonly parallel?: number
  /** Only cases whose title or file contains this. */
  readonly only?: string
  /** From where relative paths are taken. Default: the process's working directory. */
  readonly cwd?: string
  /** Told of each case as it ends, with how many there are. */
  readonly onResult?: (result: CaseResult, total: number) => void
}

/** Never rejects for a case: what cannot be read, set up or finished is a failed case that says why. */
export const runCases = async (
  paths: ReadonlyArray<string>,
  subject: Subject,
  options: RunOptions = {}
): Promise<SuiteResult> => {
  const cases = (await loadCases(paths, options.cwd)).filter((loaded) => isWanted(loaded, options.only))
  const results: Array<CaseResult> = []
  const runAll = async (queue: Array<readonly [index: number, loaded: LoadedCase]>, parallel: number) => {
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, loaded] = next
        const result = await runCase(loaded, subject, options)
        results[index] = result
        options.onResult?.(result, cases.length)
      }
    }
    await Promise.all(Array.from({ length: Math.min(parallel, queue.length) }, work))
  }
  const isAlone = (loaded: LoadedCase) => loaded._tag === "case" && subject.alone?.(loaded.case) === true
  const numbered = [...cases.entries()]
  const together = numbered.filter(([, loaded]) => !isAlone(loaded))
  await runAll(together, Math.max(1, options.parallel ?? Math.min(8, 2 * availableParallelism())))
  const alone = numbered.filter(([, loaded]) => isAlone(loaded))
  await runAll(alone, 1)
  return suiteResult(subject.name, results)
}

const isWanted = (loaded: LoadedCase, only = "") =>
  loaded.file.includes(only) || (loaded._tag === "case" && loaded.case.title.includes(only))
