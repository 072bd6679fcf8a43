import { createHmac, timingSafeEqual, verify as verifyAsymmetric } from "node:crypto"
import { type Key, keyOf } from "./Key.ts"
import { contentOf, isMessageId } from "./sign.ts"
import { SignatureError } from "./SignatureError.ts"

export interface ReceivedMessage {
  /** As they came, in any case: `request.headers` of node:http, `Headers` of fetch, a Map, a plain object. */
  readonly headers: HeaderSource
  /** Exactly what came, before anything parsed it. JSON that was parsed and printed again is another text. */
  readonly body: string | Uint8Array
}

export type HeaderSource =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

export interface VerifyOptions {
  /** How far the timestamp may be from now, in either direction. Default: 300. Infinity: any. */
  readonly toleranceSeconds?: number
  /** Unix seconds. Default: the clock. */
  readonly now?: number
}

/**
 * The message's id and timestamp if it was signed with one of the secrets within the tolerance; throws `SignatureError`
 * otherwise. Takes what is shared (`whsec_`), a sender's public key (`whpk_`), or several of both. An id that was seen
 * before is a retry: answer it with success, and do nothing.
 */
export const verify = (
  { headers, body }: ReceivedMessage,
  secrets: string | ReadonlyArray<string>,
  { toleranceSeconds = 300, now = Math.floor(Date.now() / 1000) }: VerifyOptions = {}
): { readonly id: string; readonly timestamp: number } => {
  const keys = (typeof secrets === "string" ? [secrets] : secrets).map(keyOf)
  if (keys.length === 0) throw new SignatureError("secret", "expected a secret to verify with, got none")
  const id = headerOf(headers, "webhook-id")
  const written = headerOf(headers, "webhook-timestamp")
  const signatures = headerOf(headers, "webhook-signature")
    .split(" ")
    .filter((one) => one !== "")

  if (!isMessageId(id))
    throw new SignatureError("message", "expected webhook-id to be printable ASCII without dots, spaces and commas")
  if (!/^(?:0|[1-9]\d{0,14})$/.test(written))
    throw new SignatureError(
      "message",
      `expected webhook-timestamp to be whole Unix seconds, got ${JSON.stringify(written.slice(0, 40))}`
    )
  if (signatures.length > mostSignatures)
    throw new SignatureError("message", `expected at most ${mostSignatures} signatures, got ${signatures.length}`)
  const timestamp = Number(written)
  if (!matches(signatures, keys, `${id}.${written}.`, body))
    throw new SignatureError("no match", mismatch(signatures, keys))

  const age = now - timestamp
  if (age > toleranceSeconds)
    throw new SignatureError(
      "too old",
      `signed ${age} seconds ago, and ${toleranceSeconds} are tolerated; is it a replay, or is a clock wrong?`
    )
  if (-age > toleranceSeconds)
    throw new SignatureError(
      "too new",
      `signed ${-age} seconds in the future, and ${toleranceSeconds} are tolerated; is a clock wrong?`
    )
  return { id, timestamp }
}

/** Every key is tried on every signature of its version, so that the time tells nothing of which one fits. */
const matches = (
  signatures: ReadonlyArray<string>,
  keys: ReadonlyArray<Key>,
  head: string,
  body: string | Uint8Array
) => {
  let found = false
  for (const { version, verifying } of keys) {
    const theirs = signatures.filter((one) => one.startsWith(`${version},`)).map((one) => one.slice(version.length + 1))
    if (version === "v1") {
      const expected = Buffer.from(createHmac("sha256", verifying).update(head).update(body).digest("base64"))
      for (const one of theirs) if (sameBytes(Buffer.from(one), expected)) found = true
    } else {
      const content = contentOf(head, body)
      for (const one of theirs) {
        const bytes = Buffer.from(one, "base64")
        if (
          bytes.length === 64 &&
          bytes.toString("base64") === one &&
          verifyAsymmetric(null, content, verifying, bytes)
        )
          found = true
      }
    }
  }
  return found
}

/** In constant time for texts of the right length; the length of a signature is no secret. */
const sameBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && timingSafeEqual(a, b)

const mismatch = (signatures: ReadonlyArray<string>, keys: ReadonlyArray<Key>) => {
  const asked = [...new Set(keys.map(({ version }) => version))]
  const came = [...new Set(signatures.map((one) => one.split(",")[0]!.slice(0, 8)))]
  if (!asked.some((version) => came.includes(version)))
    return `expected a ${asked.join(" or ")} signature, got ${came.join(", ") || "none"}; is it the right kind of secret?`
  return `no signature fits; is it this sender's secret, and is the body exactly what came, before anything parsed it?`
}

/** One header, whatever case it came in. Given twice it is ambiguous, except that lists of signatures are put together. */
const headerOf = (headers: HeaderSource, name: keyof typeof separators): string => {
  const found: Array<string> = []
  const entries =
    Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers)
  for (const [key, value] of entries) {
    if (key.length !== name.length || key.toLowerCase() !== name || value === undefined || value === null) continue
    if (typeof value === "object") found.push(...value)
    else found.push(String(value))
  }
  const text = found.join(separators[name]).trim()
  if (text === "")
    throw new SignatureError(
      "message",
      `expected a ${name} header, found none; is it a signed webhook, and are its headers handed on?`
    )
  return text
}

/** A comma makes an id or a timestamp that was given twice one that no one signed. */
const separators = { "webhook-id": ", ", "webhook-timestamp": ", ", "webhook-signature": " " } as const

const mostSignatures = 32
