/** A server's data on its way from a folder to a real Postgres. */
import { PostgresClient } from "@tenterhook/postgres"
import { sharedPostgres } from "@tenterhook/testing-databases"
import { hasPostgres } from "@tenterhook/testing-postgres"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { serve } from "../../src/index.ts"
import { openKeys } from "../../src/keys.ts"
import { keptTables } from "../../src/migrate/keptTables.ts"
import { moveFolder, type MoveOptions } from "../../src/migrate.ts"
import { asks } from "../Server.ts"
import { note } from "./note.ts"

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "tenterhook-move-"))
})
afterAll(() => {
  for (const end of left) end()
  rmSync(scratch, { recursive: true, force: true })
})

/** What tests leave running. */
const left: Array<() => void> = []

// Concurrent, as most of their time is waiting for others.
describe.runIf(hasPostgres()).concurrent("moveFolder", () => {
  it("loses nothing of a server under load, and all of it goes on on Postgres", { timeout: 240_000 }, async () => {
    const data = await filledFolder("loaded", 10_000)
    const databaseUrl = await emptyDatabase("loaded")
    const server = await startServer(data)
    const { key } = await keyIn(data)
    const ask = asks(server.url, key)
    const far = await openReceiver()

    const hooks = {
      execution_start: [{ tool_name: "note", args: {} }],
      execution_end: [{ tool_name: "note", args: {} }]
    }
    const { id: agentId } = await ask("POST", "/ai/agents", { name: "mover", hooks }, 201)
    await ask("POST", "/v1/endpoints", { url: far.url, concurrency: 5 }, 201)
    await ask("PUT", "/v1/tool-servers", { mcpServers: { docs: { command: "docs" } } })
    const { id: setId } = await ask("POST", "/v1/hook-sets", upload("one"), 201)
    await ask("PUT", `/v1/hook-sets/${setId}`, upload("two"), 200)
    const once = { "idempotency-key": "once" }
    const made = await ask("POST", "/ai/agents", { name: "once", hooks: {} }, 201, once)
    for (let n = 0; n < 5; n++) await ask("POST", "/v1/fires", { event: "stop", agentId }, 200)
    const page = await ask("GET", "/v1/fires?limit=2", undefined, 200)
    const rest = await ask("GET", `/v1/fires?limit=100&cursor=${page.nextCursor}`, undefined, 200)

    // What was answered with success, and nothing else, has to be there afterwards.
    const promised = { fires: new Set<string>(), running: new Set<string>(), ended: new Set<string>() }
    let isUp = true
    const again = async (work: (n: number) => Promise<unknown>) => {
      // What is not answered, or refused because the server drains, is not promised.
      for (let n = 0; isUp; n++) await work(n).catch(() => sleep(20))
    }
    const fire = async () => {
      const { fireId } = await ask("POST", "/v1/fires", { event: "stop", agentId }, 200)
      promised.fires.add(fireId)
    }
    const execute = async (n: number) => {
      const { id } = await ask("POST", "/v1/executions", { agentId, leaseMs: 600_000 }, 201)
      promised.running.add(id)
      if (n % 3 !== 0) return
      promised.running.delete(id)
      await ask("POST", `/v1/executions/${id}/end`, { outcome: "success" }, 200)
      promised.ended.add(id)
    }
    const load = [fire, fire, execute, execute, execute, execute, execute, execute].map(again)
    // Its receiver takes two in a second, so that some wait and some are under way whenever the server stops.
    await until(async () => promised.fires.size > 10 && promised.running.size > 10 && pendingIn(data) > 30)
    const told: Array<string> = []
    let copied = Promise.resolve(0)
    const moved = await moveFolder({
      data,
      databaseUrl,
      tell: (text) => {
        told.push(text)
        if (!text.includes("stop the server now")) return
        copied = numberOf(databaseUrl, "SELECT count(*) AS n FROM fire")
        // Killed: what it had taken stays taken in the folder.
        setTimeout(() => server.child.kill("SIGKILL"), 1000)
      }
    })
    isUp = false
    await Promise.all(load)
    assert.strictEqual(told.filter((text) => text.includes("stop the server now")).length, 1, told.join("\n"))
    // The server has to stop for what changes, not for what is there.
    assert.isAtLeast(await copied, 10_000)
    assert.isBelow(moved.pausedMs, 60_000)
    const rows = Object.fromEntries(moved.rows.map((one) => [one.table, one.rows]))
    assert.deepStrictEqual(rows, countsOf(data))
    assert.deepInclude(rows, {
      agent: 3,
      hook_set: 1,
      hook_set_version: 2,
      server_key: 2,
      idempotency: 1,
      tool_server: 1
    })
    assert.isAbove(promised.fires.size, 10)
    assert.isAbove(promised.running.size, 10)
    const pending = await numberOf(databaseUrl, `SELECT count(*) AS n FROM outbox_delivery WHERE status = 'pending'`)
    assert.isAbove(pending, 0)
    assert.isAbove(leasedIn(data), 0)
    assert.strictEqual(await numberOf(databaseUrl, "SELECT count(*) AS n FROM outbox_lease"), 0)
    console.log(
      `${promised.fires.size} fires and ${promised.running.size + promised.ended.size} executions promised, ` +
        `${pending} deliveries pending, paused for ${moved.pausedMs} ms`
    )

    far.hurry()
    const after = await serve({ port: 0, data, databaseUrl, allow: ["127.0.0.0/8"], tools: [note], log: () => {} })
    try {
      assert.isNull(after.key)
      const askAfter = asks(after.url, key)
      const idsOf = async (path: string) => {
        const ids: Array<string> = []
        let cursor: string | null = null
        do {
          const more = cursor === null ? "" : `&cursor=${cursor}`
          const one = await askAfter("GET", `${path}${path.includes("?") ? "&" : "?"}limit=200${more}`, undefined, 200)
          ids.push(...one.data.map(({ id }: { id: string }) => id))
          cursor = one.nextCursor
        } while (cursor !== null)
        return ids
      }
      const fires = new Set(await idsOf("/v1/fires?event=stop"))
      assert.deepStrictEqual(
        [...promised.fires].filter((id) => !fires.has(id)),
        []
      )
      const running = new Set(await idsOf("/v1/executions?status=running"))
      assert.deepStrictEqual(
        [...promised.running].filter((id) => !running.has(id)),
        []
      )
      // What follows a cursor of the old server is the same, and what is new comes before everything.
      const restAfter = await askAfter("GET", `/v1/fires?limit=100&cursor=${page.nextCursor}`, undefined, 200)
      assert.deepStrictEqual(restAfter.data, rest.data)
      const { fireId } = await askAfter("POST", "/v1/fires", { event: "stop", agentId }, 200)
      assert.strictEqual((await askAfter("GET", "/v1/fires?limit=1", undefined, 200)).data[0].id, fireId)
      assert.deepStrictEqual(await askAfter("POST", "/ai/agents", { name: "once", hooks: {} }, 201, once), made)
      assert.strictEqual((await askAfter("GET", `/v1/hook-sets/${setId}/versions`, undefined, 200)).data.length, 2)

      // Those that run are ended here, those that were being ended end by themselves.
      // By then it has compared its record with what runs; an end that comes sooner is made up for ten seconds later.
      await sleep(4000)
      const end = (id: string) => askAfter("POST", `/v1/executions/${id}/end`, { outcome: "success" }, 200)
      await Promise.all([...promised.running].map(end))
      const isEnded = async () => {
        const ended = new Set(await idsOf("/v1/executions?status=ended"))
        return [...promised.running, ...promised.ended].every((id) => ended.has(id))
      }
      await until(isEnded)
      const ends = await idsOf("/v1/fires?event=execution_end")
      assert.isAtLeast(ends.length, promised.running.size + promised.ended.size)
      const undelivered = `SELECT count(*) AS n FROM outbox_delivery WHERE status <> 'delivered'`
      await until(async () => (await numberOf(databaseUrl, undelivered)) === 0)
      const all = await numberOf(databaseUrl, "SELECT count(*) AS n FROM outbox_delivery")
      assert.strictEqual(new Set(far.got).size, all)
      console.log(`${all} deliveries, ${far.got.length - all} of them twice`)
      // What was being sent as the old server stopped, at most.
      assert.isAtMost(far.got.length - all, 5)
    } finally {
      await after.close()
    }

    // There is no way back.
    const place = new URL(databaseUrl).host + new URL(databaseUrl).pathname
    const words = `was moved to ${place}`
    assert.include(await refusalOf(serve({ port: 0, data, log: () => {} })), words)
    assert.include(await refusalOf(openKeys({ data }).list()), words)
    assert.include(await refusalOf(moveFolder({ data, databaseUrl })), words)
    const old = new DatabaseSync(join(data, "server.db"))
    assert.throws(() => old.exec("UPDATE agent SET name = 'lost'"), words)
    old.close()

    // One that was killed after it gave up the folder only has to say so to the other side.
    await run(databaseUrl, "UPDATE arrival SET ended_at = NULL")
    assert.include(await refusalOf(serve({ port: 0, data, databaseUrl, log: () => {} })), "is not complete")
    assert.include(await refusalOf(openKeys({ databaseUrl }).list()), "is not complete")
    const finished = await moveFolder({ data, databaseUrl })
    assert.isAtLeast(finished.rows.find(({ table }) => table === "fire")!.rows, promised.fires.size)
    await (await serve({ port: 0, data, databaseUrl, log: () => {} })).close()

    // Neither is another folder's data mixed with this one's.
    const other = await filledFolder("other", 1)
    assert.include(
      await refusalOf(moveFolder({ data: other, databaseUrl })),
      "expected an empty one, got one that holds"
    )
  })

  it("begins anew after it was killed, with what changed meanwhile", { timeout: 240_000 }, async () => {
    const data = await filledFolder("killed", 10_000)
    const databaseUrl = await emptyDatabase("killed")
    const server = await startServer(data)
    const { key } = await keyIn(data)
    const ask = asks(server.url, key)
    const fires = () => numberOf(databaseUrl, "SELECT count(*) AS n FROM fire").catch(() => 0)

    const first = startMove(data, databaseUrl)
    await until(async () => (await fires()) > 0)
    await first.kill()

    assert.include(await refusalOf(serve({ port: 0, data: join(scratch, "x"), databaseUrl, log: () => {} })), data)
    const { id: added } = await ask("POST", "/ai/agents", { name: "added", hooks: {} }, 201)

    const second = startMove(data, databaseUrl)
    await second.says("stop the server now")
    assert.include(await refusalOf(moveFolder({ data, databaseUrl })), "is being moved already")
    const { id: gone } = await ask("POST", "/ai/agents", { name: "gone", hooks: {} }, 201)
    await ask("PATCH", `/ai/agents/${added}`, { name: "changed" }, 200)
    await until(async () => (await numberOf(databaseUrl, "SELECT count(*) AS n FROM agent")) === 3)
    await second.kill()
    await ask("DELETE", `/ai/agents/${gone}`, undefined, 204)
    assert.strictEqual(tablesOf(data).includes("move_change"), true)
    await server.stop()
    // The next server forgets what the killed one had left, and a move that ends by itself leaves nothing.
    const next = await serve({ port: 0, data, log: () => {} })
    assert.strictEqual(tablesOf(data).includes("move_change"), false)
    assert.include(await refusalOf(moveFolder({ data, databaseUrl, waitMs: 100 })), "still runs after")
    assert.strictEqual(tablesOf(data).includes("move_change"), false)
    await next.close()

    const moved = await moveFolder({ data, databaseUrl })
    assert.deepStrictEqual(Object.fromEntries(moved.rows.map((one) => [one.table, one.rows])), countsOf(data))
    assert.strictEqual(await fires(), 10_000)
    assert.deepStrictEqual(await run(databaseUrl, "SELECT name FROM agent ORDER BY seq"), [
      { name: "a\ufffdb" },
      { name: "changed" }
    ])
    // Also the numbers of rows that are gone are not given out again.
    const [row] = await run(
      databaseUrl,
      `INSERT INTO agent (id, hooks, created_at, updated_at)
      VALUES ('new', '{}', 0, 0) RETURNING seq::int`
    )
    assert.deepStrictEqual(row, { seq: 4 })
  })

  it("gives the folder up only for what is wholly there", { timeout: 120_000 }, async () => {
    const data = await filledFolder("missed", 10)
    const databaseUrl = await emptyDatabase("missed")
    const server = await startServer(data)
    const file = new DatabaseSync(join(data, "server.db"))
    left.push(() => file.close())
    const spoil = (sql: string) => async (text: string) => {
      if (!text.includes("stop the server now")) return
      file.exec(sql)
      await server.stop()
    }
    const words = await refusalOf(
      moveFolder({
        data,
        databaseUrl,
        tell: spoil("DROP TRIGGER move_fire_UPDATE; UPDATE fire SET at = 7 WHERE seq = 3")
      })
    )
    assert.include(words, "expected all of fire in the database, got 10 that differ. The folder is as it was")
    await (await serve({ port: 0, data, log: () => {} })).close()
    await moveFolder({ data, databaseUrl })
  })

  it("refuses what a later version made, on both sides, and a database that is served", async () => {
    const data = await filledFolder("later", 1)
    const databaseUrl = await emptyDatabase("later")
    const file = new DatabaseSync(join(data, "server.db"))
    file.exec("INSERT INTO outbox_migration (migration_id, name) VALUES (99, 'later')")
    const refused = (options: Partial<MoveOptions> = {}) => refusalOf(moveFolder({ data, databaseUrl, ...options }))
    assert.include(await refused(), "a later version of Tenterhook made")
    file.exec("DELETE FROM outbox_migration WHERE migration_id > 2")
    assert.include(await refused(), "start `tenterhook serve` of this version on it once")
    file.exec("INSERT INTO outbox_migration (migration_id, name) VALUES (3, 'endpoint_rules'), (4, 'leases')")
    file.close()
    await run(databaseUrl, "INSERT INTO server_migration (migration_id, name) VALUES (99, 'later')")
    assert.include(await refused(), "a later version of Tenterhook made this database")
    await run(databaseUrl, "DELETE FROM server_migration WHERE migration_id = 99")
    await run(databaseUrl, "INSERT INTO server_process VALUES ('x', extract(epoch FROM now()) * 1000)")
    assert.include(await refused(), "expected one that no server runs on")
    assert.include(await refused({ data: join(scratch, "nothing") }), "found no server.db")
    assert.include(await refused({ databaseUrl: databaseUrl.replace(/\w+$/, "nowhere") }), "does not exist")
    // All of that left the folder as it was.
    await (await serve({ port: 0, data, log: () => {} })).close()
  })
})

