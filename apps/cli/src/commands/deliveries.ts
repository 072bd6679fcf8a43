/** `tenterhook deliveries`: what became of what was announced. */
import type { Delivery, Endpoint } from "@tenterhook/sdk"
import * as Command from "effect/cli/Command"
import { does } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { jsonFlag } from "../flags.ts"
import { outboxFlags } from "../hostFlags.ts"
import { openOutbox } from "../openOutbox.ts"
import { type Pen, penFor, print, printJson } from "../terminal/Terminal.ts"

export const deliveries = Command.make(
  "deliveries",
  { data: outboxFlags.data, json: jsonFlag },
  does(async (flags, { words }) => {
    const outbox = await openOutbox(flags, words, false)
    try {
      const [list, endpoints] = [await outbox.deliveries.list({ limit }), await outbox.endpoints.list()]
      if (flags.json) printJson({ endpoints, deliveries: list })
      else print(format(list, endpoints, penFor(process.stdout)))
      return exitCode.ok
    } finally {
      await outbox.close()
    }
  })
).pipe(
  Command.withDescription(
    "The endpoints of the data folder and their last deliveries, the newest first. Sends nothing."
  ),
  Command.withShortDescription("What became of what was announced"),
  Command.withExamples([{ command: "tenterhook deliveries", description: "Of .tenterhook in the working directory" }])
)

const format = (list: ReadonlyArray<Delivery>, endpoints: ReadonlyArray<Endpoint>, pen: Pen): string => {
  const urls = new Map(endpoints.map(({ id, url }) => [id, url]))
  return [
    ...endpoints.map(
      ({ url, status, reason, events }) =>
        `${pen.bold(url)}  ${status}${reason === null ? "" : `: ${reason}`}  ${pen.dim(events.join(", "))}`
    ),
    ...(endpoints.length === 0 ? ["no endpoints"] : []),
    ...list.map((one) => formatDelivery(one, urls.get(one.endpointId) ?? one.endpointId, pen)),
    ...(list.length === 0 ? ["no deliveries"] : [])
  ].join("\n")
}

const formatDelivery = (one: Delivery, url: string, pen: Pen) => {
  const tries = one.attempts === 1 ? "1 try" : `${one.attempts} tries`
  const next = one.nextAt === null ? "" : `, next ${new Date(one.nextAt).toISOString()}`
  const why = one.reason === null ? "" : `: ${one.reason}`
  const paint = one.status === "delivered" ? pen.good : one.status === "pending" ? pen.doubtful : pen.bad
  return `  ${pen.dim(new Date(one.createdAt).toISOString())}  ${paint(one.status)}  ${one.type}  ${url}  ${tries}${next}${why}  ${pen.dim(one.webhookId)}`
}

const limit = 50
