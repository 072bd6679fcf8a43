/** The server as a whole on Postgres: alone, while the database is away, and together with others. */
import { freePort, hasPostgres, type Postgres, startPostgres } from "@tenterhook/testing-postgres"
import { type ChildProcess, fork } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it, onTestFinished } from "vitest"
import { serve } from "../src/index.ts"
import { asks } from "./Server.ts"

let postgres: Postgres
let scratch: string
beforeAll(async () => {
  if (hasPostgres()) postgres = await startPostgres()
  scratch = mkdtempSync(join(tmpdir(), "tenterhook-shared-"))
})
afterAll(async () => {
  await postgres?.stop()
  rmSync(scratch, { recursive: true, force: true })
})

describe.runIf(hasPostgres())("a server on Postgres", () => {
  it("keeps everything there, and finds it again", async () => {
    const data = join(scratch, "data")
    const first = await serve({ port: 0, data, databaseUrl: postgres.url, allow: ["127.0.0.0/8"], log: () => {} })
    const { key } = first
    assert.match(key!, /^th_/)
    assert.strictEqual(first.database, postgres.url)
    const ask = asks(first.url, key!)
    const far = await receiver()
    await ask("POST", "/v1/endpoints", { url: far.url }, 201)
    const { id: agentId } = await ask("POST", "/ai/agents", { name: "kept", hooks: {} }, 201)
    const again = { "idempotency-key": "one" }
    const made = await ask("POST", "/ai/agents", { name: "once", hooks: {} }, 201, again)
    assert.deepStrictEqual(await ask("POST", "/ai/agents", { name: "once", hooks: {} }, 201, again), made)
    const nul = await ask("POST", "/ai/agents", { name: "a\0b", hooks: {} }, 422)
    assert.include(nul.detail, "expected texts without NUL characters")
    await ask("GET", "/ai/agents/%00", undefined, 422)
    const page = await ask("GET", "/ai/agents?limit=1", undefined, 200)
    assert.deepStrictEqual(page.data[0].id, made.id)
    const rest = await ask("GET", `/ai/agents?limit=1&cursor=${page.nextCursor}`, undefined, 200)
    assert.deepStrictEqual(rest.data[0].id, agentId)

    const log = join(scratch, "one.log")
    const { id } = await ask("POST", "/v1/executions", { hooks: hooksTo(log), context: { task: { id: "7" } } }, 201)
    const ended = await ask("POST", `/v1/executions/${id}/end`, { outcome: "success" }, 200)
    assert.deepInclude(ended, { status: "ended", outcome: "success" })
    assert.deepStrictEqual(linesOf(log), [`start ${id}`, `end ${id}`])
    const fires = await ask("GET", `/v1/fires?executionId=${id}`, undefined, 200)
    assert.deepStrictEqual(
      fires.data.map(({ event }: { event: string }) => event),
      ["execution_end", "execution_start"]
    )
    const { id: setId } = await ask("POST", "/v1/hook-sets", hooksTo(log), 201)
    await Promise.all([1, 2, 3].map((n) => ask("PUT", `/v1/hook-sets/${setId}`, hooksTo(`${log}.${n}`), 200)))
    assert.strictEqual((await ask("GET", `/v1/hook-sets/${setId}/versions`, undefined, 200)).data.length, 4)
    await ask("GET", "/readyz", undefined, 200)
    await ask("GET", "/metrics", undefined, 200)
    await first.close()
    assert.isFalse(existsSync(join(data, "server.db")))

    const second = await serve({ port: 0, data, databaseUrl: postgres.url, log: () => {} })
    assert.isNull(second.key)
    assert.strictEqual((await asks(second.url, key!)("GET", `/v1/executions/${id}`, undefined, 200)).status, "ended")
    await second.close()
  })

  it("answers 503 while the database is away, and goes on when it is back", async () => {
    const [{ url }, key] = [await startServer("away"), await keyOf()]
    const ask = asks(url, key)
    const log = join(scratch, "away.log")
    const { id } = await ask("POST", "/v1/executions", { hooks: hooksTo(log), context: {} }, 201)
    await postgres.kill()
    for (const path of ["/ai/agents", "/v1/executions", "/v1/deliveries", "/readyz"])
      await ask("GET", path, undefined, 503)
    await ask("POST", "/ai/agents", { name: "lost", hooks: {} }, 503, { "idempotency-key": "away" })
    await ask("GET", "/livez", undefined, 200)
    await postgres.restart()
    await until(10_000, async () => (await ask("GET", "/readyz")).ok === true)
    await ask("POST", "/ai/agents", { name: "lost", hooks: {} }, 201, { "idempotency-key": "away" })
    await ask("POST", `/v1/executions/${id}/end`, { outcome: "success" }, 200)
    assert.deepStrictEqual(linesOf(log), [`start ${id}`, `end ${id}`])
  })

  it("announces what the end of an execution had to say, though its record could not be written at first", async () => {
    const postgres = await startPostgres()
    onTestFinished(postgres.stop)
    let calls = 0
    const away = {
      name: "away",
      description: "Takes the database away, once",
      run: async () => {
        if (calls++ === 0) await postgres.kill()
        return "gone"
      }
    }
    const data = join(scratch, "told")
    const options = { port: 0, data, databaseUrl: postgres.url, allow: ["127.0.0.0/8"], log: () => {} }
    const server = await serve({ ...options, tools: [away] })
    onTestFinished(server.close)
    const ask = asks(server.url, server.key!)
    await ask("POST", "/v1/endpoints", { url: (await receiver()).url }, 201)
    const hooks = { execution_end: [{ tool_name: "away" }] }
    const { id: agentId } = await ask("POST", "/ai/agents", { name: "told", hooks }, 201)
    const { id } = await ask("POST", "/v1/executions", { agentId }, 201)
    const ending = ask("POST", `/v1/executions/${id}/end`, { outcome: "success" })
    await until(20_000, async () => postgres.pid() === null)
    await ending.catch(() => {})
    await postgres.restart()
    await until(30_000, async () => (await ask("GET", `/v1/executions/${id}`)).status === "ended")
    await until(30_000, async () => {
      const { data: deliveries } = await ask("GET", "/v1/deliveries", undefined, 200)
      return deliveries.length === 1 && deliveries.every(({ status }: any) => status === "delivered")
    })
  })

  it("says in a sentence why it cannot come up", async () => {
    const data = join(scratch, "none")
    for (const [databaseUrl, words] of [
      ["mysql://a@b/c", "expected one that begins with postgres://"],
      [postgres.url.replace(/postgres$/, "gone"), `but database "gone" does not exist`]
    ] as const) {
      const error = await serve({ port: 0, data, databaseUrl }).then(
        () => assert.fail("it came up"),
        (error: Error) => error
      )
      assert.include(error.message, words)
    }

    const other = createServer().listen(0, "127.0.0.1")
    onTestFinished(() => void other.close())
    await new Promise((done) => other.once("listening", done))
    const { port: taken } = other.address() as AddressInfo
    const free = await freePort()
    for (const [place, words] of [
      [{ clusterPort: taken }, `127.0.0.1:${taken} is taken by another program; choose another with --cluster-port`],
      [
        { clusterPort: free, clusterListen: { host: "127.0.0.1", port: taken } },
        `127.0.0.1:${taken} is taken by another program; choose another with --cluster-listen`
      ],
      [
        { clusterPort: free, clusterListen: { host: "192.0.2.1", port: free } },
        "192.0.2.1 is no address of this machine"
      ],
      [{ clusterPort: 99_999 }, "the port for the other servers: expected a whole number from 0 to 65535, got 99999"],
      [{ clusterListen: { host: "127.0.0.1", port: free } }, "expected to be told as well where they reach it"]
    ] as const) {
      const error = await serve({ port: 0, data, databaseUrl: postgres.url, ...place }).then(
        () => assert.fail("it came up"),
        (error: Error) => error
      )
      assert.include(error.message, words)
    }
  })
})

