import { assert, describe, it } from "vitest"
import { boundMs, hostileKinds, runCampaign } from "../src/hostile/index.ts"

describe("the hostile corpus", () => {
  it("has at least 15 kinds, each with a name of its own", () => {
    assert.isAtLeast(new Set(hostileKinds.map(({ name }) => name)).size, 15)
    assert.strictEqual(new Set(hostileKinds.map(({ name }) => name)).size, hostileKinds.length)
  })

  it("leaves nothing behind in 500 runs, and each settles", { timeout: 400_000 }, async () => {
    const seed = Math.floor(Math.random() * 1_000_000)
    const campaign = await runCampaign({ seed, runs: 500, parallel: 3 })
    const told = JSON.stringify(campaign)
    assert.deepStrictEqual(campaign.orphans, [], told)
    assert.strictEqual(campaign.leakedDescriptors, 0, told)
    assert.deepStrictEqual(campaign.surprises, [], told)
    // `bench/hostile` holds it to the bound itself: other tests on the same processors take more than it leaves.
    assert.isAtMost(campaign.p99Ms, 20 * boundMs, told)
  })
})
