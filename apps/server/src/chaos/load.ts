/** What the clients of a campaign do: one makes what the executions need, each plays the host of one, and all wait for the end. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Client } from "./Client.ts"
import { hooks, type Plan } from "./Plan.ts"
import type { Tally } from "./Tally.ts"

/** Gives the agent's id. `timeoutMs`: of a try, where it is not the default. */
export const prepare = async (
  { ask }: Client,
  tally: Tally,
  { secret, ...timeout }: { readonly secret: string; readonly timeoutMs?: number }
): Promise<string> => {
  await ask("PUT", "/v1/tool-servers", { mcpServers: { chaos: { url: tally.toolUrl } } })
  // Soon again, and as often as it takes: the kills are the server's, not the receiver's.
  const rules = { attempts: 100, delaysMs: [300, 600], ...timeout }
  for (const url of tally.endpointUrls) await ask("POST", "/v1/endpoints", { url, secret, rules }, `endpoint-${url}`)
  const agent = await ask<{ readonly id: string }>("POST", "/ai/agents", { name: "chaos", hooks }, "agent")
  return agent.id
}

/** As its host does. The start that was answered is remembered: from then on the execution must not be lost. */
export const play = async (plan: Plan, agentId: string, { ask }: Client, ids: Map<number, string>): Promise<void> => {
  const { n, leaseMs } = plan
  const given = plan.id === null ? {} : { id: plan.id }
  const { id } = await ask<{ readonly id: string }>(
    "POST",
    "/v1/executions",
    { agentId, leaseMs, ...given },
    `execution_start-${n}`
  )
  ids.set(n, id)
  for (const event of plan.fires) {
    await sleep(plan.pauseMs)
    const context = { tool: { name: "edit", input: { n } } }
    await ask("POST", "/v1/fires", { executionId: id, event, context }, `${event}-${n}`)
  }
  if (plan.outcome === null) return
  await sleep(plan.pauseMs)
  await ask("POST", `/v1/executions/${id}/end`, { outcome: plan.outcome }, `execution_end-${n}`)
}

/** Until nothing goes on and nothing is still to be delivered. */
export const settle = async ({ ask }: Client): Promise<void> => {
  const open = [
    ...["starting", "running", "ending"].map((status) => `/v1/executions?status=${status}&limit=1`),
    "/v1/deliveries?status=pending&limit=1"
  ]
  const until = performance.now() + settleMs
  for (const path of open) {
    for (;;) {
      const { data } = await ask<{ readonly data: ReadonlyArray<unknown> }>("GET", path)
      if (data.length === 0) break
      if (performance.now() > until) throw new Error(`after ${settleMs / 1000} s there is still ${path}`)
      await sleep(100)
    }
  }
}

const settleMs = 60_000
