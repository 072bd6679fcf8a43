import { join } from "node:path"
import { assert, it } from "vitest"
import { isSound, runChaos } from "../src/chaos/index.ts"

/** Built: it starts in half a second. */
const program = join(import.meta.dirname, "..", "..", "cli", "bin", "tenterhook.js")
const command = [process.execPath, program, "serve"]

it("a server that is killed again and again loses no execution and no delivery", { timeout: 120_000 }, async () => {
  const seed = Math.floor(Math.random() * 1_000_000)
  const result = await runChaos({ command, executions: 100, seed, clients: 8 })
  const told = JSON.stringify(result)
  console.log(told)
  assert.strictEqual(result.executions, 100, told)
  assert.isAbove(result.kills, 1, told)
  assert.isAbove(result.aborted, 0, told)
  assert.isAbove(result.refused, 0, told)
  assert.deepStrictEqual([result.lostExecutions, result.lostDeliveries, result.wrong], [[], [], []], told)
  assert.isTrue(isSound(result), told)
})
