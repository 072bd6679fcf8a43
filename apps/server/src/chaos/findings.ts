/** What the server says at the end, beside what was asked of it and what was counted outside. */
import type { Execution } from "../api/executions.ts"
import type { Client } from "./Client.ts"
import { callsOf, endCalls, type Plan } from "./Plan.ts"
import type { Tally } from "./Tally.ts"

export interface Findings {
  readonly executions: number
  /** Whose host died. */
  readonly aborted: number
  /** Their start was answered, and they did not end as their host said, or an end hook never ran. In words. */
  readonly lostExecutions: ReadonlyArray<string>
  readonly fires: number
  /** Fires that came again, as their first server was given up before it answered. */
  readonly repeatedFires: number
  /** Calls of hooks that were to be made at least, and how many came beyond them. */
  readonly calls: number
  readonly repeatedCalls: number
  readonly deliveries: number
  /** Announced by hooks on record, and never accepted by the endpoint. */
  readonly lostDeliveries: ReadonlyArray<string>
  /** Deliveries that came again after they had been accepted. */
  readonly duplicates: number
  /** Announcements that came under more than one `webhook-id`. */
  readonly otherIds: number
  /** Deliveries whose signature or content was not as it must be. */
  readonly unverified: ReadonlyArray<string>
  /** Records that say something else than what happened, in words. */
  readonly wrong: ReadonlyArray<string>
}

/** The lists of the API, to their last pages. */
export interface Recorded {
  readonly executions: ReadonlyArray<Pick<Execution, "id" | "status" | "start" | "end" | "outcome">>
  readonly fires: ReadonlyArray<{
    readonly event: string
    readonly executionId: string | null
    readonly outcomes: number
  }>
  readonly deliveries: ReadonlyArray<{
    readonly id: string
    readonly webhookId: string
    readonly type: string
    readonly status: string
  }>
}

export const readRecorded = async (client: Client): Promise<Recorded> => ({
  executions: await all(client, "/v1/executions"),
  fires: await all(client, "/v1/fires"),
  deliveries: await all(client, "/v1/deliveries")
})

export interface Asked {
  readonly plans: ReadonlyArray<Plan>
  /** By the numbers of plans: those whose start was answered. */
  readonly ids: ReadonlyMap<number, string>
  /**
   * Whether another server may have fired it as well. One server alone finds what it has on record; of several, one that
   * froze may still be at it while another begins.
   */
  readonly mayRepeat?: (plan: Plan, event: string) => boolean
}

export const findingsOf = (
  { plans, ids, mayRepeat = () => false }: Asked,
  tally: Pick<Tally, "endpointUrls" | "calls" | "ids" | "accepted" | "unverified">,
  recorded: Recorded
): Findings => {
  const wrong: Array<string> = []
  const lostExecutions: Array<string> = []
  const lostDeliveries: Array<string> = []
  const { executions, fires, deliveries } = recorded

  if (executions.length !== ids.size) wrong.push(`${executions.length} executions on record, ${ids.size} were started`)
  const executionOf = new Map(executions.map((execution) => [execution.id, execution]))
  const firesOf = Map.groupBy(fires, ({ executionId }) => executionId)
  let calls = 0
  let repeatedFires = 0
  for (const plan of plans) {
    const id = ids.get(plan.n)
    if (id === undefined) continue
    const problem = problemOf(plan, executionOf.get(id))
    const unmade = callsOf(plan).filter((call) => !tally.calls.has(`${id} ${call}`))
    if (problem !== null) lostExecutions.push(`${id}: ${problem}`)
    else if (unmade.some((call) => endCalls.includes(call))) lostExecutions.push(`${id}: ${unmade.join(", ")} not run`)
    else if (unmade.length > 0) wrong.push(`${id}: ${unmade.join(", ")} not run`)

    const expected = ["execution_start", ...plan.fires, "execution_end"]
    const found = (firesOf.get(id) ?? []).map(({ event }) => event)
    const beyond = without(found, expected)
    repeatedFires += beyond.length
    if (without(expected, found).length > 0 || beyond.some((event) => !mayRepeat(plan, event)))
      wrong.push(`${id}: expected the fires ${listed(expected)} on record, got ${listed(found)}`)
    for (const call of callsOf(plan)) {
      calls++
      for (const url of tally.endpointUrls) {
        const came = [...(tally.ids.get(`${id} ${call} ${url}`) ?? [])]
        if (!came.some((webhookId) => tally.accepted.has(webhookId))) lostDeliveries.push(`${id}: ${call} at ${url}`)
      }
    }
  }

  const announced = fires.reduce((sum, { outcomes }) => sum + outcomes, 0) * tally.endpointUrls.length
  if (deliveries.length !== announced)
    wrong.push(`${deliveries.length} deliveries on record, ${announced} were expected by the outcomes of hooks`)
  const failed = deliveries.filter(({ type }) => !type.endsWith(".succeeded"))
  // A server that was given up has its hook cancelled.
  if (failed.length > repeatedFires * tally.endpointUrls.length)
    wrong.push(`expected every hook to succeed, got ${failed.map(({ id, type }) => `${type} (${id})`).join(", ")}`)
  for (const { id, webhookId, status, type } of deliveries) {
    if (!tally.accepted.has(webhookId)) lostDeliveries.push(`${id} (${type})`)
    if (status !== "delivered") wrong.push(`${id} (${type}): expected it to be delivered, it is ${status}`)
  }
  return {
    executions: ids.size,
    aborted: executions.filter(({ outcome }) => outcome === "aborted").length,
    lostExecutions,
    fires: fires.length,
    repeatedFires,
    calls,
    repeatedCalls: beyondOne(tally.calls),
    deliveries: deliveries.length,
    lostDeliveries,
    duplicates: duplicatesIn(tally),
    otherIds: [...tally.ids.values()].filter(({ size }) => size > 1).length,
    unverified: tally.unverified,
    wrong
  }
}

const problemOf = (plan: Plan, execution: Recorded["executions"][number] | undefined): string | null => {
  if (execution === undefined) return "not on record"
  const { status, start, end, outcome } = execution
  if (status !== "ended") return `expected it to have ended, it is ${status}`
  if (start === null || end === null) return `without the report of its ${start === null ? "start" : "end"}`
  const expected = plan.outcome ?? "aborted"
  return outcome === expected ? null : `expected the outcome ${expected}, got ${outcome}`
}

/** What the first list has beyond the second. */
const without = (list: ReadonlyArray<string>, other: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = [...list]
  for (const each of other) {
    const at = left.indexOf(each)
    if (at >= 0) left.splice(at, 1)
  }
  return left
}

const listed = (events: ReadonlyArray<string>) => events.toSorted().join(", ")

/** A list to its last page. */
const all = async <A>({ ask }: Client, path: string): Promise<ReadonlyArray<A>> => {
  const found: Array<A> = []
  let cursor = ""
  for (;;) {
    const page = await ask<{ readonly data: ReadonlyArray<A>; readonly nextCursor: string | null }>(
      "GET",
      `${path}?limit=200${cursor}`
    )
    found.push(...page.data)
    if (page.nextCursor === null) return found
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
  }
}

/** Deliveries that came again after they had been accepted. */
export const duplicatesIn = ({ accepted }: Pick<Tally, "accepted">) => beyondOne(accepted)

const beyondOne = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count - 1, 0)
