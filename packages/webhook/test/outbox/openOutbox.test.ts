import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, it } from "vitest"
import { movableClock, openOutbox, OutboxError } from "../../src/outbox.ts"
import { openReceiver, type Receiver } from "../Receiver.ts"
import { verified } from "./place.ts"

let folder: string
let far: Receiver
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenterhook-outbox-"))
  far = await openReceiver()
})
afterEach(async () => {
  await far.close()
  rmSync(folder, { recursive: true, force: true })
})
const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
const allow = ["127.0.0.0/8"]

it("announces, drains and closes; the next run delivers what was left", async () => {
  const file = join(folder, "made", "outbox.db")
  let status = 503
  const url = far.on((response) => response.writeHead(status).end())
  const hour = 3_600_000
  const endpoints = [{ url, secret, events: ["a.*"], rules: { delaysMs: [hour] } }]
  const clock = movableClock()
  const one = await openOutbox({ file, allow, endpoints, clock })
  await one.announce([
    { type: "a.b", data: { n: 1 } },
    { type: "c.d", data: null }
  ])
  assert.deepStrictEqual(await one.drain({ timeoutMs: 40_000 }), { empty: false, pending: 1 })
  await one.close()
  assert.strictEqual(far.received.length, 1)

  status = 200
  const two = await openOutbox({ file, allow, endpoints, clock })
  clock.advance(2 * hour)
  assert.deepStrictEqual(await two.drain({ timeoutMs: 40_000 }), { empty: true, pending: 0 })
  assert.strictEqual((await two.endpoints.list()).length, 1)
  assert.strictEqual((await two.stats()).delivered, 1)
  const [delivery] = await two.deliveries.list()
  assert.deepStrictEqual(
    (await two.deliveries.get(delivery!.id)).tries.map(({ status }) => status),
    [503, 200]
  )
  await two.close()
  const [first, second] = far.received
  assert.strictEqual(first!.headers["webhook-id"], second!.headers["webhook-id"])
  for (const request of far.received) verified(secret, request)
})

it("changes a declared endpoint where its settings or its secret differ, and leaves it disabled", async () => {
  const file = join(folder, "outbox.db")
  const url = far.on((response) => response.end())
  const open = (more: object) => openOutbox({ file, allow, endpoints: [{ id: "mine", url, ...more }] })
  const one = await open({ secret })
  await one.endpoints.disable("mine", "moved")
  await one.close()
  const two = await open({ concurrency: 2 })
  const endpoint = await two.endpoints.get("mine")
  assert.deepStrictEqual([endpoint.concurrency, endpoint.status, endpoint.reason], [2, "disabled", "moved"])
  assert.deepStrictEqual(await two.endpoints.secrets("mine"), [secret])
  await two.close()
})

it("keeps an endpoint's rules in the file, and delivers by them in the next run, where nobody says them again", async () => {
  const file = join(folder, "outbox.db")
  const url = far.on((response) => response.writeHead(far.received.length < 3 ? 503 : 200).end())
  const endpoint = { id: "mine", url, rules: { jitter: 0, delaysMs: [50], timeoutMs: 30_000 } }
  const one = await openOutbox({ file, allow, endpoints: [endpoint], deliver: false })
  await one.announce([{ type: "a.b", data: null }])
  const { updatedAt } = await one.endpoints.get("mine")
  await one.close()

  const two = await openOutbox({ file, allow, endpoints: [endpoint], deliver: false })
  assert.strictEqual((await two.endpoints.get("mine")).updatedAt, updatedAt)
  await two.close()

  const three = await openOutbox({ file, allow })
  assert.deepStrictEqual((await three.endpoints.get("mine")).rules, endpoint.rules)
  assert.deepStrictEqual(await three.drain({ timeoutMs: 40_000 }), { empty: true, pending: 0 })
  assert.strictEqual(far.received.length, 3)
  const [delivery] = await three.deliveries.list()
  assert.strictEqual(delivery!.status, "delivered")
  await three.close()
})

it("rejects with ordinary errors", async () => {
  const refusedBy = (promise: Promise<unknown>) =>
    promise.then(
      () => assert.fail("expected it to reject"),
      (error: Error) => error
    )
  const nowhere = await refusedBy(openOutbox({ file: "/dev/null/outbox.db" }))
  assert.instanceOf(nowhere, OutboxError)
  assert.include(nowhere.message, "could not open /dev/null/outbox.db")
  const file = join(folder, "outbox.db")
  const private_ = await refusedBy(openOutbox({ file, endpoints: [{ url: far.origin }] }))
  assert.include(private_.message, "is refused")
  const outbox = await openOutbox({ file })
  assert.include((await refusedBy(outbox.deliveries.get("msg_none"))).message, `expected the id of a delivery`)
  await outbox.close()
})

it("forgets at the start what is old, unless told not to, and lets others listen", async () => {
  const file = join(folder, "outbox.db")
  const endpoints = [{ url: far.on((response) => response.end()), secret }]
  const clock = movableClock()
  const one = await openOutbox({ file, allow, endpoints, clock })
  const heard: Array<string> = []
  const stop = one.listen(({ status }) => void heard.push(status))
  await one.announce([{ type: "a.b", data: { n: 1 } }])
  await one.drain({ timeoutMs: 40_000 })
  stop()
  assert.deepStrictEqual(heard, ["pending", "delivered"])
  const [delivery] = await one.deliveries.list()
  await one.close()

  const day = 86_400_000
  const openedAfter = async (days: number, retention: false | { payloadDays: number } | undefined) => {
    clock.advance(days * day)
    return openOutbox({ file, allow, clock, deliver: false, ...(retention === undefined ? {} : { retention }) })
  }
  const keeping = await openedAfter(100, false)
  await new Promise((done) => setTimeout(done, 50))
  assert.deepStrictEqual((await keeping.deliveries.get(delivery!.id)).data, { n: 1 })
  await keeping.close()
  const forgetting = await openedAfter(0, undefined)
  for (let i = 0; i < 2000 && (await forgetting.deliveries.list()).length > 0; i++)
    await new Promise((done) => setTimeout(done, 10))
  assert.deepStrictEqual(await forgetting.deliveries.list(), [])
  await forgetting.close()
})
