/** Runs one hook to its end: encode, start, wait until the deadline, decode. */
import { Clock, Deferred, Effect, type Scope } from "effect"
import type { Decoded, Dialect, Encoded, Fire } from "../Dialect.ts"
import type { Hook } from "../hook/Hook.ts"
import type { HookSet } from "../hook/HookSet.ts"
import type { OutcomeReport } from "../merge/FireReport.ts"
import type { Running, StopReason } from "./Adapter.ts"
import { Adapters } from "./Adapters.ts"
import { emptyReply, type Reply, textOf } from "./Reply.ts"
import type { End, FailureReason, Failure, Notice, Output, SkipReason } from "./Outcome.ts"

/** A hook's outcome as reported, and what it contributes to the report. */
export interface Settled {
  readonly outcome: OutcomeReport
  readonly output: Output
  readonly decisive: boolean
}

export interface RunOptions {
  readonly set: HookSet
  readonly dialect: Dialect
  readonly fire: Fire
  /** Done when the fire was cancelled. */
  readonly cancelled: Deferred.Deferred<void>
  /** Told just before the action starts. */
  readonly onStart: (encoded: Encoded) => void
}

/** Never fails: whatever goes wrong is the hook's outcome. Interrupting it stops the action. */
export const runHook = Effect.fnUntraced(function* (hook: Hook, options: RunOptions) {
  if (options.set.trust._tag === "untrusted") {
    return skip(hook, options.set, "untrusted", `not trusted: ${options.set.trust.why}`)
  }
  const clock = yield* Clock.Clock
  const startedAt = clock.monotonicTimeNanosUnsafe()
  const end = yield* act(hook, options)
  const durationMs = Number((clock.monotonicTimeNanosUnsafe() - startedAt) / 1000n) / 1000
  return settle(hook, options, end, options.dialect.decode(hook, options.fire, end), durationMs)
})

/** What the set's policy kept from running. */
export const skip = (hook: Hook, set: HookSet, reason: SkipReason, message: string): Settled => ({
  outcome: {
    ...reportOf(hook, set, emptyReply),
    status: "skipped",
    reason,
    message,
    verdict: "abstain",
    timedOut: false,
    durationMs: 0
  },
  output: reason === "halted" ? {} : { notices: [{ level: "warn", text: `${hook.name} was skipped: ${message}` }] },
  decisive: false
})

const act = Effect.fnUntraced(function* (hook: Hook, { set, dialect, fire, cancelled, onStart }: RunOptions) {
  const adapters = yield* Adapters
  const adapter = yield* Effect.match(adapters.get(hook.action.kind), {
    onFailure: (error) => failure("missing", error.message),
    onSuccess: (found) => found
  })
  if ("_tag" in adapter) return adapter

  const encoded = yield* Effect.match(dialect.encode(hook, fire), {
    onFailure: (error) => failure(error.reason, error.message),
    onSuccess: (value) => value
  })
  if ("_tag" in encoded) return encoded
  if (Deferred.isDoneUnsafe(cancelled)) return failure("cancelled", "the fire was cancelled before it started")
  if (hook.timeoutMs <= 0) return failure("timeout", "its deadline had passed before it started")

  onStart(encoded)
  const invocation = {
    ...encoded,
    fireId: fire.fireId,
    hook: hook.name,
    onFailure: hook.onFailure,
    ...(set.folder === undefined ? {} : { folder: set.folder }),
    ...(hook.linger === undefined ? {} : { linger: hook.linger })
  }
  let running: Running | undefined
  const finish = Effect.match(
    Effect.flatMap(adapter.start(invocation), (it) => {
      running = it
      return it.reply
    }),
    {
      onFailure: (error): End => failure(error.reason._tag, error.reason.message, error.reply),
      onSuccess: (reply): End => ({ _tag: "reply", ...reply })
    }
  )
  const deadline = Number.isFinite(hook.timeoutMs)
    ? Effect.as(Effect.sleep(hook.timeoutMs), "timeout" as const)
    : Effect.never
  const cancel = Effect.as(Deferred.await(cancelled), "cancelled" as const)
  return yield* Effect.scoped(
    Effect.flatMap(
      Effect.raceAllFirst<Effect.Effect<End | StopReason, never, Scope.Scope>>([finish, deadline, cancel]),
      Effect.fnUntraced(function* (first: End | StopReason) {
        if (typeof first !== "string") return first
        const reply = running === undefined ? emptyReply : yield* running.stop(first)
        return failure(
          first,
          first === "timeout" ? `it did not end within ${hook.timeoutMs} ms` : "the fire was cancelled",
          reply
        )
      })
    )
  )
})

const failure = (reason: FailureReason, message: string, reply: Reply = emptyReply): Failure => ({
  _tag: "failure",
  reason,
  message,
  reply
})

const settle = (hook: Hook, { set }: RunOptions, end: End, decoded: Decoded, durationMs: number): Settled => {
  const reply = end._tag === "reply" ? end : end.reply
  const { outcome } = decoded
  const { notices: remarks = [] } = reply
  const about = outcome.status === "failed" ? remarks.map(({ text }) => text) : []
  const ownMessage = decoded.message ?? (end._tag === "failure" ? end.message : null)
  const message = ownMessage === null ? about.join("; ") || null : [ownMessage, ...about].join("; ")
  const report = {
    ...reportOf(hook, set, reply),
    status: outcome.status,
    reason: outcome.status === "succeeded" ? null : outcome.reason,
    message,
    exitCode: decoded.exitCode ?? reply.status,
    timedOut: end._tag === "failure" && end.reason === "timeout",
    ...(decoded.stdout === undefined ? {} : { stdout: decoded.stdout }),
    ...(decoded.stderr === undefined ? {} : { stderr: decoded.stderr }),
    durationMs
  }
  switch (outcome.status) {
    case "succeeded":
      return {
        outcome: { ...report, verdict: outcome.output.verdict ?? "abstain" },
        output: noted(outcome.output, remarks),
        decisive: decoded.decisive
      }
    case "failed": {
      const blocks = hook.onFailure === "block"
      const text = message ?? `${hook.name} failed: ${outcome.reason}`
      return {
        outcome: { ...report, verdict: blocks ? "deny" : "abstain" },
        output: blocks
          ? { verdict: "deny", reason: text, ...noted({}, outcome.notices ?? []) }
          : noted({}, [...(outcome.notices ?? []), ...remarks]),
        decisive: decoded.decisive
      }
    }
    case "skipped":
      return {
        outcome: { ...report, verdict: "abstain" },
        output: noted({}, [...(outcome.notices ?? []), ...remarks]),
        decisive: decoded.decisive
      }
  }
}

/** With further notices behind its own. */
const noted = (output: Output, notices: ReadonlyArray<Notice>): Output =>
  notices.length === 0 ? output : { ...output, notices: [...(output.notices ?? []), ...notices] }

const reportOf = (hook: Hook, set: HookSet, reply: Reply) => ({
  hook: hook.name,
  index: hook.index,
  dialect: set.dialect,
  source: hook.source,
  adapter: hook.action.kind,
  exitCode: reply.status,
  signal: reply.signal,
  stdout: textOf(reply.output),
  stderr: textOf(reply.diagnostics),
  truncated: reply.truncated,
  leftRunning: reply.leftRunning,
  output: reply.value ?? null
})
