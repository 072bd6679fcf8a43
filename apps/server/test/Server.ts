/** A server of this process on a folder of its own, and what speaks with it: requests, and a receiver of deliveries. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, onTestFinished } from "vitest"
import { serve, type ServeOptions } from "../src/serve.ts"

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

export interface Asking {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Ask = (method: string, path: string, asking?: Asking) => Promise<Answered>

/** Gone when the test ends. */
export const makeFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-serve-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** Closed when the test ends. What it logs goes to `logged`: nothing, where all is well. */
export const openServer = async ({ key: known, ...options }: ServeOptions & { readonly key?: string } = {}) => {
  const logged: Array<string> = []
  const data = options.data ?? join(makeFolder(), "data")
  const server = await serve({
    port: 0,
    allow: ["127.0.0.0/8"],
    env: { PATH: process.env["PATH"]! },
    log: (text) => logged.push(text),
    ...options,
    data
  })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= server.close())
  onTestFinished(close)
  const key = known ?? server.key!
  return { ...server, key, close, logged, ...speaking(server.url, key) }
}

/** Requests with a key. `post` and the others give the body and throw where the status is not the expected one. */
export const speaking = (url: string, key: string) => {
  const ask: Ask = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) }
  }
  const well = async (method: string, path: string, asking?: Asking) => {
    const { status, body } = await ask(method, path, asking)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }
  return {
    ask,
    get: (path: string) => well("GET", path),
    post: (path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}) =>
      well("POST", path, { body, headers }),
    put: (path: string, body: unknown) => well("PUT", path, { body }),
    patch: (path: string, body: unknown) => well("PATCH", path, { body }),
    remove: (path: string) => well("DELETE", path)
  }
}

/** The same by status: gives the body, and fails the test where another status comes than the one that is named. */
export const asks =
  (url: string, key: string) =>
  async (method: string, path: string, body?: unknown, status?: number, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(100_000)
    })
    const text = await response.text()
    if (status !== undefined) assert.strictEqual(response.status, status, `${method} ${path}: ${text}`)
    return response.headers.get("content-type")?.includes("json") === true ? JSON.parse(text) : text
  }

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly type: string
  readonly data: any
}

/** Answers each request with the next of the statuses, and with the last one from then on. */
export const openReceiver = async (...statuses: ReadonlyArray<number>) => {
  const got: Array<Received> = []
  const server = createServer(async (request, response: ServerResponse) => {
    let text = ""
    for await (const part of request) text += part
    const { type, data } = JSON.parse(text)
    const status = statuses[Math.min(got.length, statuses.length - 1)] ?? 204
    got.push({ headers: request.headers, text, type, data })
    response.writeHead(status).end()
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, got }
}

/** Asks until the answer is something; throws what it was about where that does not come. */
export const until = async <A>(
  what: string,
  look: () => Promise<A | null | undefined | false> | A | null | undefined | false
) => {
  const end = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await pause(25)
  }
}

export const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds))

export const writeFile = (file: string, text: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
