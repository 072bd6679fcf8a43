/** What the host of one execution does: it starts it, fires in it, and ends it or dies. */
import type { ExecutionOutcome } from "../api/executions.ts"

export interface Plan {
  readonly n: number
  /** Chosen by the host; null: the server's. */
  readonly id: string | null
  /** In this order. */
  readonly fires: ReadonlyArray<keyof typeof kindOf>
  /** Null: its host dies, so that its lease runs out. */
  readonly outcome: Exclude<ExecutionOutcome, "aborted"> | null
  readonly leaseMs: number
  /** Between one request and the next. */
  readonly pauseMs: number
}

export const planOf = (n: number, random: () => number): Plan => {
  const dies = n % 5 === 4
  return {
    n,
    id: n % 2 === 0 ? `ex_chaos_${n}` : null,
    fires: (["pre_tool_use", "post_tool_use"] as const).slice(0, n % 3),
    outcome: dies ? null : random() < 0.3 ? "error" : "success",
    // Of those that go on, none runs out however long the server is away.
    leaseMs: dies ? 1000 : 3_600_000,
    pauseMs: Math.round(random() * 300)
  }
}

/** Wacht's words for the events that are fired in an execution. */
export const kindOf = { pre_tool_use: "before_tool", post_tool_use: "after_tool" } as const

/** What the tool is called for at each event. Two calls at the end: a kill may fall between them. */
export const hooks = Object.fromEntries(
  Object.entries({ execution_start: 1, before_tool: 1, after_tool: 1, execution_end: 2 }).map(([kind, steps]) => [
    kind,
    Array.from({ length: steps }, (_, step) => ({ tool_name: "chaos/count", args: { call: callOf(kind, step) } }))
  ])
)

export function callOf(kind: string, step: number): string {
  return `${kind}[${step}]`
}

/** The calls of one execution, each of them announced. */
export const callsOf = ({ fires }: Plan): ReadonlyArray<string> => [
  callOf("execution_start", 0),
  ...fires.map((event) => callOf(kindOf[event], 0)),
  ...endCalls
]

export const endCalls = [callOf("execution_end", 0), callOf("execution_end", 1)]
