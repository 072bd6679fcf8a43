import { assert, describe, it } from "@effect/vitest"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { patientServer } from "../../src/http/patientServer.ts"

describe("a server whose routes come late", () => {
  it("answers what came before them, and what comes after", async () => {
    const server = patientServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const early = ["a", "b"].map(async (name) => (await fetch(`${url}/${name}`)).text())
    await new Promise((done) => setTimeout(done, 100))
    server.on("request", (request, response) => void response.end(`answer to ${request.url}`))
    assert.deepStrictEqual(await Promise.all(early), ["answer to /a", "answer to /b"])
    assert.strictEqual(await (await fetch(`${url}/c`)).text(), "answer to /c")
    server.closeAllConnections()
    server.close()
  })
})
