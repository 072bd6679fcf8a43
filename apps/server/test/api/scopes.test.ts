/** What a key may do, for every route of the definition. */
import { Api, RequiredScopes, type Scope, scopes } from "@tenterhook/server/api"
import { openKeys } from "@tenterhook/server/keys"
import { Context } from "effect"
import { HttpApi } from "effect/http-api"
import { describe, expect, it, onTestFinished } from "vitest"
import { openServer, pause, speaking } from "../Server.ts"

interface Route {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly hasBody: boolean
  /** Null: it needs no key. */
  readonly needed: ReadonlyArray<Scope> | null
}

const routes: ReadonlyArray<Route> = (() => {
  const found: Array<Route> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ group, endpoint }) =>
      void found.push({
        name: `${group.identifier}.${endpoint.identifier}`,
        method: endpoint.method,
        path: endpoint.path.replace(/:\w+/g, "none"),
        hasBody: endpoint.payload.size > 0,
        needed: Context.get(endpoint.annotations, RequiredScopes)
      })
  })
  return found
})()

/** A server whose keys are made beside it, as `tenterhook keys` does. */
const openWithKeys = async () => {
  const server = await openServer()
  const keys = openKeys({ data: server.data })
  onTestFinished(() => keys.close())
  const made = new Map<string, Promise<string>>()
  const keyOf = (...scopes: ReadonlyArray<Scope>) => {
    const name = scopes.toSorted().join(" ")
    let key = made.get(name)
    if (key === undefined) made.set(name, (key = keys.create({ name, scopes }).then(({ key }) => key)))
    return key
  }
  const ask = async ({ method, path, hasBody }: Route, key: string | null) => {
    const response = await fetch(server.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(hasBody ? { "content-type": "application/json" } : {})
      },
      ...(hasBody ? { body: "{}" } : {})
    })
    // A stream has no end, and nothing but a problem is looked at.
    if (response.status < 300) await response.body?.cancel()
    return { status: response.status, body: response.status < 300 ? null : ((await response.json()) as any) }
  }
  return { server, keys, keyOf, ask }
}

const allBut = (scope: Scope) => scopes.filter((one) => one !== scope)

describe("scopes", () => {
  it("are all needed somewhere, and every route under /v1 and /ai needs some", () => {
    const needed = new Set(routes.flatMap(({ needed }) => needed ?? []))

    expect([...needed].toSorted()).toEqual(scopes.toSorted())
    expect(routes.filter(({ needed }) => needed === null || needed.length === 0).map(({ path }) => path)).toEqual([
      "/livez",
      "/readyz"
    ])
  })

  it("lacking one, every route that needs it answers 403 and names it", async () => {
    const { keyOf, ask } = await openWithKeys()

    for (const route of routes) {
      for (const scope of route.needed ?? []) {
        const { status, body } = await ask(route, await keyOf(...allBut(scope)))
        expect({ route: route.name, status, missing: body?.missing, field: body?.errors?.[0]?.field }).toEqual({
          route: route.name,
          status: 403,
          missing: [scope],
          field: "headers.authorization"
        })
      }
    }
  })

  it("having those that it needs and no others, no route answers 401 or 403", async () => {
    const { keyOf, ask } = await openWithKeys()

    const refused: Array<string> = []
    for (const route of routes) {
      if (route.needed === null) continue
      const { status } = await ask(route, await keyOf(...route.needed))
      if ([401, 403, 500].includes(status)) refused.push(`${route.name}: ${status}`)
    }
    expect(refused).toEqual([])
  })

  it("without a key, every route that needs a scope answers 401, and the others as always", async () => {
    const { ask } = await openWithKeys()

    for (const route of routes) {
      const { status, body } = await ask(route, null)
      const shown = { route: route.name, status, field: body?.errors[0].field ?? null }
      expect(shown).toEqual(
        route.needed === null
          ? { route: route.name, status: 200, field: null }
          : { route: route.name, status: 401, field: "headers.authorization" }
      )
    }
  })
})

describe("hooks:write", () => {
  const upload = { dialect: "native", configs: [{ file: "hooks.yaml", text: "hooks: []" }] }
  const env = { A: "1" }
  const execution = (context: object) => ({ context, leaseMs: 60_000 })

  it("is needed where a body brings hooks or an environment", async () => {
    const { server, keyOf } = await openWithKeys()
    const { id: agentId } = await server.post("/ai/agents", { name: "a" })
    const { id } = await server.post("/v1/executions", { agentId })
    const limited = speaking(server.url, await keyOf(...allBut("hooks:write")))
    const requests: ReadonlyArray<readonly [method: string, path: string, body: object, field: string]> = [
      ["POST", "/ai/agents", { hooks: {} }, "payload.hooks"],
      ["PATCH", `/ai/agents/${agentId}`, { hooks: {} }, "payload.hooks"],
      ["POST", "/v1/fires", { event: "stop", hooks: upload }, "payload.hooks"],
      ["POST", "/v1/explain", { event: "stop", hooks: upload }, "payload.hooks"],
      ["POST", "/v1/executions", { hooks: upload }, "payload.hooks"],
      ["POST", "/v1/fires", { event: "stop", agentId, context: { env } }, "payload.context.env"],
      ["POST", "/v1/explain", { event: "stop", agentId, context: { env } }, "payload.context.env"],
      ["POST", "/v1/executions", { agentId, ...execution({ env }) }, "payload.context.env"],
      ["POST", `/v1/executions/${id}/end`, { outcome: "success", context: { env } }, "payload.context.env"]
    ]

    for (const [method, path, body, field] of requests) {
      const answer = await limited.ask(method, path, { body })
      expect({ path, status: answer.status, missing: answer.body.missing, field: answer.body.errors[0].field }).toEqual(
        {
          path,
          status: 403,
          missing: ["hooks:write"],
          field
        }
      )
    }

    // Nothing came of them, and without hooks and environment the same key does it.
    expect((await server.get(`/v1/executions/${id}`)).status).toBe("running")
    expect((await server.get("/v1/fires")).data).toHaveLength(1)
    await limited.post("/v1/fires", { event: "stop", agentId, context: {} })
    await limited.patch(`/ai/agents/${agentId}`, { name: "b" })
    await limited.post(`/v1/executions/${id}/end`, { outcome: "success", context: { reason: "done" } })
    // With it, they are taken.
    for (const [method, path, body] of requests) {
      const { status } = await server.ask(method, path, { body })
      expect({ path, taken: status < 300 }).toEqual({ path, taken: true })
    }
  })
})

describe("a revoked key", () => {
  it("stops soon, also where it was used just before", async () => {
    const { server, keys } = await openWithKeys()
    const { id, key } = await keys.create({ name: "short" })
    const { ask } = speaking(server.url, key)
    expect((await ask("GET", "/ai/agents")).status).toBe(200)

    await keys.revoke(id)

    const since = Date.now()
    let status = 200
    while (status === 200 && Date.now() - since < 60_000) {
      await pause(50)
      status = (await ask("GET", "/ai/agents")).status
    }
    expect(status).toBe(401)
  })
})
