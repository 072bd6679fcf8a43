/** The work that every contender of bench/fire does: the same event, the same hooks, the same timing, one JSON line out. */

/** `zero`: none configured; `zero-1000`: a thousand for other tools; `one`: one command hook that matches. */
export type Scenario = "zero" | "zero-1000" | "one"

export const tool = "run_shell_command"
export const toolInput = { command: "git commit -m 'x'", description: "y".repeat(700) }
/** Answers at once with an empty JSON object, which every engine reads as: go on. */
export const command = "echo {}"

export const hooksOf = (scenario: Scenario): ReadonlyArray<{ readonly matcher: string; readonly command: string }> => {
  if (scenario === "one") return [{ matcher: tool, command }]
  const count = scenario === "zero" ? 0 : 1000
  return Array.from({ length: count }, (_, i) => ({ matcher: `other_tool_${i}`, command }))
}

/** Fires `count` times one after the other and prints `{p50_us}`; fires that match nothing are timed by the hundred. */
export const measure = async (scenario: Scenario, count: number, fire: () => Promise<unknown>) => {
  const batch = scenario === "one" ? 1 : 100
  const rounds = Math.max(1, Math.ceil(count / batch))
  for (let i = 0; i < Math.min(count, batch * 50); i++) await fire()
  const latencies: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    for (let i = 0; i < batch; i++) await fire()
    latencies.push(((performance.now() - start) * 1000) / batch)
  }
  latencies.sort((a, b) => a - b)
  console.log(JSON.stringify({ p50_us: latencies[latencies.length >> 1] }))
}
