/** What `serve` logs: an entry for each request, each try of a delivery and each change of a key, and no secret. */
import { request } from "node:http"
import { assert, describe, it } from "vitest"
import { openKeys } from "../../src/keys/openKeys.ts"
import type { KeyEntry, LogEntry, RequestEntry, TryEntry } from "../../src/watch/LogEntry.ts"
import { openReceiver, openServer, until } from "../Server.ts"

describe("the log of a server", () => {
  it("has an entry for each of 60 requests, with the key's id and the request's id", async () => {
    const { server, requests } = await openLogged()
    const [key] = await server.keys.list()
    for (let n = 0; n < 59; n++) await server.ask("GET", "/v1/fires?cursor=secret-cursor")
    const last = await server.ask("GET", "/v1/fires/fire_none", { headers: { "x-request-id": "from-a-proxy" } })
    assert.strictEqual(last.headers.get("x-request-id"), "from-a-proxy")
    const entries = await until("60 entries", () => requests().length >= 60 && requests())
    assert.lengthOf(entries, 60)
    const { durationMs, bytes, requestId, ...first } = entries[0]!
    assert.deepStrictEqual(first, {
      kind: "request",
      level: "info",
      method: "GET",
      path: "/v1/fires",
      status: 400,
      keyId: key!.id,
      peer: "127.0.0.1"
    })
    assert.isAbove(durationMs, 0)
    assert.isAbove(bytes, 100)
    assert.match(requestId, /^[\da-f-]{36}$/)
    assert.deepInclude(entries[59], { path: "/v1/fires/fire_none", status: 404, requestId: "from-a-proxy" })
  })

  it("names why a request was refused, and the key's id, but never a key", async () => {
    const { server, requests, text } = await openLogged()
    const made = await server.keys.create({ name: "ci", scopes: ["fires:write"] })
    const with_ = (authorization: string) => server.ask("GET", "/v1/fires", { headers: { authorization } })
    assert.strictEqual((await with_(`Bearer ${made.key}`)).status, 403)
    await server.keys.revoke(made.id)
    await until("the key to be refused", async () => (await with_(`Bearer ${made.key}`)).status === 401)
    const before = requests().length
    await with_("Bearer th_unknown")
    await fetch(`${server.url}/v1/fires/${made.key}?key=${made.key}`)
    const [unknown, none] = await until(
      "two more entries",
      () => requests().length === before + 2 && requests().slice(-2)
    )
    assert.deepInclude(requests()[0], {
      level: "warn",
      status: 403,
      keyId: made.id,
      refused: "the key lacks the scope fires:read"
    })
    assert.deepInclude(requests()[before - 1], {
      level: "warn",
      status: 401,
      keyId: made.id,
      refused: "the key was revoked"
    })
    assert.deepInclude(unknown, { level: "warn", status: 401, keyId: null })
    assert.include(unknown!.refused, "unknown")
    assert.deepInclude(none, { level: "warn", status: 401, keyId: null, path: "/v1/fires/th_…" })
    assert.include(none!.refused, "got no key")
    for (const key of [made.key, server.key]) assert.notInclude(text(), key.slice(3))
  })

  it("has health probes at the level debug, and a client that went away without a status", async () => {
    const { server, requests } = await openLogged()
    await fetch(`${server.url}/livez`)
    await until("an entry", () => requests().length === 1)
    assert.deepInclude(requests()[0], { level: "debug", path: "/livez", status: 200, keyId: null })

    const { hostname, port } = new URL(server.url)
    const headers = { authorization: `Bearer ${server.key}`, "content-type": "application/json", "content-length": "9" }
    const sent = request({ hostname, port, path: "/v1/fires", method: "POST", headers })
    sent.on("error", () => {})
    sent.write("{")
    await until("the request to have begun", () => sent.socket?.bytesWritten)
    setTimeout(() => sent.destroy(), 100)
    await until("an entry", () => requests().length === 2)
    assert.deepInclude(requests()[1], { level: "info", path: "/v1/fires", status: null })
  })

  it("has an entry for each try of a delivery, with the response and when the next one is due", async () => {
    const receiver = await openReceiver(500, 204)
    const { server, entries, text } = await openLogged()
    const url = `${receiver.url}?token=secret-token`
    const endpoint = await server.post("/v1/endpoints", { url, rules: { delaysMs: [50, 50] } })
    await server.post(`/v1/endpoints/${endpoint.id}/test`)
    const tries = await until("two tries", () => {
      const found = entries.filter((entry): entry is TryEntry => entry.kind === "delivery")
      return found.length >= 2 && found
    })
    assert.lengthOf(tries, 2)
    assert.deepInclude(tries[0], {
      level: "warn",
      endpointId: endpoint.id,
      attempt: 1,
      status: 500,
      outcome: "pending"
    })
    assert.isAbove(tries[0]!.nextAt!, Date.now() - 60_000)
    assert.deepInclude(tries[1], { level: "info", attempt: 2, status: 204, outcome: "delivered", nextAt: null })
    assert.notInclude(text(), "secret-token")
  })

  it("has an entry for each key that another process creates or revokes", async () => {
    const { server, entries } = await openLogged()
    const made = await server.keys.create({ name: "ci", scopes: ["fires:write"] })
    const changes = () => entries.filter((entry): entry is KeyEntry => entry.kind === "key")
    await until("the new key", () => changes().some(({ keyId }) => keyId === made.id))
    await server.keys.revoke(made.id)
    await until("its end", () => changes().at(-1)?.change === "revoked")
    assert.deepStrictEqual(
      changes().map(({ change, name, scopes }) => [change, name, ...scopes]),
      [
        ["created", "first", "*"],
        ["created", "ci", "fires:write"],
        ["revoked", "ci", "fires:write"]
      ]
    )
  })
})

const openLogged = async () => {
  const entries: Array<LogEntry> = []
  const server = await openServer({ logEntry: (entry) => entries.push(entry) })
  const keys = openKeys({ data: server.data })
  return {
    server: { ...server, keys },
    entries,
    requests: () => entries.filter((entry): entry is RequestEntry => entry.kind === "request"),
    text: () => JSON.stringify(entries)
  }
}
