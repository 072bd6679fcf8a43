import { Outbox } from "@tenterhook/webhook/outbox"
import { Effect, Metric, Schedule, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { Api } from "../api/Api.ts"
import { about, InvalidRequest, Unavailable } from "../api/Problem.ts"
import { type StreamType, streamTypes } from "../api/system.ts"
import { Feed } from "../watch/Feed.ts"
import * as figures from "../watch/figures.ts"
import { Health } from "../watch/Health.ts"

export const healthRoutes = HttpApiBuilder.group(
  Api,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const health = yield* Health
    return handlers.handleAll({
      live: () => Effect.succeed({ ok: true as const }),
      ready: () =>
        Effect.flatMap(health.check, ({ ok, checks }) => {
          if (ok) return Effect.succeed({ ok: true as const, checks })
          const errors = Object.entries(checks).map(([field, message]) => ({ field, message }))
          return Effect.fail(
            new Unavailable({ detail: errors.map(({ field, message }) => `${field}: ${message}`).join("; "), errors })
          )
        })
    })
  })
)

export const systemRoutes = HttpApiBuilder.group(
  Api,
  "system",
  Effect.fnUntraced(function* (handlers) {
    const outbox = yield* Outbox
    const health = yield* Health
    const feed = yield* Feed
    const started = performance.now()

    const read = Effect.gen(function* () {
      const { oldestDueMs, ...counts } = yield* Effect.orDie(outbox.stats)
      for (const [status, count] of Object.entries(counts))
        yield* Metric.update(Metric.withAttributes(figures.deliveries, { status }), count)
      yield* Metric.update(figures.oldestDue, oldestDueMs)
      yield* Metric.update(figures.executionsNow, yield* health.unfinished)
      yield* Metric.update(figures.memory, process.memoryUsage.rss())
      yield* Metric.update(figures.uptime, Math.round((performance.now() - started) / 1000))
    })

    return handlers.handleAll({
      metrics: () => Effect.andThen(read, PrometheusMetrics.format()),
      stream: Effect.fnUntraced(function* ({ query: { types, agentId, executionId } }) {
        const wanted = types === undefined ? streamTypes : yield* typesOf(types)
        const events = feed.happenings.pipe(
          Stream.filter(
            (one) =>
              wanted.includes(one.type) &&
              (agentId === undefined || one.agentId === agentId) &&
              (executionId === undefined || one.executionId === executionId)
          ),
          Stream.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one.data)}\n\n`)
        )
        // The first one tells that the stream has begun; the others, that it is not dead.
        const alive = Stream.make(": from now on\n\n").pipe(
          Stream.concat(Stream.map(Stream.fromSchedule(Schedule.spaced("15 seconds")), () => ": still here\n\n"))
        )
        const told = Stream.merge(alive, events).pipe(Stream.interruptWhen(health.drained), Stream.encodeText)
        return HttpServerResponse.stream(told, {
          contentType: "text/event-stream",
          headers: { "cache-control": "no-cache", "x-accel-buffering": "no" }
        })
      })
    })
  })
)

const typesOf = (text: string) => {
  const names = text.split(",").map((name) => name.trim())
  const unknown = names.find((name) => !(streamTypes as ReadonlyArray<string>).includes(name))
  return unknown === undefined
    ? Effect.succeed(names as ReadonlyArray<StreamType>)
    : Effect.fail(
        new InvalidRequest(
          about("query.types", `expected some of ${streamTypes.join(",")}, got ${JSON.stringify(unknown)}`)
        )
      )
}
