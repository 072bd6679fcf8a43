/**
 * What is wrong, as a word to act on:
 * - `secret`: the secret or key itself cannot be used;
 * - `message`: id, timestamp or header of a message is missing or not well formed;
 * - `too old`, `too new`: its timestamp is further from now than is tolerated;
 * - `no match`: no signature was made with a secret that is known here.
 */
export type SignatureProblem = "secret" | "message" | "too old" | "too new" | "no match"

/** A message that cannot be signed, or that must not be believed. Never holds a secret. */
export class SignatureError extends Error {
  readonly _tag = "SignatureError"
  override readonly name = "SignatureError"
  readonly problem: SignatureProblem

  constructor(problem: SignatureProblem, message: string) {
    super(message)
    this.problem = problem
  }
}
