/**
 * The words that decide: keys that say whether an agent may go on, in our dialect, other products' or nobody's, and the
 * values they take. Case, separators and small misspellings do not matter: `Permission-Decision` is `permissionDecision`.
 */
import { editDistance } from "../config/nearest.ts"

/**
 * How much a key has to do with a decision.
 * `strong`: it decides, whatever its value. `weak`: it decides at the top of a value (`ok`, `status`).
 * `hint`: it decides with a value of a decision (`result: false`, `outcome: "denied"`), and is an ordinary key otherwise.
 */
export type Weight = "strong" | "weak" | "hint"

/** The keys of an answer in our dialect. */
export const ourKeys = [
  "verdict",
  "reason",
  "rewrite",
  "context",
  "notices",
  "halt",
  "resume",
  "answer",
  "ext"
] as const
export type OurKey = (typeof ourKeys)[number]

export const isOurKey = (key: string): key is OurKey => (ourKeys as ReadonlyArray<string>).includes(key)

export const weightOf = (key: string): Weight | undefined => {
  if (key.length > longestKey) return undefined
  let weight = weights.get(key)
  if (weight === undefined) {
    if (weights.size >= mostRemembered) weights.clear()
    weights.set(key, (weight = findWeight(key)))
  }
  return weight === "none" ? undefined : weight
}

/** Whether the value is one that decides: true, false, or a word such as `allow`, `denied`, `ask`. */
export const isDecision = (value: unknown): boolean =>
  typeof value === "boolean" || (typeof value === "string" && value.length <= longestKey && decided.has(plain(value)))

/** Whether a key with this value says no. */
export const denies = (key: string, value: unknown): boolean => {
  if (typeof value === "boolean") return value === negative.test(plain(key))
  if (Array.isArray(value)) return value.some((one) => typeof one === "string" && denies(key, one))
  if (typeof value !== "string" || value.length > longestKey) return false
  const word = plain(value)
  if (denyWords.has(word)) return true
  return negative.test(plain(key)) && trueWords.has(word)
}

/** Whether a text is a word that means no wherever it stands. */
export const isRefusal = (text: string): boolean => text.length <= longestKey && refusals.has(plain(text))

/** Lower case, letters and digits alone. */
export const plain = (word: string): string => {
  if (/^[a-z]*$/.test(word)) return word
  return word
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "")
}

const longestKey = 64
const mostRemembered = 4096
const weights = new Map<string, Weight | "none">()

const findWeight = (key: string): Weight | "none" => {
  const word = plain(key)
  if (strong.has(word)) return "strong"
  if (weak.has(word)) return "weak"
  if (hints.has(word) || hintParts.test(word)) return "hint"
  for (const [meant, edits] of misspellings) if (isNear(word, meant, edits)) return "strong"
  return shortOnes.some((meant) => word[0] === meant[0] && isNear(word, meant, 1)) ? "hint" : "none"
}

/** Most keys are told apart by their length or their letters, long before edits are counted. */
const isNear = (word: string, meant: string, edits: number): boolean => {
  if (Math.abs(word.length - meant.length) > edits) return false
  let foreign = 0
  for (let at = 0; at < word.length; at++) if (!meant.includes(word[at]!) && ++foreign > edits) return false
  return editDistance(word, meant, edits + 1) <= edits
}

const strong = new Set([
  "verdict",
  "decision",
  "permission",
  "permissiondecision",
  "permissionbehavior",
  "hookspecificoutput",
  "behavior",
  "behaviour",
  "allow",
  "deny",
  "block",
  "approve",
  "reject",
  "veto",
  "proceed"
])

const weak = new Set(["action", "status", "ok", "continue", "cancel", "success", "error"])

const hints = new Set([
  "result",
  "outcome",
  "response",
  "effect",
  "conclusion",
  "judgement",
  "judgment",
  "ruling",
  "disposition",
  "answer",
  "state",
  "stop",
  "halt",
  "resume",
  "abort",
  "interrupt",
  "pass",
  "passed",
  "valid",
  "safe",
  "unsafe",
  "flagged",
  "violation",
  "harmful",
  "dangerous",
  "malicious",
  "compliant"
])

/** `isAllowed`, `should_block`, `policyVerdict`, `denied`. */
const hintParts =
  /verdict|decision|permitt|allow|den(?:y|ied)|block|approv|reject|forbid|forbidden|prohibit|refus|authori[sz]ed|veto/

const misspellings: ReadonlyArray<readonly [string, number]> = [
  ["verdict", 2],
  ["decision", 1],
  ["permission", 1],
  ["permissiondecision", 2],
  ["hookspecificoutput", 2],
  ["behavior", 1]
]

/** Misspelt, they count with the value of a decision. */
const shortOnes = ["allow", "deny", "block", "approve", "reject", "action", "continue"]

/** Keys whose `true` says no. */
const negative =
  /^(?:deny|block|reject|veto|cancel|stop|halt|abort|interrupt|unsafe|flagged|violation|harmful|dangerous|malicious)$|den(?:y|ied)|block|reject|forbid|prohibit|refus|disallow|veto/

const refusals = new Set([
  "deny",
  "denied",
  "denies",
  "reject",
  "rejected",
  "refuse",
  "refused",
  "forbid",
  "forbidden",
  "disallow",
  "disallowed",
  "notallowed",
  "prohibit",
  "prohibited"
])
const denyWords = new Set([...refusals, "block", "blocked", "blocks", "veto", "vetoed", "decline", "declined"])
const trueWords = new Set(["true", "yes", "1"])
const decided = new Set([
  ...denyWords,
  ...trueWords,
  "false",
  "no",
  "stop",
  "halt",
  "abort",
  "cancel",
  "fail",
  "failed",
  "failure",
  "unsafe",
  "unauthorized",
  "allow",
  "allowed",
  "allows",
  "approve",
  "approved",
  "permit",
  "permitted",
  "accept",
  "accepted",
  "grant",
  "granted",
  "ok",
  "pass",
  "passed",
  "success",
  "safe",
  "continue",
  "proceed",
  "ask",
  "confirm",
  "defer",
  "abstain"
])
