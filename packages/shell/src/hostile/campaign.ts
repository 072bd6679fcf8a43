/** Runs hostile hooks by the hundred through the adapter and counts what they leave behind. */
import { readdirSync, readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { Adapters, type AnyAdapter, FireId, hookName, type ShellAction } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import * as ShellAdapter from "../ShellAdapter.ts"
import { deadlineMs, type HostileKind, hostileKinds } from "./kinds.ts"

export interface CampaignOptions {
  readonly seed: number
  readonly runs: number
  readonly parallel: number
  /** Called after each run. */
  readonly progress?: (done: number) => void
}

export interface Campaign {
  readonly seed: number
  readonly runs: number
  readonly kinds: number
  /** Processes alive half a second after the last run. */
  readonly orphans: ReadonlyArray<string>
  /** Descriptors open after the layer was closed that were not before. */
  readonly leakedDescriptors: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly worst: { readonly ms: number; readonly kind: string }
  /** Runs that did not end as their kind says. */
  readonly surprises: ReadonlyArray<string>
}

/** The deadline, the grace between TERM and KILL, and 500 ms. */
export const boundMs = deadlineMs + 500 + 500

export const runCampaign = async ({ seed, runs, parallel, progress }: CampaignOptions): Promise<Campaign> => {
  const kinds = hostileKinds.filter((kind) => kind.setsid === undefined || hasSetsid)
  const token = `${300 + (seed % 100)}.${String(process.pid).padStart(7, "0")}`
  const random = randomFrom(seed)
  // Every kind comes as often as any other, in an order that the seed decides.
  const order = Array.from({ length: runs }, (_, index) => kinds[index % kinds.length]!)
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }

  // Node opens some descriptors of its own with the first child of a process.
  await Effect.runPromise(onShell((shell) => runOne(shell, kinds[0]!, 0, token)))
  const before = openDescriptors()
  const times: Array<{ readonly ms: number; readonly kind: string }> = []
  const surprises: Array<string> = []
  await Effect.runPromise(
    onShell((shell) =>
      Effect.forEach(
        order,
        (kind, index) =>
          Effect.map(runOne(shell, kind, index, token), ({ ms, end }) => {
            times.push({ ms, kind: kind.name })
            if (kind.ends !== "either" && end !== kind.ends) surprises.push(`${kind.name}: ended by ${end}`)
            progress?.(times.length)
          }),
        { concurrency: parallel, discard: true }
      )
    )
  )

  await sleep(500)
  const orphans = carriersOf(token)
  const sorted = times.toSorted((a, b) => a.ms - b.ms)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
  return {
    seed,
    runs: times.length,
    kinds: kinds.length,
    orphans,
    leakedDescriptors: openDescriptors() - before,
    p50Ms: at(0.5).ms,
    p99Ms: at(0.99).ms,
    worst: at(1),
    surprises
  }
}

/** With an adapter of its own, closed at the end. */
const onShell = <A, E, R>(use: (shell: AnyAdapter) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(
    Adapters.use((adapters) => adapters.get("shell")),
    use
  ).pipe(Effect.provide(Layer.provideMerge(ShellAdapter.layer, Adapters.layer)))

const runOne = Effect.fnUntraced(function* (shell: AnyAdapter, kind: HostileKind, index: number, token: string) {
  const action: ShellAction = {
    kind: "shell",
    run: { command: kind.command.replaceAll("{hold}", token) },
    env: { base: ["PATH"], set: {} },
    stdin: kind.inputBytes === undefined ? "empty" : "payload",
    mkdir: []
  }
  const startedAt = performance.now()
  const end = yield* Effect.scoped(
    Effect.gen(function* () {
      const running = yield* shell.start({
        action,
        fireId: FireId.make(`hostile-${token}`),
        hook: hookName(`${kind.name} ${index}`),
        linger: "end",
        ...(kind.inputBytes === undefined ? {} : { payload: new Uint8Array(kind.inputBytes).fill(120) })
      })
      const late = yield* Effect.raceFirst(
        Effect.as(running.reply, false),
        Effect.as(Effect.sleep(kind.ends === "itself" ? 10_000 : deadlineMs), true)
      )
      if (late) yield* running.stop("timeout")
      return late ? ("deadline" as const) : ("itself" as const)
    })
  )
  return { ms: performance.now() - startedAt, end }
})

/** Living processes with the token in their arguments or environment, watchers' shells apart. */
const carriersOf = (token: string): ReadonlyArray<string> =>
  readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      if (/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) return []
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1")
      const has = command.includes(token) || readFileSync(`/proc/${pid}/environ`, "latin1").includes(token)
      return has ? [`${pid} ${command.replaceAll("\0", " ").trim()}`] : []
    } catch {
      return []
    }
  })

const openDescriptors = () => readdirSync("/proc/self/fd").length

const hasSetsid = (process.env["PATH"] ?? "").split(":").some((folder) => {
  try {
    return readdirSync(folder).includes("setsid")
  } catch {
    return false
  }
})

/** mulberry32 */
const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
