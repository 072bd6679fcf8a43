import { assert, it } from "vitest"
import { runChaos } from "./chaos.ts"

it("no execution is lost when its process is killed again and again", async () => {
  const seed = Date.now() % 1_000_000
  const result = await runChaos({ count: 100, seed, perSecond: 25, maxKills: 4, limitMs: 45_000 })
  const told = JSON.stringify(result)
  console.log(told)
  assert.deepStrictEqual([result.lost, result.wrong], [[], []], told)
  assert.isAbove(result.kills, 1, told)
}, 60_000)