describe.runIf(hasPostgres())("two servers on one Postgres", () => {
  it("each send to their own endpoints, at once, whichever of them announced", { timeout: 90_000 }, async () => {
    const postgres = await startPostgres()
    onTestFinished(postgres.stop)
    const open = async (name: string) => {
      const options = { port: 0, data: join(scratch, name), databaseUrl: postgres.url, log: () => {} }
      const server = await serve({ ...options, allow: ["127.0.0.0/8"] })
      onTestFinished(server.close)
      return server
    }
    const one = await open("owner")
    const two = await open("other")
    const asking = [one, two].map(({ url }) => asks(url, one.key!))
    const far = await receiver()
    const ids = await Promise.all(
      Array.from({ length: 24 }, async () => (await asking[0]!("POST", "/v1/endpoints", { url: far.url }, 201)).id)
    )
    // Each server's stream tells what that server itself has sent.
    const sentBy = new Map<string, number>()
    for (const [n, { url }] of [one, two].entries())
      await listen(`${url}/v1/stream?types=delivery`, one.key!, ({ id, attempt }) => {
        if (attempt !== null) sentBy.set(id, n)
      })

    /** Of each endpoint, who sent what this one announced. */
    const sendersFor = async (ask: (typeof asking)[number]) => {
      const since = performance.now()
      const sent = await Promise.all(
        ids.map(async (id) => (await ask("POST", `/v1/endpoints/${id}/test`, {}, 201)).id as string)
      )
      await until(20_000, async () => sent.every((id) => sentBy.has(id)))
      return { tookMs: performance.now() - since, senders: sent.map((id) => sentBy.get(id)!) }
    }
    // It takes a moment until each knows which of the shards are its own.
    await until(30_000, async () => {
      const [left, right] = [await sendersFor(asking[0]!), await sendersFor(asking[1]!)]
      const isShared = left.senders.includes(0) && left.senders.includes(1)
      return isShared && left.senders.join() === right.senders.join() && left.tookMs + right.tookMs < 4000
    })
  })

  it(
    "serve as one, and what a killed one had is ended by the other within 20 seconds",
    { timeout: 90_000 },
    async () => {
      const one = await startServer("left")
      const two = await startServer("right")
      const key = await keyOf()
      const [left, right] = [asks(one.url, key), asks(two.url, key)]

      // Started here, ended there.
      const crossed = join(scratch, "crossed.log")
      const both = await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          const { id } = await (n % 2 ? left : right)(
            "POST",
            "/v1/executions",
            { hooks: hooksTo(crossed), context: {} },
            201
          )
          await (n % 2 ? right : left)("POST", `/v1/executions/${id}/end`, { outcome: "success" }, 200)
          return id as string
        })
      )
      assert.deepStrictEqual(linesOf(crossed).toSorted(), both.flatMap((id) => [`end ${id}`, `start ${id}`]).toSorted())

      // The same request at both at once is done once.
      const again = { "idempotency-key": "both" }
      const same = await Promise.all(
        [left, right].map((ask) => ask("POST", "/ai/agents", { name: "b", hooks: {} }, 201, again))
      )
      assert.strictEqual(same[0]!.id, same[1]!.id)

      // Half of them are being ended when their server is killed, of the others nobody is heard any more.
      const log = join(scratch, "killed.log")
      const ids = await Promise.all(
        Array.from({ length: 24 }, async () => {
          const body = { hooks: hooksTo(log, "sleep 0.5; "), context: {}, leaseMs: 5000 }
          return (await left("POST", "/v1/executions", body, 201)).id as string
        })
      )
      for (const id of ids.slice(0, 12))
        void left("POST", `/v1/executions/${id}/end`, { outcome: "success" }).catch(() => {})
      await new Promise((done) => setTimeout(done, 300))
      one.child.kill("SIGKILL")
      const killed = performance.now()
      await until(20_000, async () => {
        const { data } = await right("GET", "/v1/executions?limit=200&status=ended", undefined, 200)
        const ended = new Set(data.map(({ id }: { id: string }) => id))
        return ids.every((id) => ended.has(id))
      })
      console.log(`all ended ${Math.round(performance.now() - killed)} ms after the kill`)
      const lines = linesOf(log)
      for (const id of ids) {
        assert.strictEqual(lines.filter((line) => line === `start ${id}`).length, 1)
        // One whose end hooks ran as its server died runs them again; no other does.
        assert.isAtLeast(lines.filter((line) => line === `end ${id}`).length, 1, id)
        if (ids.indexOf(id) >= 12) assert.strictEqual(lines.filter((line) => line === `end ${id}`).length, 1, id)
      }
    }
  )
})

