/** The line that a `database` hook writes: the results of a run, whole or in summary, and when they were exported. */

import { EncodeError } from "@tenterhook/core"
import { Effect } from "effect"

/** Fails by throwing where the results cannot be written as JSON. */
export const exportLine = (
  results: unknown,
  options: { readonly whole: boolean; readonly exportedAt: string }
): string => {
  const bundle = isRecord(results) ? results : results === undefined || results === null ? {} : { results }
  return `${JSON.stringify({ ...(options.whole ? bundle : summaryOf(bundle)), exported_at: options.exportedAt })}\n`
}

/** What `write` makes, or why the results have no JSON. */
export const asText = (write: () => string): Effect.Effect<string, EncodeError> =>
  Effect.try({
    try: write,
    catch: (error) =>
      new EncodeError({
        reason: "decode",
        text: `the results cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`
      })
  })

/** What the product keeps with `include_full_bundle: false`. */
const summaryOf = (bundle: Record<string, unknown>): Record<string, unknown> => ({
  version: bundle.version,
  test_case: pick(bundle.test_case, ["name", "description", "repo", "branch", "commit", "config_file", "config_hash"]),
  execution: pick(bundle.execution, ["started_at", "completed_at", "duration_ms", "youbencha_version", "environment"]),
  agent: pick(bundle.agent, ["type", "youbencha_log_path", "status", "exit_code"]),
  summary: bundle.summary,
  evaluators: Array.isArray(bundle.evaluators)
    ? bundle.evaluators.map((one) =>
        pick(one, ["evaluator", "status", "metrics", "message", "duration_ms", "timestamp"])
      )
    : undefined,
  artifacts: bundle.artifacts
})

const pick = (value: unknown, keys: ReadonlyArray<string>) =>
  isRecord(value)
    ? Object.fromEntries(keys.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]]))
    : undefined

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