describe("the tables that are moved", () => {
  it("are all but those that say who lives", async () => {
    const data = await filledFolder("tables", 0)
    const others = ["heartbeat", "outbox_lease", "server_process"]
    const made = tablesOf(data).filter((name) => !/migration|^sqlite_|^move/.test(name))
    assert.deepStrictEqual(made.toSorted(), [...keptTables, ...others].toSorted())
  })
})

/** A folder that a server has made, with fires and an agent whose name Postgres could not keep. */
const filledFolder = async (name: string, fires: number): Promise<string> => {
  const data = join(scratch, name)
  await (await serve({ port: 0, data, log: () => {} })).close()
  const file = new DatabaseSync(join(data, "server.db"))
  file.exec(
    `INSERT INTO agent (id, name, hooks, created_at, updated_at) VALUES ('ag_nul', 'a' || char(0) || 'b', '{}', 1, 1)`
  )
  file.exec(`WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${fires})
    INSERT INTO fire (id, event, verdict, proceed, outcomes, duration_ms, at, context, report)
    SELECT 'fr_' || n, 'notification', 'abstain', 1, 0, n / 7.0, ${Date.now()} - n, '{}', printf('{"note": "%0100d"}', n) FROM n
    WHERE ${fires} > 0`)
  file.close()
  return data
}

