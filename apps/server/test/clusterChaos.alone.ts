/** Three servers on one Postgres lose nothing and go on in time, however they are disturbed. It has the machine to itself. */
import { hasPostgres, startPostgres } from "@tenterhook/testing-postgres"
import { join } from "node:path"
import { assert, it, onTestFinished } from "vitest"
import { type ClusterChaosResult, clusterGoals, runClusterChaos } from "../src/chaos/index.ts"

/** Built: it starts in half a second. */
const program = join(import.meta.dirname, "..", "..", "cli", "bin", "tenterhook.js")

/** An unlucky kill repeats more than a thousandth of what a campaign sends: then another one has to be without. */
const campaigns = 3

it.runIf(hasPostgres())(
  "three servers that are disturbed lose nothing, go on within 20 s, and repeat one delivery in a thousand at most",
  { timeout: campaigns * 250_000 },
  async () => {
    let rare = false
    for (let n = 0; n < campaigns && !rare; n++) {
      const result = await disturbed()
      sound(result)
      rare = result.duplicates <= result.deliveries * clusterGoals.duplicates
    }
    assert.isTrue(rare, "more than one delivery in a thousand came twice, again and again")
  }
)

const disturbed = async (): Promise<ClusterChaosResult> => {
  const database = await startPostgres({ ahead: true, settings: { autovacuum: "on" } })
  onTestFinished(database.stop)
  const result = await runClusterChaos({
    command: [process.execPath, program, "serve"],
    database,
    executions: 150,
    perSecond: 6,
    seed: Math.floor(Math.random() * 1_000_000)
  })
  await database.stop()
  const { seed, executions, deliveries, duplicates, rounds, takeOverSeconds, healSeconds } = result
  const share = ((100 * duplicates) / deliveries).toFixed(3)
  console.log(
    `seed ${seed}: ${executions} executions, ${deliveries} deliveries, ${rounds.length} disturbances; ` +
      `${result.lostExecutions.length} and ${result.lostDeliveries.length} lost, ${duplicates} duplicates (${share} %), ` +
      `take-over ${takeOverSeconds.toFixed(1)} s, healed after ${healSeconds.toFixed(1)} s; ` +
      rounds.map((it) => `${it.kind} ${it.caughtUpSeconds.toFixed(1)} s ${it.duplicates} again`).join(", ")
  )
  return result
}

const sound = (result: ClusterChaosResult) => {
  const told = JSON.stringify(result)
  assert.strictEqual(new Set(result.rounds.map(({ kind }) => kind)).size, 6, told)
  assert.isAbove(result.aborted, 0, told)
  assert.isAbove(result.refused, 0, told)
  assert.deepStrictEqual([result.lostExecutions, result.lostDeliveries, result.wrong], [[], [], []], told)
  assert.deepStrictEqual(result.unverified, [], told)
  assert.isAtMost(result.otherIds, result.repeatedFires * result.endpoints, told)
  for (const { kind, duplicates } of result.rounds)
    assert.isAtMost(duplicates, sentAtOnce * result.endpoints, `${kind}: ${told}`)
  assert.isAtMost(result.takeOverSeconds, clusterGoals.takeOverSeconds, told)
  assert.isAtMost(Math.max(result.healSeconds, result.settleSeconds), clusterGoals.healSeconds, told)
}

/** To one endpoint: what a disturbance may repeat. */
const sentAtOnce = 10
