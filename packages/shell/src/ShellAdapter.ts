/** The adapter of kind `shell`: a command as a process, its whole process tree ended when it must not go on. */
import {
  Adapters,
  AdapterError,
  CurrentContext,
  CurrentExecution,
  type EventContext,
  type Invocation,
  type Reply,
  type Running,
  ShellAction,
  Spawn,
  Transport
} from "@tenterhook/core"
import { Effect, Layer, Option } from "effect"
import { type Command, commandOf } from "./Command.ts"
import { defaultLimits, type Host, type Limits, openHost } from "./Host.ts"
import { type Run, startRun } from "./Run.ts"
import { scriptNotices } from "./Script.ts"

export type { Limits }

/** Registers the adapter; `limits` says how much output is kept and how long stopping may take. */
export const layerWith = (limits: Partial<Limits>): Layer.Layer<never, never, Adapters> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const adapters = yield* Adapters
      const host = yield* Effect.acquireRelease(
        Effect.sync(() => openHost({ ...defaultLimits, ...limits })),
        (it) => Effect.promise(() => it.close())
      )
      yield* adapters.register({ kind: "shell", action: ShellAction, start: startOn(host) })
    })
  )

/**
 * Registers the adapter with its usual limits. Nothing is started before the first command. Closing the layer ends the
 * commands that still run and what hooks of an open execution left running.
 */
export const layer: Layer.Layer<never, never, Adapters> = layerWith({})

const startOn = (host: Host) =>
  Effect.fnUntraced(function* (invocation: Invocation<ShellAction>) {
    const context = Option.getOrElse(yield* Effect.serviceOption(CurrentContext), (): EventContext => ({}))
    const execution = yield* CurrentExecution
    const failed = (reason: AdapterError["reason"]) => new AdapterError({ hook: invocation.hook, reason })
    while (!host.pipes.ready()) yield* Effect.promise(() => host.pipes.more())

    const acquire = Effect.suspend((): Effect.Effect<Running & Pick<Run, "close">, AdapterError> => {
      if (process.platform === "win32")
        return Effect.fail(failed(new Spawn({ what: "a command", why: "Windows is not supported yet" })))
      const command = commandOf(invocation, context, host.folder.empty)
      if ("_tag" in command) return Effect.fail(failed(command))
      const run = startRun(host, command, { linger: invocation.linger ?? "keep", execution })
      if ("reply" in run) return Effect.succeed(runningOf(run, command, invocation.hook))
      return Effect.flatMap(
        Effect.promise(() => run),
        (why) => Effect.fail(failed(new Spawn({ what: command.what, why })))
      )
    })
    return yield* Effect.acquireRelease(acquire, (it) => Effect.promise(() => it.close()))
  })

const runningOf = (run: Run, command: Command, hook: Invocation["hook"]) => {
  const noted = (reply: Reply): Reply => {
    const notices = [...command.notices, ...scriptNotices(command, reply.status)]
    return notices.length === 0 ? reply : { ...reply, notices }
  }
  const unreadable = (why: string, reply: Reply) =>
    new AdapterError({
      hook,
      reason: new Transport({ what: command.what, why: `its output could not be read: ${why}` }),
      reply
    })
  return {
    reply: Effect.callback<Reply, AdapterError>((resume) =>
      run.reply((reply, unread) =>
        resume(unread === null ? Effect.succeed(noted(reply)) : Effect.fail(unreadable(unread, noted(reply))))
      )
    ),
    stop: () =>
      Effect.map(
        Effect.promise(() => run.stop()),
        noted
      ),
    close: run.close
  }
}
