/** The `webhook` hook: the results of an evaluation, posted as JSON. */
import { EncodeError, type HttpAction, succeeded, textOf } from "@tenterhook/core"
import { Effect } from "effect"
import type { WebhookConfig } from "./Config.ts"
import { type EntryOf, failure, type Kind } from "./Kind.ts"
import { asText } from "./Results.ts"
import { filled, missingIn, valuesOf } from "./Values.ts"

export const webhookKind: Kind<EntryOf<"webhook">> = {
  planned: ({ entry: { config } }) => httpAction(config, config.url, {}),

  timeoutMs: ({ entry: { config } }) => {
    const { delaysMs, timeoutMs } = triesOf(config)
    if (delaysMs.length === 0) return timeoutMs
    return (delaysMs.length + 1) * timeoutMs + delaysMs.reduce((sum, delay) => sum + delay, 0) + spareMs
  },

  encode: Effect.fnUntraced(function* ({ entry: { list, config }, testCase }, { context, mode }) {
    const values = valuesOf(list, context, testCase, mode)
    const texts = { url: config.url }
    const literal = mode === "upstream"
    const missing = literal
      ? []
      : [
          ...missingIn(texts, "", list, values, context),
          ...missingIn(config.headers, "headers.", list, values, context)
        ]
    if (missing.length > 0) return yield* new EncodeError({ reason: "missing", text: missing.join("; ") })
    const artifacts = config.include_artifacts === true ? { artifacts_path: values.ARTIFACTS_DIR } : {}
    const body = yield* asText(() => JSON.stringify({ results: context.results, ...artifacts }))
    return {
      action: literal
        ? httpAction(config, config.url, config.headers ?? {})
        : httpAction(config, filled(texts, values, context).url!, filled(config.headers, values, context)),
      payload: new TextEncoder().encode(body)
    }
  }),

  decode: ({ entry: { config } }, _fire, end) => {
    const { value } = end._tag === "failure" ? end.reply : end
    const { status = 0, attempts = 1 } = Object(value) as { readonly status?: number; readonly attempts?: number }
    const givenUp = `Failed to post results after ${attempts} attempts`
    if (end._tag === "failure") return failure(end.reason, givenUp, end.message)
    return status >= 200 && status < 300
      ? { outcome: succeeded(), decisive: false, message: `Successfully posted results to ${config.url}` }
      : failure("exit", givenUp, `Webhook returned status ${status}: ${textOf(end.output)}`)
  }
}

/** Three tries with a second and two between them, each with its own deadline; one where they are turned off. */
const triesOf = ({ retry_on_failure = true, timeout_ms = 5_000 }: WebhookConfig) => ({
  delaysMs: retry_on_failure ? [1_000, 2_000] : [],
  timeoutMs: timeout_ms
})

/** So that the last try ends by its own deadline, not by the hook's. */
const spareMs = 1_000

const httpAction = (config: WebhookConfig, url: string, headers: Readonly<Record<string, string>>): HttpAction => ({
  kind: "http",
  url,
  method: config.method ?? "POST",
  headers: withHeaders({ "Content-Type": "application/json", "User-Agent": "youBencha/0.1.0" }, headers),
  ...(config.retry_on_failure === false ? {} : { tries: triesOf(config) })
})

/** A header's name is the same in any case; the config's spelling holds. */
const withHeaders = (base: Readonly<Record<string, string>>, over: Readonly<Record<string, string>>) => {
  const replaced = new Set(Object.keys(over).map((name) => name.toLowerCase()))
  return { ...Object.fromEntries(Object.entries(base).filter(([name]) => !replaced.has(name.toLowerCase()))), ...over }
}
