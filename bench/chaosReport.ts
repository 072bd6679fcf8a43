/** What the campaigns against servers print: figures, a line each, and whether all of them are as they have to be. */
import type { ChaosResult, ClusterChaosResult } from "@tenterhook/server/chaos"

export type Figure = readonly [name: string, value: string]

/** What every campaign finds. */
export const findings = (result: ChaosResult | ClusterChaosResult): ReadonlyArray<Figure> => {
  const share = (100 * result.duplicates) / Math.max(1, result.deliveries)
  return [
    ["requests", `${result.requests}, of them ${result.repeats} sent again`],
    ["executions lost", some(result.lostExecutions)],
    ["fires on record", `${result.fires}, of them ${result.repeatedFires} at a second server`],
    ["hook calls", `${result.calls + result.repeatedCalls}, of them ${result.repeatedCalls} repeated`],
    ["deliveries", `${result.deliveries} in ${result.deliveryRequests} requests, ${result.refused} refused on purpose`],
    ["deliveries lost", some(result.lostDeliveries)],
    ["duplicates", `${result.duplicates} (${share.toFixed(3)} %, goal: at most 0.1 %)`],
    ["other webhook-ids", `${result.otherIds}`],
    ["unverified", some(result.unverified)],
    ["wrong records", some(result.wrong)],
    [
      "rows",
      Object.entries(result.rows)
        .map(([table, n]) => `${table} ${n}`)
        .join(", ")
    ]
  ]
}

/** Ends the program with 1 where it is not sound. */
export const report = (figures: ReadonlyArray<Figure>, sound: boolean): void => {
  for (const [name, value] of figures) console.log(`${name.padEnd(20)}${value}`)
  console.log(sound ? "ok" : "failed")
  process.exitCode = sound ? 0 : 1
}

const some = (list: ReadonlyArray<string>) =>
  list.length === 0 ? "0" : `${list.length}: ${list.slice(0, 10).join("; ")}${list.length > 10 ? "; …" : ""}`