/** Each step of an execution leaves a line. */
const hooksTo = (log: string, before = "") => ({
  configs: [
    {
      file: "tenterhook.yaml",
      text: `hooks:
  - { on: execution_start, run: '${toldId}; echo "start $id" >> ${log}' }
  - { on: execution_end, run: '${toldId}; ${before}echo "end $id" >> ${log}' }
`
    }
  ]
})

/** The event comes as JSON. */
const toldId = `id=$(grep -o "ex_[0-9a-f]*" | head -1)`

const linesOf = (log: string) => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [])

interface Host {
  readonly url: string
  readonly child: ChildProcess
}

let firstKey: string | null = null
/** The one that was told when there was none; where others ran before, a new one. */
const keyOf = async (): Promise<string> => {
  if (firstKey !== null) return firstKey
  const { openKeys } = await import("../src/keys.ts")
  const keys = openKeys({ databaseUrl: postgres.url })
  firstKey = (await keys.create({ name: "test" })).key
  await keys.close()
  return firstKey
}

const startServer = async (name: string): Promise<Host> => {
  const child = fork(fileURLToPath(new URL("./serverHost.ts", import.meta.url)), [postgres.url, join(scratch, name)], {
    execArgv: ["--conditions=@tenterhook/source"],
    stdio: ["ignore", "inherit", "inherit", "ipc"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const { url } = await new Promise<{ url: string }>((done, refused) => {
    child.once("message", (message) => done(message as { url: string }))
    child.once("exit", (code) => refused(new Error(`the server ended with ${code}`)))
  })
  return { url, child }
}

/** Settles once the stream has begun. */
const listen = async (url: string, key: string, hear: (change: any) => void) => {
  const gone = new AbortController()
  onTestFinished(() => gone.abort())
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}` }, signal: gone.signal })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = (await reader.read()).value!
  const rest = async () => {
    for (;;) {
      const lines = text.split("\n")
      text = lines.pop()!
      for (const line of lines) if (line.startsWith("data: ")) hear(JSON.parse(line.slice(6)))
      const { done, value } = await reader.read()
      if (done) return
      text += value
    }
  }
  void rest().catch(() => {})
}

const until = async (withinMs: number, holds: () => Promise<boolean>) => {
  const since = performance.now()
  while (!(await holds())) {
    assert.isBelow(performance.now() - since, withinMs)
    await new Promise((done) => setTimeout(done, 100))
  }
}

const receiver = async () => {
  const server = createServer((request, response) => request.resume().on("end", () => response.end()))
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}
