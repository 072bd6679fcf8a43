import { runChaos } from "@tenterhook/webhook/outbox-chaos"
import { Webhook } from "standardwebhooks"
import { assert, it } from "vitest"

it("kill -9 every 0.4 to 3 seconds loses nothing, and repeats nearly nothing", { timeout: 120_000 }, async () => {
  const seed = Math.floor(Math.random() * 1_000_000)
  const result = await runChaos({
    count: 1000,
    seed,
    verify: (secret, body, headers) => void new Webhook(secret).verify(body, headers as Record<string, string>)
  })

  const what = JSON.stringify(result)
  assert.isAbove(result.kills, 2, what)
  assert.isAbove(result.refused, 0, what)
  assert.strictEqual(result.lost, 0, what)
  assert.isAtMost(result.duplicates, 1, what)
  assert.strictEqual(result.otherIds, 0, what)
  assert.deepStrictEqual(result.unverified, [], what)
  assert.deepStrictEqual(result.wrongRecords, [], what)
})
