/** Signatures after Standard Webhooks 1.0.0, for those who send and those who receive. Needs Node and nothing else. */
export { SignatureError, type SignatureProblem } from "./signature/SignatureError.ts"
export { generateKeyPair, generateSecret, publicKeyOf } from "./signature/Key.ts"
export { type Message, sign, signatureOf, type SignedHeaders } from "./signature/sign.ts"
export { type HeaderSource, type ReceivedMessage, verify, type VerifyOptions } from "./signature/verify.ts"
