/** What a campaign finds: nothing where all is well, and each thing that was broken on purpose. */
import { assert, describe, it } from "vitest"
import { isClusterSound, type ClusterChaosResult } from "../../src/chaos/index.ts"
import { type Findings, findingsOf, type Recorded } from "../../src/chaos/findings.ts"
import { callsOf, type Plan, planOf } from "../../src/chaos/Plan.ts"

describe("the findings of a campaign", () => {
  it("are none where all that was asked is on record and came once", () => {
    const findings = findingsIn(() => {})
    assert.deepInclude(findings, {
      executions: plans.length,
      lostExecutions: [],
      lostDeliveries: [],
      duplicates: 0,
      repeatedCalls: 0,
      repeatedFires: 0,
      otherIds: 0,
      wrong: []
    })
    assert.isTrue(isClusterSound(resultOf(findings)))
  })

  const id = "ex_1"
  const broken: ReadonlyArray<
    readonly [what: string, breaks: (world: World) => void, finds: (found: Findings) => any]
  > = [
    [
      "a delivery that is on record as delivered and never came",
      ({ accepted }) => void accepted.delete(`${id} execution_end[1] http://b`),
      ({ lostDeliveries }) => lostDeliveries
    ],
    [
      "an announcement that no delivery was made of",
      ({ ids }) => void ids.delete(`${id} execution_start[0] http://a`),
      ({ lostDeliveries }) => lostDeliveries
    ],
    [
      "an execution whose start was answered before it was on record",
      (world) => void (world.executions = world.executions.filter((it) => it.id !== id)),
      ({ lostExecutions }) => lostExecutions
    ],
    [
      "an execution that never ended",
      ({ executions }) => void (executions.find((it) => it.id === id)!.status = "ending"),
      ({ lostExecutions }) => lostExecutions
    ],
    [
      "an execution whose end hooks never ran",
      ({ calls }) => void calls.delete(`${id} execution_end[0]`),
      ({ lostExecutions }) => lostExecutions
    ],
    [
      "an execution that ended another way",
      ({ executions }) => void (executions.find((it) => it.id === id)!.outcome = "budget_exhausted"),
      ({ lostExecutions }) => lostExecutions
    ],
    ["a fire that is not on record", ({ fires }) => void fires.splice(0, 1), ({ wrong }) => wrong],
    ["a fire that is on record twice", ({ fires }) => void fires.push(fires[0]!), ({ wrong }) => wrong],
    ["a delivery that is not on record", ({ deliveries }) => void deliveries.pop(), ({ wrong }) => wrong],
    [
      "a delivery that came and is on record as pending",
      ({ deliveries }) => void (deliveries[0]!.status = "pending"),
      ({ wrong }) => wrong
    ]
  ]
  for (const [what, breaks, finds] of broken)
    it(`tell ${what}`, () => {
      const findings = findingsIn(breaks)
      assert.isAbove(finds(findings).length, 0)
      assert.isFalse(isClusterSound(resultOf(findings)))
    })

  it("count what came again, and forgive one of a thousand", () => {
    const findings = findingsIn(({ accepted }) => void accepted.set(accepted.keys().next().value!, 2))
    assert.strictEqual(findings.duplicates, 1)
    assert.isFalse(isClusterSound(resultOf(findings)))
    assert.isTrue(isClusterSound(resultOf({ ...findings, deliveries: 1000 })))
  })

  it("forgive a fire that a second server made, where it may have", () => {
    const again = findingsIn(
      ({ fires, deliveries, accepted }) => {
        fires.push({ event: "pre_tool_use", executionId: id, outcomes: 1 })
        for (const webhookId of ["again at a", "again at b"]) {
          deliveries.push({ id: webhookId, webhookId, type: "agent.before_tool_hook.failed", status: "delivered" })
          accepted.set(webhookId, 1)
        }
      },
      (plan, event) => plan.n === 1 && event === "pre_tool_use"
    )
    assert.deepInclude(again, { repeatedFires: 1, wrong: [], lostDeliveries: [] })
  })

  it("are not sound where work went on too late", () => {
    const sound = resultOf(findingsIn(() => {}))
    assert.isFalse(isClusterSound({ ...sound, takeOverSeconds: 20.1 }))
    assert.isFalse(isClusterSound({ ...sound, healSeconds: 60.1 }))
    assert.isFalse(isClusterSound({ ...sound, settleSeconds: 60.1 }))
  })
})

/** All that the findings are made of, to be changed. */
interface World {
  readonly calls: Map<string, number>
  readonly ids: Map<string, Set<string>>
  readonly accepted: Map<string, number>
  executions: Array<Mutable<Recorded["executions"][number]>>
  readonly fires: Array<Recorded["fires"][number]>
  readonly deliveries: Array<Mutable<Recorded["deliveries"][number]>>
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

const plans = Array.from({ length: 5 }, (_, n) => planOf(n, () => 0.5))
const endpointUrls = ["http://a", "http://b"]

/** Of a world in which all went well, but for what was changed. */
const findingsIn = (change: (world: World) => void, mayRepeat?: (plan: Plan, event: string) => boolean): Findings => {
  const world: World = {
    calls: new Map(),
    ids: new Map(),
    accepted: new Map(),
    executions: [],
    fires: [],
    deliveries: []
  }
  for (const plan of plans) {
    const executionId = `ex_${plan.n}`
    const report = {} as never
    world.executions.push({
      id: executionId,
      status: "ended",
      start: report,
      end: report,
      outcome: plan.outcome ?? "aborted"
    })
    for (const event of ["execution_start", ...plan.fires, "execution_end"])
      world.fires.push({ event, executionId, outcomes: event === "execution_end" ? 2 : 1 })
    for (const call of callsOf(plan)) {
      world.calls.set(`${executionId} ${call}`, 1)
      for (const url of endpointUrls) {
        const webhookId = `${executionId} ${call} ${url}`
        world.ids.set(webhookId, new Set([webhookId]))
        world.accepted.set(webhookId, 1)
        world.deliveries.push({ id: webhookId, webhookId, type: "agent.hook.succeeded", status: "delivered" })
      }
    }
  }
  change(world)
  const asked = { plans, ids: new Map(plans.map(({ n }) => [n, `ex_${n}`])) }
  return findingsOf(
    { ...asked, ...(mayRepeat === undefined ? {} : { mayRepeat }) },
    { ...world, endpointUrls, unverified: [] },
    world
  )
}

const resultOf = (findings: Findings): ClusterChaosResult => ({
  ...findings,
  seed: 1,
  servers: 3,
  clients: 1,
  endpoints: endpointUrls.length,
  rounds: [],
  takeOverSeconds: 1,
  healSeconds: 1,
  settleSeconds: 1,
  requests: 1,
  repeats: 0,
  deliveryRequests: 1,
  refused: 0,
  seconds: 1,
  rows: {}
})
