/** What the server says at the end, beside what was asked of it and what was counted outside. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Execution } from "../api/executions.ts"
import { databaseFile } from "../store/DataFolder.ts"
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

export const findingsOf = async (
  client: Client,
  plans: ReadonlyArray<Plan>,
  ids: ReadonlyMap<number, string>,
  tally: Tally
): Promise<Findings> => {
  const wrong: Array<string> = []
  const lostExecutions: Array<string> = []
  const lostDeliveries: Array<string> = []
  const recorded = await all<Execution>(client, "/v1/executions")
  const fires = await all<Fire>(client, "/v1/fires")
  const deliveries = await all<Delivery>(client, "/v1/deliveries")

  if (recorded.length !== ids.size) wrong.push(`${recorded.length} executions on record, ${ids.size} were started`)
  const firesOf = Map.groupBy(fires, ({ executionId }) => executionId)
  let calls = 0
  for (const plan of plans) {
    const id = ids.get(plan.n)
    if (id === undefined) continue
    const problem = problemOf(plan, await client.ask<Execution>("GET", `/v1/executions/${id}`))
    const unmade = callsOf(plan).filter((call) => !tally.calls.has(`${id} ${call}`))
    if (problem !== null) lostExecutions.push(`${id}: ${problem}`)
    else if (unmade.some((call) => endCalls.includes(call))) lostExecutions.push(`${id}: ${unmade.join(", ")} not run`)
    else if (unmade.length > 0) wrong.push(`${id}: ${unmade.join(", ")} not run`)

    const expected = ["execution_start", ...plan.fires, "execution_end"].toSorted().join(", ")
    const found = (firesOf.get(id) ?? [])
      .map(({ event }) => event)
      .toSorted()
      .join(", ")
    if (found !== expected) wrong.push(`${id}: expected the fires ${expected} on record, got ${found}`)
    for (const call of callsOf(plan)) {
      calls++
      const came = [...(tally.ids.get(`${id} ${call}`) ?? [])]
      if (!came.some((webhookId) => tally.accepted.has(webhookId))) lostDeliveries.push(`${id}: ${call}`)
    }
  }

  const announced = fires.reduce((sum, { outcomes }) => sum + outcomes, 0)
  if (deliveries.length !== announced)
    wrong.push(`${deliveries.length} deliveries on record for ${announced} outcomes of hooks`)
  for (const { id, webhookId, status, type } of deliveries) {
    if (!tally.accepted.has(webhookId)) lostDeliveries.push(`${id} (${type})`)
    if (status !== "delivered") wrong.push(`${id} (${type}): expected it to be delivered, it is ${status}`)
    if (!type.endsWith(".succeeded")) wrong.push(`${id}: expected every hook to succeed, got ${type}`)
  }
  return {
    executions: ids.size,
    aborted: recorded.filter(({ outcome }) => outcome === "aborted").length,
    lostExecutions,
    fires: fires.length,
    calls,
    repeatedCalls: beyondOne(tally.calls),
    deliveries: deliveries.length,
    lostDeliveries,
    duplicates: beyondOne(tally.accepted),
    otherIds: [...tally.ids.values()].filter(({ size }) => size > 1).length,
    unverified: tally.unverified,
    wrong
  }
}

/** How many rows each table has, and what must hold of them however often their process was killed. */
export const rowsIn = (
  folder: string
): { readonly rows: Readonly<Record<string, number>>; readonly problems: ReadonlyArray<string> } => {
  const rows: Record<string, number> = {}
  const problems: Array<string> = []
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".db"))) {
    const database = new DatabaseSync(join(folder, file))
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all())
      rows[String(name)] = numberOf(database, `SELECT count(*) AS n FROM "${String(name)}"`)
    const check = String(database.prepare("PRAGMA quick_check").get()!["quick_check"])
    if (check !== "ok") problems.push(`${file} is damaged: ${check}`)
    database.close()
  }
  const database = new DatabaseSync(databaseFile(folder))
  const uncounted = numberOf(
    database,
    `SELECT count(*) AS n FROM outbox_delivery d
      WHERE d.attempts <> (SELECT count(*) FROM outbox_attempt a WHERE a.delivery_id = d.id)`
  )
  if (uncounted > 0) problems.push(`${uncounted} deliveries have other tries than they count`)
  const unanswered = numberOf(database, "SELECT count(*) AS n FROM idempotency WHERE status IS NULL")
  if (unanswered > 0) problems.push(`${unanswered} idempotency keys have no answer, though each request was answered`)
  database.close()
  return { rows, problems }
}

const numberOf = (database: DatabaseSync, sql: string) => (database.prepare(sql).get() as { readonly n: number }).n

const problemOf = (plan: Plan, { status, start, end, outcome }: Execution): string | null => {
  if (status !== "ended") return `expected it to have ended, it is ${status}`
  if (start === null || end === null) return `without the report of its ${start === null ? "start" : "end"}`
  const expected = plan.outcome ?? "aborted"
  return outcome === expected ? null : `expected the outcome ${expected}, got ${outcome}`
}

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

const beyondOne = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count - 1, 0)

interface Fire {
  readonly event: string
  readonly executionId: string | null
  readonly outcomes: number
}

interface Delivery {
  readonly id: string
  readonly webhookId: string
  readonly type: string
  readonly status: string
}
