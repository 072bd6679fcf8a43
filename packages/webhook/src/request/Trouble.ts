/** Why no answer came, told apart where it calls for different actions. */
import { Refused } from "../guard/Refusal.ts"
import type { Refusal } from "../guard/Refusal.ts"

/**
 * `request`: it cannot be made as it is; `refused`: the guard does not let it go; `unresolved`: its host has no address
 * now; `connect`: nobody takes the connection; `tls`: their certificate is not accepted; `reset`: the connection ended
 * early; `protocol`: what came is not HTTP; `timeout`: too late; `cancelled`: the sender was closed.
 */
export type TroubleReason =
  | "request"
  | "refused"
  | "unresolved"
  | "connect"
  | "tls"
  | "reset"
  | "protocol"
  | "timeout"
  | "cancelled"

export interface Trouble {
  readonly reason: TroubleReason
  readonly message: string
  /** The guard's, where it is the reason. */
  readonly refusal?: Refusal
}

/** What undici, Node or the guard say. `began`: whether there was a connection. */
export const troubleOf = (error: Error, began: boolean): Trouble => {
  if (error instanceof Refused) return refusedBy(error.refusal)
  const code = codeOf(error)
  // undici looks its parser's codes up the wrong way round, so that they are missing.
  const reason = error.name === "HTTPParserError" ? "protocol" : reasonOf(code, began)
  const text = textOf(error)
  return { reason, message: `${words[reason]}: ${text}${code === "" || text.includes(code) ? "" : ` (${code})`}` }
}

export const refusedBy = (refusal: Refusal): Trouble => ({
  reason: refusal.reason === "unresolved" ? "unresolved" : "refused",
  message: refusal.message,
  refusal
})

const reasonOf = (code: string, began: boolean): TroubleReason => {
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") return "cancelled"
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return "request"
  if (code.startsWith("HPE_") || code === "UND_ERR_HEADERS_OVERFLOW" || code.startsWith("UND_ERR_RES"))
    return "protocol"
  if (!began)
    return /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME|EPROTO)/.test(code)
      ? "tls"
      : "connect"
  return "reset"
}

/** An error that stands for several has no code and no text of its own. */
const codeOf = (error: Error): string => {
  if ("code" in error && typeof error.code === "string") return error.code
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : ""
}

const textOf = (error: Error): string =>
  error instanceof AggregateError && error.errors.length > 0
    ? error.errors.map((one) => String(one.message)).join("; ")
    : error.message || error.name

const words: Readonly<Record<TroubleReason, string>> = {
  request: "the request cannot be made",
  refused: "refused",
  unresolved: "no address",
  connect: "no connection",
  tls: "no trusted connection",
  reset: "the connection ended early",
  protocol: "what came is no HTTP answer",
  timeout: "too late",
  cancelled: "cancelled"
}