const keyIn = async (data: string) => {
  const keys = openKeys({ data })
  const made = await keys.create({ name: "test" })
  await keys.close()
  return made
}

const countsOf = (data: string) => {
  const file = new DatabaseSync(join(data, "server.db"), { readOnly: true })
  const counts = keptTables.map((table) => [table, file.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"]])
  file.close()
  return Object.fromEntries(counts) as Record<string, number>
}

const leasedIn = (data: string) => countIn(data, "SELECT count(*) AS n FROM outbox_lease")

const pendingIn = (data: string) => countIn(data, "SELECT count(*) AS n FROM outbox_delivery WHERE status = 'pending'")

const countIn = (data: string, query: string) => {
  const file = new DatabaseSync(join(data, "server.db"), { readOnly: true })
  const { n } = file.prepare(query).get()!
  file.close()
  return Number(n)
}

const tablesOf = (data: string) => {
  const file = new DatabaseSync(join(data, "server.db"))
  const rows = file.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  file.close()
  return rows.map(({ name }) => String(name))
}

const emptyDatabase = async (name: string) => {
  const postgres = await sharedPostgres()
  await run(postgres, `CREATE DATABASE move_${name}`)
  return new URL(`/move_${name}`, postgres).href
}

const run = (url: string, text: string) =>
  Effect.runPromise(
    SqlClient.SqlClient.use((sql) => sql.unsafe(text)).pipe(
      Effect.provide(Layer.fresh(PostgresClient.layer({ url, maxConnections: 1 })))
    )
  ) as Promise<ReadonlyArray<Record<string, unknown>>>

const numberOf = async (url: string, text: string) => Number((await run(url, text))[0]!["n"])

const startServer = async (data: string) => {
  const child = hosted("folderHost.ts", [data])
  const { url, key } = await new Promise<{ url: string; key: string }>((done, refused) => {
    child.once("message", (message) => done(message as { url: string; key: string }))
    child.once("exit", (code) => refused(new Error(`the server ended with ${code}`)))
  })
  const stop = async () => {
    const over = new Promise((done) => child.once("exit", done))
    child.kill("SIGTERM")
    await over
  }
  return { url, key, child, stop }
}

const startMove = (data: string, databaseUrl: string) => {
  const child = hosted("moveHost.ts", [data, databaseUrl])
  const told: Array<string> = []
  child.on("message", (text) => void told.push(String(text)))
  return {
    says: (words: string) => until(async () => told.some((text) => text.includes(words))),
    kill: async () => {
      assert.isNull(child.exitCode)
      const over = new Promise((done) => child.once("exit", done))
      child.kill("SIGKILL")
      await over
    }
  }
}

const hosted = (file: string, args: ReadonlyArray<string>): ChildProcess => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ["--conditions=@tenterhook/source"],
    stdio: ["ignore", "inherit", "inherit", "ipc"]
  })
  left.push(() => void child.kill("SIGKILL"))
  return child
}

/** Slow until it is told to hurry, so that deliveries wait and some are under way at any moment. */
const openReceiver = async () => {
  const got: Array<string> = []
  let delayMs = 2500
  const server = createServer((request, response) => {
    got.push(String(request.headers["webhook-id"]))
    request.resume().on("end", () => setTimeout(() => response.end(), delayMs))
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  left.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { url, got, hurry: () => void (delayMs = 0) }
}

const upload = (said: string) => ({
  configs: [{ file: "tenterhook.yaml", text: `hooks:\n  - { on: stop, run: "echo ${said}" }\n` }]
})

const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => assert.fail("it went through"),
    (error: Error) => error.message
  )

const until = async (holds: () => Promise<boolean>) => {
  const since = performance.now()
  while (!(await holds())) {
    assert.isBelow(performance.now() - since, 100_000)
    await sleep(50)
  }
}
