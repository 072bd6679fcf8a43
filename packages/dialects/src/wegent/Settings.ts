/** What the two variables of the pre-execute hook say. Source: Wegent, pre-execute hooks. */
import { show } from "../config/Document.ts"

export const scriptVariable = "WEGENT_HOOK_PRE_EXECUTE"
export const timeoutVariable = "WEGENT_HOOK_PRE_EXECUTE_TIMEOUT"
export const defaultTimeoutSeconds = 30

/** The hook as it is for one environment. */
export interface Settings {
  readonly script: string
  readonly timeoutSeconds: number
  /** Added to the host's environment for the script: what the compose file sets for the service. */
  readonly environment: Readonly<Record<string, string>>
  /** What its owner should know at every fire. */
  readonly warnings: ReadonlyArray<string>
  /** Why the product would not start it: a variable that the compose file requires has no value. */
  readonly refused?: string
}

/** The script's path; undefined where the hook is disabled. */
export const scriptOf = (text: string | undefined): string | undefined => {
  const path = typeof text === "string" ? text.trim() : ""
  return path === "" ? undefined : path
}

/** Whole seconds above zero; undefined for anything else, which stands for the default. */
export const timeoutSecondsOf = (text: string | undefined): number | undefined => {
  const digits = /^\+?0*([1-9]\d{0,19})$/.exec(typeof text === "string" ? text.trim() : "")?.[1]
  return digits === undefined || BigInt(digits) > maxSeconds ? undefined : Number(digits)
}

/** What is wrong with a timeout that the default stands in for; undefined where nothing is. */
export const timeoutWarning = (text: string | undefined): string | undefined =>
  typeof text !== "string" || text.trim() === "" || timeoutSecondsOf(text) !== undefined
    ? undefined
    : `expected a whole number of seconds above 0, got ${show(text)}; ${defaultTimeoutSeconds} seconds are used`

/** The product reads an unsigned 64-bit number. */
const maxSeconds = 2n ** 64n - 1n
