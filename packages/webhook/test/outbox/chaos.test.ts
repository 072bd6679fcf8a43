import { runChaos } from "@tenterhook/webhook/outbox-chaos"
import { Webhook } from "standardwebhooks"
import { assert, it } from "vitest"

/** A kill repeats no more than what the endpoint had in flight. That it is one in a thousand, `bench/outbox-chaos` shows. */
const inFlight = 10

it(
  "kill -9 every 0.4 to 3 seconds loses nothing, and repeats only what was in flight",
  { timeout: 400_000 },
  async () => {
    const result = await runChaos({
      count: 1000,
      seed: Math.floor(Math.random() * 1_000_000),
      verify: (secret, body, headers) => void new Webhook(secret).verify(body, headers as Record<string, string>)
    })
    const what = JSON.stringify(result)
    console.log(what)
    assert.isAbove(result.kills, 2, what)
    assert.isAbove(result.refused, 0, what)
    assert.strictEqual(result.lost, 0, what)
    assert.isAtMost(result.duplicates, result.kills * inFlight, what)
    assert.strictEqual(result.otherIds, 0, what)
    assert.deepStrictEqual(result.unverified, [], what)
    assert.deepStrictEqual(result.wrongRecords, [], what)
  }
)
