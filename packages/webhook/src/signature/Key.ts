/** Secrets and keys as Standard Webhooks writes them, and what node:crypto makes of them. */
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes
} from "node:crypto"
import { SignatureError } from "./SignatureError.ts"

export interface Key {
  /** The version that stands before its signatures: `v1` is HMAC-SHA256, `v1a` is ed25519. */
  readonly version: "v1" | "v1a"
  /** What it signs with; null for a public key, which can only verify. */
  readonly signing: KeyObject | null
  readonly verifying: KeyObject
}

/** The key of a secret (`whsec_`), private key (`whsk_`) or public key (`whpk_`). Parsed once; throws `SignatureError`. */
export const keyOf = (secret: string): Key => {
  const known = keys.get(secret)
  if (known !== undefined) return known
  const key = parse(secret)
  if (keys.size >= mostKeys) keys.delete(keys.keys().next().value!)
  keys.set(secret, key)
  return key
}

/** A new `whsec_` secret of 32 random bytes. */
export const generateSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`

/** A new pair for `v1a`: the sender keeps `privateKey` (`whsk_`), receivers get `publicKey` (`whpk_`). */
export const generateKeyPair = (): { readonly privateKey: string; readonly publicKey: string } => {
  const { privateKey } = generateKeyPairSync("ed25519")
  const seed = bytesOfJwk(privateKey, "d")
  const open = bytesOfJwk(privateKey, "x")
  return {
    privateKey: `whsk_${Buffer.concat([seed, open]).toString("base64")}`,
    publicKey: `whpk_${open.toString("base64")}`
  }
}

/** The `whpk_` key that verifies what a `whsk_` key signs. */
export const publicKeyOf = (privateKey: string): string => {
  const key = keyOf(privateKey)
  if (key.version !== "v1a")
    throw new SignatureError("secret", "only a whsk_ key has a public key; whsec_ secrets are shared")
  return `whpk_${bytesOfJwk(key.verifying, "x").toString("base64")}`
}

const parse = (secret: string): Key => {
  const prefix = typeof secret === "string" ? /^whs(?:ec|k)_|^whpk_/.exec(secret)?.[0] : undefined
  switch (prefix) {
    case "whsec_": {
      const bytes = decode(secret, prefix)
      if (bytes.length < 24 || bytes.length > 64)
        throw unusable(prefix, `24 to 64 bytes, of which there are ${bytes.length}; make one with generateSecret()`)
      const key = createSecretKey(bytes)
      return { version: "v1", signing: key, verifying: key }
    }
    case "whsk_": {
      const bytes = decode(secret, prefix)
      if (bytes.length !== 32 && bytes.length !== 64)
        throw unusable(prefix, `32 bytes of seed, or 64 with its public key, of which there are ${bytes.length}`)
      const signing = createPrivateKey({
        key: Buffer.concat([pkcs8Head, bytes.subarray(0, 32)]),
        format: "der",
        type: "pkcs8"
      })
      const verifying = createPublicKey(signing)
      if (bytes.length === 64 && !bytes.subarray(32).equals(bytesOfJwk(verifying, "x")))
        throw unusable(prefix, "a seed followed by its own public key, and this is another key's")
      return { version: "v1a", signing, verifying }
    }
    case "whpk_": {
      const bytes = decode(secret, prefix)
      if (bytes.length !== 32) throw unusable(prefix, `32 bytes, of which there are ${bytes.length}`)
      const verifying = createPublicKey({ key: Buffer.concat([spkiHead, bytes]), format: "der", type: "spki" })
      return { version: "v1a", signing: null, verifying }
    }
    default:
      throw new SignatureError(
        "secret",
        "expected a secret that begins with whsec_ (shared), whsk_ (private) or whpk_ (public), followed by base64"
      )
  }
}

const decode = (secret: string, prefix: string): Buffer => {
  const text = secret.slice(prefix.length)
  const bytes = Buffer.from(text, "base64")
  if (bytes.toString("base64").replace(padding, "") !== text.replace(padding, ""))
    throw unusable(prefix, "base64 and nothing else")
  return bytes
}

const padding = /={1,2}$/

const unusable = (prefix: string, expected: string) =>
  new SignatureError("secret", `the ${prefix} secret cannot be used: after the prefix there must be ${expected}`)

const bytesOfJwk = (key: KeyObject, field: "d" | "x") => Buffer.from(key.export({ format: "jwk" })[field]!, "base64url")

/** What DER puts before the 32 bytes of an ed25519 key (RFC 8410). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex")
const spkiHead = Buffer.from("302a300506032b6570032100", "hex")

/** The longest unused go first: a bound for processes that see a new secret with every message. */
const mostKeys = 10_000
const keys = new Map<string, Key>()
