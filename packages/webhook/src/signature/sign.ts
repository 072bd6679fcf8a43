import { createHmac, sign as signAsymmetric } from "node:crypto"
import { type Key, keyOf } from "./Key.ts"
import { SignatureError } from "./SignatureError.ts"

export interface Message {
  /** The same on every retry. Printable ASCII without dots, spaces and commas. */
  readonly id: string
  /** Of this attempt, in Unix seconds. Default: now. */
  readonly timestamp?: number
  /** Exactly what is sent. */
  readonly body: string | Uint8Array
}

/** A type, not an interface, so that it fits wherever a record of headers is asked for. */
export type SignedHeaders = {
  readonly "webhook-id": string
  readonly "webhook-timestamp": string
  readonly "webhook-signature": string
}

/**
 * The headers that sign a message. Give several secrets while they are rotated: each adds a signature, and a receiver
 * that knows one of them accepts. Throws `SignatureError` where a secret or the message cannot be used.
 */
export const sign = (message: Message, secrets: string | ReadonlyArray<string>): SignedHeaders => {
  const timestamp = message.timestamp ?? Math.floor(Date.now() / 1000)
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatureOf(message.id, timestamp, message.body, secrets)
  }
}

/** The `webhook-signature` header alone: one signature for each secret, separated by spaces. */
export const signatureOf = (
  id: string,
  timestamp: number,
  body: string | Uint8Array,
  secrets: string | ReadonlyArray<string>
): string => {
  if (!isMessageId(id))
    throw new SignatureError(
      "message",
      `expected an id of printable ASCII without dots, spaces and commas, got ${JSON.stringify(id)}`
    )
  if (!Number.isSafeInteger(timestamp) || timestamp < 0)
    throw new SignatureError("message", `expected a timestamp in whole Unix seconds, got ${timestamp}`)
  const head = `${id}.${timestamp}.`
  if (typeof secrets === "string") return signWith(keyOf(secrets), head, body)
  if (secrets.length === 0) throw new SignatureError("secret", "expected a secret to sign with, got none")
  let list = ""
  for (const secret of secrets) list += `${list === "" ? "" : " "}${signWith(keyOf(secret), head, body)}`
  return list
}

/** A dot in an id would let one message's signature stand for another's: the dot ends the id in what is signed. */
export const isMessageId = (id: string): boolean => /^[\x21-\x2b\x2d\x2f-\x7e]+$/.test(id)

const signWith = ({ version, signing }: Key, head: string, body: string | Uint8Array): string => {
  if (signing === null)
    throw new SignatureError("secret", "a whpk_ key only verifies; sign with the whsk_ key it belongs to")
  return version === "v1"
    ? `v1,${createHmac("sha256", signing).update(head).update(body).digest("base64")}`
    : `v1a,${signAsymmetric(null, contentOf(head, body), signing).toString("base64")}`
}

/** What an ed25519 signature is over, in one piece. */
export const contentOf = (head: string, body: string | Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(head), typeof body === "string" ? Buffer.from(body) : body])
