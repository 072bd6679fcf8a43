/** Whether a request without a key was made by a program on this machine, and not by a web page that is open on it. */
import { Option } from "effect"
import type { HttpServerRequest } from "effect/http"

/** Null: it was. Otherwise the field that speaks against it, and why. */
export const doubtAbout = (request: HttpServerRequest.HttpServerRequest): { field: string; message: string } | null => {
  const { headers } = request
  const peer = Option.getOrElse(request.peerAddress, () => "")
  if (!loopbackAddress.test(peer)) return doubt("authorization", "a key: without one, only this machine may ask")
  // Whoever asks through a proxy on this machine may be anywhere.
  const proxied = proxyHeaders.find((name) => headers[name] !== undefined)
  if (proxied !== undefined) return doubt("authorization", `a key, as the request came through a proxy (${proxied})`)
  // A page may have its own name resolve to 127.0.0.1; the name that the browser then sends gives it away.
  const host = headers.host ?? ""
  if (!loopbackHost.test(host)) return doubt("host", `a key, or localhost or 127.0.0.1 as the host, got "${host}"`)
  const origin = headers.origin
  if (origin !== undefined && origin !== `http://${host}`) {
    return doubt("origin", `a key, as the request came from a web page of another origin, "${origin}"`)
  }
  const site = headers["sec-fetch-site"]
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return doubt("sec-fetch-site", `a key, as the request came from a web page of another site ("${site}")`)
  }
  return null
}

const doubt = (header: string, expected: string) => ({ field: `headers.${header}`, message: `expected ${expected}` })

const loopbackAddress = /^(::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/
const loopbackHost = /^(localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i
const proxyHeaders = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"]
