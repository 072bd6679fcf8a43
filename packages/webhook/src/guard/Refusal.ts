/** Why the guard does not let a request go to a URL. The same words at save, at test and at send. */
export interface Refusal {
  /**
   * `url`: it cannot be read as one; `scheme`, `userinfo`, `port`: what it says is not allowed; `address`: it is, or
   * its name resolves to, an address that is not public; `unresolved`: its name has no address now, which may change.
   */
  readonly reason: "url" | "scheme" | "userinfo" | "port" | "address" | "unresolved"
  /** Of an address: `loopback`, `private`, `linkLocal`, `metadata` and so on. */
  readonly range?: string
  /** Without path, query and credentials, so that it can be shown and logged. */
  readonly message: string
}

/** A refusal on its way through code that only knows errors. */
export class Refused extends Error {
  readonly _tag = "Refused"
  override readonly name = "Refused"
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}
