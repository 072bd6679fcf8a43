/** Tenterhook through its SDK. Usage: tenterhook.ts <scenario> <count> */
import { createHooks } from "@tenterhook/sdk"
import { hooksOf, measure, type Scenario, tool, toolInput } from "./measure.ts"

const scenario = process.argv[2] as Scenario
const hooks = await createHooks({
  hooks: hooksOf(scenario).map(({ matcher, command }) => ({ on: "pre_tool_use", tool: matcher, run: command }))
})
const expected = scenario === "one" ? 1 : 0
await measure(scenario, Number(process.argv[3]), async () => {
  const report = await hooks.fire("pre_tool_use", { sessionId: "s1", tool: { name: tool, input: toolInput } })
  if (!report.proceed || report.outcomes.length !== expected) throw new Error(`unexpected ${JSON.stringify(report)}`)
})
await hooks.close()
