/** The `content-encoding` of a body: gzip, deflate and br, bounded, so that a small body cannot become a large one. */
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib"

/** The codings of a body in the order in which they were applied; empty where it came as it is. */
export const codingsOf = (header: string): ReadonlyArray<string> =>
  header
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity")

/** The body as it was before it was coded, or why it cannot be read. Never throws. */
export const decodeBody = (
  body: Uint8Array,
  codings: ReadonlyArray<string>,
  mostBytes: number
): Uint8Array | { readonly problem: string } => {
  if (body.length === 0) return body
  if (codings.length > mostCodings) return { problem: `its body has ${codings.length} content-encodings` }
  let decoded = body
  for (const coding of codings.toReversed()) {
    const decode = decoders[coding]
    if (decode === undefined) {
      return { problem: `its body has the content-encoding ${JSON.stringify(coding)}; gzip, deflate and br are read` }
    }
    try {
      decoded = decode(decoded, { maxOutputLength: mostBytes })
    } catch (error) {
      const isLong = (error as { readonly code?: unknown }).code === "ERR_BUFFER_TOO_LARGE"
      const why = isLong ? `it is longer than ${mostBytes} bytes` : String((error as Error).message)
      return { problem: `its body cannot be decoded as ${coding}: ${why}` }
    }
  }
  return decoded
}

type Decode = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

/** Some servers mean the data alone, without its frame, by "deflate". */
const inflate: Decode = (body, options) =>
  (body[0]! & 0x0f) === 8 && (body[0]! * 256 + (body[1] ?? 0)) % 31 === 0
    ? inflateSync(body, options)
    : inflateRawSync(body, options)

const decoders: Readonly<Partial<Record<string, Decode>>> = {
  __proto__: null as never,
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflate,
  br: brotliDecompressSync
}

const mostCodings = 2
