/**
 * One contender of bench/deliver: the same messages and the same number at a time; each is signed, sent, its answer read.
 * Prints `{rate}`, deliveries per second. Words: name, port, connections, seconds, folder of @effect/platform-node.
 */
import { openSender } from "@tenterhook/webhook"
import { createHmac, createSecretKey } from "node:crypto"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"

const [name, port, connections, seconds, peer] = process.argv.slice(2) as [string, string, string, string, string]
const url = `http://127.0.0.1:${port}/hook`
const body = JSON.stringify({
  type: "tool.called",
  timestamp: "2026-03-04T10:00:00.000Z",
  data: { text: "x".repeat(940) }
})
const bytes = Buffer.alloc(32, 7)

let count = 0
const nextId = () => `msg_${++count}`

/** What the others sign with: the same, and as fast as it can be done. */
const key = createSecretKey(bytes)
const headers = () => {
  const [id, timestamp] = [nextId(), String(Math.floor(Date.now() / 1000))]
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`
  }
}

/** Sends one after the other until then, so many at a time. */
type Load = (until: number, sent: () => void) => Promise<unknown>

const inParallel =
  (one: () => Promise<unknown>): Load =>
  (until, sent) =>
    Promise.all(
      Array.from({ length: Number(connections) }, async () => {
        while (performance.now() < until) {
          await one()
          sent()
        }
      })
    )

const loadOf = async (): Promise<Load> => {
  switch (name) {
    case "tenterhook": {
      const sender = openSender({
        guard: { allow: [`127.0.0.1:${port}`] },
        agent: { connections: Number(connections) }
      })
      const secrets = `whsec_${bytes.toString("base64")}`
      return inParallel(async () => {
        const result = await sender.deliver({ url, id: nextId(), body, secrets })
        if (result._tag === "failure" || result.status !== 200) throw new Error(JSON.stringify(result))
      })
    }
    case "fetch":
      return inParallel(async () => {
        const response = await fetch(url, { method: "POST", body, headers: headers(), redirect: "manual" })
        await response.text()
        if (response.status !== 200) throw new Error(`status ${response.status}`)
      })
    case "effect": {
      const require = createRequire(pathToFileURL(`${peer}/index.js`))
      const load = (module: string) => import(pathToFileURL(require.resolve(module)).href)
      const { Effect } = await load("effect")
      const { HttpClient, HttpClientRequest } = await load("effect/http")
      const { NodeHttpClient } = await load("@effect/platform-node")
      const one = HttpClient.HttpClient.use((client: any) =>
        client.execute(
          HttpClientRequest.post(url).pipe(
            HttpClientRequest.setHeaders(headers()),
            HttpClientRequest.bodyText(body, "application/json")
          )
        )
      ).pipe(Effect.flatMap((response: any) => response.text))
      return (until, sent) => {
        const loop = Effect.gen(function* () {
          while (performance.now() < until) {
            yield* one
            sent()
          }
        })
        const all = Effect.forEach(Array.from({ length: Number(connections) }), () => loop, {
          concurrency: "unbounded",
          discard: true
        })
        return Effect.runPromise(all.pipe(Effect.provide(NodeHttpClient.layerUndici)))
      }
    }
    default:
      throw new Error(`no contender ${name}`)
  }
}

const load = await loadOf()
await load(performance.now() + 700, () => {})
let sent = 0
const from = performance.now()
await load(from + Number(seconds) * 1000, () => void sent++)
console.log(JSON.stringify({ rate: (sent * 1000) / (performance.now() - from) }))
process.exit(0)
