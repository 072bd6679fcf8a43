/** Verifies a signature after Standard Webhooks 1.0.0, with nothing of Tenterhook's: what is held against it is ours. */
import { createHmac, timingSafeEqual } from "node:crypto"

/** Whether one of the message's `v1` signatures was made with the secret, not more than five minutes from the time. */
export const isVerified = (
  secret: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  now: number
): boolean => {
  const id = headers["webhook-id"] ?? ""
  const timestamp = headers["webhook-timestamp"] ?? ""
  const signatures = headers["webhook-signature"] ?? ""
  if (!/^[^.\s,]+$/.test(id) || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64")
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest()
  return signatures.split(" ").some((signature) => {
    const [version, text = ""] = signature.split(",")
    const bytes = Buffer.from(text, "base64")
    return version === "v1" && bytes.length === expected.length && timingSafeEqual(bytes, expected)
  })
}

const toleranceSeconds = 300
