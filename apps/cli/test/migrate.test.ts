/** `tenterhook migrate` as a process: beside a running server, and what it refuses. */
import { hasPostgres, startPostgres } from "@tenterhook/testing-postgres"
import { assert, it, onTestFinished } from "vitest"
import { makeFolder, pause } from "./tenterhook.ts"

it.runIf(hasPostgres())(
  "migrate moves a running server's folder to Postgres, and nothing goes back",
  { timeout: 120_000 },
  async () => {
    const postgres = await startPostgres()
    onTestFinished(() => postgres.stop())
    const folder = makeFolder()
    const DATABASE_URL = postgres.url
    const serve = async (env: Readonly<Record<string, string>>) => {
      const { child, ended } = folder.start(["serve", "--port", "0", "--data", "data", "--json"], { env })
      onTestFinished(() => void child.kill("SIGKILL"))
      const line = await said(child.stdout!, /^\{.*\}$/m)
      return { ...(JSON.parse(line) as { url: string; key: string | null }), child, ended }
    }
    const agents = async (url: string, key: string) => {
      const response = await fetch(`${url}/ai/agents`, { headers: { authorization: `Bearer ${key}` } })
      const { data } = (await response.json()) as { readonly data: ReadonlyArray<{ readonly name: string }> }
      return data
    }

    const first = await serve({})
    const key = first.key!
    await fetch(`${first.url}/ai/agents`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "moved", hooks: {} })
    })
    const moving = folder.start(["migrate", "--from", "sqlite", "--data", "data", "--json"], { env: { DATABASE_URL } })
    await said(moving.child.stderr!, /stop/)
    first.child.kill("SIGTERM")
    assert.strictEqual((await first.ended).code, 0)
    const moved = await moving.ended
    assert.strictEqual(moved.code, 0, moved.stderr)
    assert.deepInclude(JSON.parse(moved.stdout).rows, { table: "agent", rows: 1 })

    const second = await serve({ DATABASE_URL })
    assert.isNull(second.key)
    assert.deepStrictEqual(
      (await agents(second.url, key)).map(({ name }) => name),
      ["moved"]
    )
    second.child.kill("SIGTERM")
    assert.strictEqual((await second.ended).code, 0)

    const refused = async (
      args: ReadonlyArray<string>,
      env: Readonly<Record<string, string>>,
      code: number,
      words: string
    ) => {
      const ended = await folder.run(args, { env })
      assert.deepInclude(ended, { code, stdout: "" }, ended.stderr)
      assert.include(ended.stderr, words)
      assert.notInclude(ended.stderr, "    at ")
    }
    const gone = `was moved to 127.0.0.1:${postgres.port}/postgres`
    await refused(["serve", "--port", "0", "--data", "data"], {}, 1, gone)
    await refused(["migrate", "--data", "data"], { DATABASE_URL }, 2, gone)
    await refused(["migrate", "--from", "postgres", "--data", "data"], { DATABASE_URL }, 2, "sqlite")
  }
)

const said = (stream: NodeJS.ReadableStream, what: RegExp) =>
  new Promise<string>((done, failed) => {
    let text = ""
    stream.on("data", (chunk: Buffer) => {
      text += chunk
      const found = what.exec(text)
      if (found !== null) done(found[0])
    })
    void pause(60_000).then(() => failed(new Error(`expected ${what}, got ${text}`)))
  })
