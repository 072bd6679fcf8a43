/** How a server comes up, or says in a sentence why it does not. Processes and signals: apps/cli/test/serve.test.ts. */
import { SqliteClient } from "@tenterhook/sqlite"
import { Effect, Layer } from "effect"
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it, onTestFinished } from "vitest"
import { serve, type ServeOptions } from "../src/serve.ts"
import { ServeError } from "../src/ServeError.ts"
import { makeFolder, openServer, writeFile } from "./Server.ts"

const refused = async (options: ServeOptions) => {
  const logged: Array<string> = []
  const error = await serve({ port: 0, ...options, log: (text) => logged.push(text) }).then(
    ({ close }) => close().then(() => null),
    (error: unknown) => error
  )
  assert.instanceOf(error, ServeError)
  assert.deepStrictEqual(logged, [])
  assert.notInclude(error.message, "\n")
  return error.message
}

describe("a server", () => {
  it("makes its folder for itself alone, with the shared folder in it", async () => {
    const { data } = await openServer()
    assert.strictEqual(statSync(data).mode & 0o777, 0o700)
    assert.deepStrictEqual(readdirSync(join(data, "shared")), [])
    assert.isTrue(existsSync(join(data, ".gitignore")))
  })

  it("stands on another database that it is given", async () => {
    const filename = join(makeFolder(), "elsewhere.db")
    const data = join(makeFolder(), "data")
    const database = { name: "elsewhere", client: SqliteClient.layer({ filename }), shared: false }
    const server = await openServer({ data, database })
    assert.strictEqual(server.database, "elsewhere")
    const { id } = await server.post("/ai/agents", { name: "kept", hooks: {} })
    assert.include(await refused({ data, database }), "is the data folder of a server that runs")
    await server.close()
    assert.isFalse(existsSync(join(data, "server.db")))
    const again = await openServer({ data, database, key: server.key })
    assert.strictEqual((await again.get(`/ai/agents/${id}`)).name, "kept")
    assert.include(await refused({ data, database, databaseUrl: "postgres://a@b/c" }), "got both")
  })

  it("ends soon after its last answer, though what it stands on does not", { timeout: 60_000 }, async () => {
    const endless = Layer.effectDiscard(Effect.addFinalizer(() => Effect.never))
    const client = Layer.provideMerge(endless, SqliteClient.layer({ filename: join(makeFolder(), "elsewhere.db") }))
    const server = await openServer({ database: { name: "elsewhere", client, shared: false } })
    await server.get("/ai/agents")
    const since = performance.now()
    await server.close()
    assert.isBelow(performance.now() - since, 40_000)
  })

  it("refuses unknown options with the nearest name, and wrong types", async () => {
    const data = join(makeFolder(), "data")
    const tries = [
      [{ databaseURL: "postgres://a@b/c" }, 'serve: unknown option "databaseURL"; did you mean "databaseUrl"?'],
      [{ noKeyOnLoopback: "yes" }, 'serve: noKeyOnLoopback: expected true or false, got "yes"'],
      [{ clusterListen: { host: "x" } }, "serve: clusterListen.port: expected it"],
      [{ tools: [{ name: "x", runs: () => 1, run: undefined }] }, 'tools[0]: unknown key "runs"; did you mean "run"?']
    ] as const
    for (const [options, message] of tries) {
      const error = await serve({ data, port: 0, ...options } as never).then(
        ({ close }) => close().then(() => null),
        (refused: unknown) => refused
      )
      assert.instanceOf(error, ServeError)
      assert.include(error.message, message)
    }
    assert.isFalse(existsSync(data))
  })

  it("does not come up where its folder will not do", async () => {
    const folder = makeFolder()
    const at = (name: string) => join(folder, name)
    writeFile(at("file"), "text")
    writeFile(at("garbage/server.db"), "this is no database, whatever its name says")
    const running = await openServer({ data: at("running") })
    const tries = [
      [at("running"), /running is the data folder of a server that runs/],
      [at("file"), /file cannot be the data folder: it is a file/],
      [at("file/below"), /below cannot be the data folder: a part of its path is a file/],
      ["/proc/tenterhook", /^\/proc\/tenterhook cannot be the data folder/],
      ["", /the data folder: expected a path, got an empty text/],
      [at("garbage"), /garbage\/server\.db is no database/]
    ] as const
    for (const [data, said] of tries) assert.match(await refused({ data }), said)
    if (process.getuid?.() !== 0) {
      mkdirSync(at("closed"), { mode: 0o500 })
      assert.match(await refused({ data: at("closed") }), /this user cannot write there/)
    }
    assert.match(await refused({ data: at("a"), shared: at("file") }), /the shared folder cannot be made/)
    assert.lengthOf((await running.get("/ai/agents")).data, 0)
  })

  it("does not come up where its address will not do", async () => {
    const data = join(makeFolder(), "data")
    const other = createServer().listen(0, "127.0.0.1")
    onTestFinished(() => void other.close())
    await new Promise((done) => other.on("listening", done))
    const { port } = other.address() as AddressInfo
    assert.match(await refused({ data, port }), new RegExp(`127.0.0.1:${port} is taken by another program`))
    assert.match(await refused({ data, port: 70_000 }), /expected a whole number from 0 to 65535, got 70000/)
    assert.match(await refused({ data, host: "192.0.2.1" }), /192\.0\.2\.1 is no address of this machine/)
    assert.match(await refused({ data, allow: ["everywhere"] }), /the allow-list has "everywhere"/)
    // What failed let go of the folder, and has made no key that nobody was told.
    assert.match((await openServer({ data })).key, /^th_/)
  })

  it("leaves alone what a later version has changed", async () => {
    const { data, close } = await openServer()
    await close()
    const file = join(data, "server.db")
    const inside = <A>(look: (database: DatabaseSync) => A): A => {
      const database = new DatabaseSync(file)
      try {
        return look(database)
      } finally {
        database.close()
      }
    }
    inside((database) => {
      database.exec("INSERT INTO server_migration (migration_id, name) VALUES (999, 'later')")
      // This version would make them anew.
      database.exec("DROP TABLE idempotency; DROP TABLE server_idempotency_migration")
    })
    const now = () => ({
      schema: inside((database) => database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all()),
      migrations: inside((database) => database.prepare("SELECT * FROM server_migration").all())
    })
    const before = now()
    const said = await refused({ data })
    assert.match(said, /a later version of Tenterhook .*: expected server_migration at \d+ at most, found 999/)
    assert.deepStrictEqual(now(), before)
  })
})
