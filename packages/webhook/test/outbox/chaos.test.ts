import { type ChaosResult, runChaos } from "@tenterhook/webhook/outbox-chaos"
import { Webhook } from "standardwebhooks"
import { assert, it } from "vitest"

/**
 * A kill between a receiver's answer and its record, half a millisecond, makes a duplicate: one in three thousand
 * announcements or so. Where a thousand happen to have more than one, more are looked at before it is called too many.
 */
const campaigns = 3

it(
  "kill -9 every 0.4 to 3 seconds loses nothing, and repeats at most one in a thousand",
  { timeout: 300_000 },
  async () => {
    const results: Array<ChaosResult> = []
    const duplicates = () => results.reduce((sum, one) => sum + one.duplicates, 0)
    do {
      const result = await runChaos({
        count: 1000,
        seed: Math.floor(Math.random() * 1_000_000),
        verify: (secret, body, headers) => void new Webhook(secret).verify(body, headers as Record<string, string>)
      })
      results.push(result)
      const what = JSON.stringify(result)
      assert.isAbove(result.kills, 2, what)
      assert.isAbove(result.refused, 0, what)
      assert.strictEqual(result.lost, 0, what)
      assert.strictEqual(result.otherIds, 0, what)
      assert.deepStrictEqual(result.unverified, [], what)
      assert.deepStrictEqual(result.wrongRecords, [], what)
    } while (duplicates() > results.length && results.length < campaigns)
    assert.isAtMost(duplicates(), results.length, JSON.stringify(results))
  }
)
