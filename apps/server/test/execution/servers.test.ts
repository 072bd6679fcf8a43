/** Executions on several servers that share a Postgres: clocks that differ, kills, freezes, a database that is away. */
import { hasPostgres } from "@tenterhook/testing-postgres"
import { writeFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { hooksTo, type Host, noHooks, openServers, type Servers, until } from "./Servers.ts"

let servers: Servers
beforeAll(async () => {
  if (hasPostgres()) servers = await openServers()
}, 120_000)
afterAll(() => servers?.close(), 120_000)

describe.runIf(hasPostgres())("servers on one Postgres", () => {
  it("end leases by its clock, whatever their own say", { timeout: 300_000 }, async () => {
    const { path } = servers.file()
    const [right, ahead] = await Promise.all([servers.start(), servers.start({ aheadMs: 120_000 })])
    const begin = (leaseMs: number) =>
      Promise.all(Array.from({ length: 8 }, (_, n) => [right, ahead][n % 2]!.begin(hooksTo(path), { leaseMs })))
    const kept = await begin(60_000)
    const lost = await begin(1000)
    for (const id of kept) {
      const { leaseEndsAt } = await right.ask("GET", `/v1/executions/${id}`)
      assert.approximately(Date.parse(leaseEndsAt) - Date.now(), 60_000, 30_000)
      assert.isAbove(Date.parse((await ahead.ask("POST", `/v1/executions/${id}/lease`)).leaseEndsAt), Date.now())
    }
    await until(90_000, async () => {
      const rows = await Promise.all(lost.map(right.statusOf))
      return rows.every(({ status, outcome }) => status === "ended" && outcome === "aborted")
    })
    for (const id of kept) assert.strictEqual((await right.statusOf(id)).status, "running")
    for (const { child } of [right, ahead]) child.kill()
  })

  it("end what a killed one had, also within the first second of the next one", { timeout: 300_000 }, async () => {
    const [first, second] = [await servers.start(), await servers.start()]
    const begin = (host: Host) => Promise.all(Array.from({ length: 40 }, () => host.begin(noHooks)))
    const kill = async ({ child }: Host) => {
      child.kill("SIGKILL")
      await new Promise((done) => child.once("exit", done))
    }
    const ids = await begin(first)
    await kill(first)
    const left = performance.now()
    await Promise.all(ids.map(second.end))
    const takenOverMs = performance.now() - left
    assert.isBelow(takenOverMs, 90_000)

    const later = await begin(second)
    await kill(second)
    const third = await servers.start()
    const since = performance.now()
    await Promise.all(later.map(third.end))
    const endedMs = performance.now() - since
    console.log(`taken over in ${Math.round(takenOverMs)} ms; ended ${Math.round(endedMs)} ms after the start`)
    // Nobody waits until the killed one is not counted any more.
    assert.strictEqual((await servers.rows("SELECT 1 FROM cluster_runners")).length, 1)
    assert.isBelow(endedMs, 90_000)
    third.child.kill()
  })

  it("leave to others what they had claimed when they froze", { timeout: 300_000 }, async () => {
    const before = await servers.start()
    const { path, lines } = servers.file()
    const slow = servers.file()
    const untilGo = `echo begun >> ${slow.path}; while [ ! -e ${slow.path}.go ]; do sleep 0.1; done; `
    const begin = (hooks: object) => Promise.all(Array.from({ length: 16 }, () => before.begin(hooks)))
    const [quick, late] = [await begin(hooksTo(path)), await begin(hooksTo(slow.path, { before: untilGo }))]
    before.child.kill("SIGKILL")
    const [frozen, awake] = await Promise.all([servers.start(), servers.start()])
    const shares = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted GROUP BY pid HAVING count(*) > 15"
    await until(90_000, async () => (await servers.rows(shares)).length === 2)
    const claims = async (ids: ReadonlyArray<string>) =>
      (await servers.rows("SELECT id, claimed_by FROM execution WHERE claimed_by IS NOT NULL")).filter(({ id }) =>
        ids.includes(id!)
      )

    const ending = late.map((id) => awake.end(id))
    await until(90_000, async () => slow.lines().filter((line) => line === "begun").length === late.length)
    assert.strictEqual(new Set((await claims(late)).map((row) => row["claimed_by"])).size, 2)
    // Nobody reads hooks meanwhile, which is between a claim and the first hook.
    await servers.whileLocked("upload", async () => {
      ending.push(...quick.map((id) => awake.end(id)))
      await until(90_000, async () => (await claims(quick)).length === quick.length)
      assert.strictEqual(new Set((await claims(quick)).map((row) => row["claimed_by"])).size, 2)
      frozen.child.kill("SIGSTOP")
      writeFileSync(`${slow.path}.go`, "")
    })
    await Promise.all(ending)
    frozen.child.kill("SIGCONT")
    await until(90_000, async () => frozen.lines.some((line) => line.includes("was taken over by another server")))
    await sleep(1000)

    const endsOf = (all: ReadonlyArray<string>, id: string) => all.filter((line) => line === `end ${id}`).length
    // What had not begun did not begin; what was under way ran twice, and is on record once.
    assert.deepStrictEqual([...new Set(quick.map((id) => endsOf(lines(), id)))], [1])
    const twice = late.filter((id) => endsOf(slow.lines(), id) === 2)
    assert.isAbove(twice.length, 0)
    for (const id of twice) {
      const { data } = await awake.ask("GET", `/v1/fires?executionId=${id}&event=execution_end`, undefined, 200)
      assert.strictEqual(data.length, 1)
    }
    for (const { child } of [frozen, awake]) child.kill()
  })

  it("say once that the database is away, and once that it is back", { timeout: 300_000 }, async () => {
    const host = await servers.start()
    const id = await host.begin(noHooks)
    host.lines.length = 0
    await servers.postgres.kill()
    void host.end(id).catch(() => {})
    await until(90_000, async () => host.lines.length > 0)
    const ready = await host.ask("GET", "/readyz", undefined, 503)
    assert.deepInclude(ready.errors[0], { field: "database" })
    assert.match(ready.errors[0].message, /^does not answer: /)
    for (let n = 0; n < 5; n++) await Promise.all([sleep(1000), host.ask("GET", "/v1/executions", undefined, 503)])
    await servers.postgres.restart()
    await until(90_000, async () => (await host.ask("GET", "/readyz")).ok === true)
    await until(90_000, async () => (await host.statusOf(id)).status === "ended" || (await host.end(id), false))
    await sleep(3000)
    host.child.send("close")
    await new Promise((done) => host.child.once("exit", done))
    const { host: place } = new URL(servers.postgres.url)
    assert.strictEqual(host.lines.length, 2, host.lines.join("\n"))
    assert.match(host.lines[0]!, new RegExp(`^the database does not answer \\(${place}\\): .*; asked again$`))
    assert.match(host.lines[1]!, new RegExp(`^the database answers again \\(${place}\\), after [0-9.]+ s$`))
  })
})
