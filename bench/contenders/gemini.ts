/**
 * The hook engine of the published @google/gemini-cli-core, through its own registry, planner, runner and aggregator,
 * with a stub of its configuration. Usage: gemini.ts <scenario> <count> <package folder>
 */
import { pathToFileURL } from "node:url"
import { hooksOf, measure, type Scenario, tool, toolInput } from "./measure.ts"

const [scenario, count, folder] = process.argv.slice(2) as [Scenario, string, string]
const load = (file: string) => import(pathToFileURL(`${folder}/dist/src/hooks/${file}.js`).href)
const [{ HookRegistry }, { HookPlanner }, { HookRunner }, { HookAggregator }, { HookEventHandler }] = await Promise.all(
  ["hookRegistry", "hookPlanner", "hookRunner", "hookAggregator", "hookEventHandler"].map(load)
)
// The real program sends its debug log to a file; a terminal must not be timed.
console.debug = console.warn = () => {}

const answers: Record<string, unknown> = {
  isTrustedFolder: () => true,
  getHooks: () => ({}),
  getSessionId: () => "s1",
  getWorkingDir: () => process.cwd(),
  getProjectRoot: () => process.cwd(),
  getDisabledHooks: () => [],
  sanitizationConfig: {
    allowedEnvironmentVariables: [],
    blockedEnvironmentVariables: [],
    enableEnvironmentVariableRedaction: false
  },
  storage: { getPlansDir: () => "plans" },
  getUsageStatisticsEnabled: () => false,
  getTelemetryEnabled: () => false
}
const config = new Proxy(answers, {
  get: (known, key) => (Reflect.has(known, key) ? Reflect.get(known, key) : () => undefined)
})
const registry = new HookRegistry(config)
for (const { matcher, command } of hooksOf(scenario)) {
  registry.registerHook({ type: "command", command }, "BeforeTool", { matcher, source: "user" })
}
const engine = new HookEventHandler({ config }, new HookPlanner(registry), new HookRunner(config), new HookAggregator())
const expected = scenario === "one" ? 1 : 0
await measure(scenario, Number(count), async () => {
  const result = await engine.fireBeforeToolEvent(tool, toolInput)
  if (!result.success || result.allOutputs.length !== expected) throw new Error(`unexpected ${JSON.stringify(result)}`)
})
process.exit(0)
