/** A client that is no part of this repository, made at run time from nothing but `/openapi.json`. */
import { type Document, OpenAPIClientAxios } from "openapi-client-axios"
import { describe, expect, it } from "vitest"
import { openServer, writeFile } from "../Server.ts"
import { join } from "node:path"

describe("a client made from the document", () => {
  it("makes an agent, fires, starts an execution and ends it", async () => {
    const server = await openServer()
    writeFile(join(server.data, "shared/brief.md"), "what was agreed")
    const definition = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document
    const api = new OpenAPIClientAxios({
      definition: { ...definition, servers: [{ url: server.url }] },
      axiosConfigDefaults: { headers: { authorization: `Bearer ${server.key}` }, validateStatus: () => true }
    })
    const client = await api.init()
    /** By the name of the operation; parameters by theirs. */
    const call = async (
      operation: string,
      parameters: Record<string, string | number> | null,
      body?: unknown,
      headers = {}
    ) => {
      const { status, data } = await client[operation]!(parameters ?? undefined, body, { headers })
      return { status, data }
    }

    const agent = await call("agents.create", null, {
      name: "coder",
      hooks: {
        execution_start: [{ tool_name: "read_file", args: { path: "/shared/brief.md" } }],
        execution_end: [{ tool_name: "append_file", args: { path: "/shared/done.txt", content: "done" } }]
      }
    })
    expect(agent).toMatchObject({ status: 201, data: { name: "coder" } })
    const agentId = agent.data.id

    const fired = await call("fires.fire", null, { agentId, event: "execution_start", context: { sessionId: "s1" } })
    expect(fired).toMatchObject({ status: 200, data: { proceed: true, outcomes: [{ status: "succeeded" }] } })

    const started = await call("executions.start", null, { agentId }, { "Idempotency-Key": "once" })
    expect(started).toMatchObject({ status: 201, data: { status: "running", agentId } })
    const again = await call("executions.start", null, { agentId }, { "Idempotency-Key": "once" })
    expect(again.data).toEqual(started.data)

    const ended = await call("executions.end", { id: started.data.id }, { outcome: "success", output: "All done." })
    expect(ended).toMatchObject({
      status: 200,
      data: { id: started.data.id, status: "ended", outcome: "success", end: { outcomes: [{ status: "succeeded" }] } }
    })

    const listed = await call("executions.list", { status: "ended", limit: 10 })
    expect(listed.data.data.map(({ id }: { id: string }) => id)).toEqual([started.data.id])
    const refused = await call("executions.end", { id: "none" }, { outcome: "success" })
    expect(refused).toMatchObject({ status: 404, data: { errors: [{ field: "params.id" }] } })
  })

  it("finds every operation by its name, and what need not be sent as optional", async () => {
    const server = await openServer()
    const api = new OpenAPIClientAxios({ definition: `${server.url}/openapi.json`, withServer: { url: server.url } })
    const client = await api.init()
    client.defaults.headers["authorization"] = `Bearer ${server.key}`

    const { data: endpoint } = await client["endpoints.create"]!(undefined, {
      url: "http://127.0.0.1:4567/",
      events: ["a.*"]
    })
    expect((await client["endpoints.disable"]!(endpoint.id)).data.status).toBe("disabled")
    expect((await client["endpoints.enable"]!(endpoint.id)).data.status).toBe("enabled")
    expect((await client["endpoints.rotateSecret"]!(endpoint.id)).data.secret).toMatch(/^whsec_/)

    for (const { operationId, requestBody } of api.getOperations()) {
      expect(client).toHaveProperty([operationId!])
      expect(
        ["endpoints.enable", "endpoints.disable", "endpoints.rotateSecret", "endpoints.test"].includes(operationId!)
      ).toBe((requestBody as { required?: boolean } | undefined)?.required === false)
    }
    const schemas = Object.keys((api.document.components as { schemas: object }).schemas)
    expect(schemas.filter((name) => name.endsWith("Encoded"))).toEqual([])
  })
})
