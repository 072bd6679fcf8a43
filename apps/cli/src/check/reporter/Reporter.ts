/** How `check` prints its result. */
import type { Checked } from "../checkConfigs.ts"

export interface CheckResult extends Checked {
  readonly exitCode: number
  /** Whether a warning is a failure. */
  readonly strict: boolean
}

/** The text for stdout. */
export type Reporter = (result: CheckResult) => string
