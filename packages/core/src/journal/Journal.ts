/** The stream of facts about every fire that everything else listens to: logs, traces, the outbox. */
import { Context, Effect, Layer, Queue, Stream } from "effect"
import type { Announcement } from "../Dialect.ts"
import type { EventName } from "../event/Event.ts"
import type { EventContext } from "../event/EventContext.ts"
import type { HookSource } from "../hook/Hook.ts"
import type { FireReport, OutcomeReport } from "../merge/FireReport.ts"
import type { FireId } from "../run/Invocation.ts"

/** One fact. Facts of one fire come in order; fires may interleave. `at` is in epoch milliseconds. */
export type JournalEntry =
  | Fact<
      "planned",
      { readonly event: EventName; readonly context: EventContext; readonly hooks: ReadonlyArray<string> }
    >
  | Fact<
      "started",
      {
        readonly hook: string
        readonly source: HookSource
        readonly adapter: string
        /** The action in one line, without its environment. */
        readonly does: string
        readonly task: EventContext["task"]
      }
    >
  | Fact<"finished", { readonly outcome: OutcomeReport }>
  | Fact<"verdict", { readonly report: FireReport }>
  | Fact<"announced", { readonly hook: string; readonly announcement: Announcement }>

export type Fact<Tag extends string, Body> = { readonly _tag: Tag; readonly at: number; readonly fireId: FireId } & Body

export class Journal extends Context.Service<
  Journal,
  {
    /** For the engine. Costs nothing where nobody listens. */
    readonly append: (entry: JournalEntry) => void
    readonly heard: () => boolean
    /** Calls the listener for each entry, in order, until the returned function is called. A listener must not throw. */
    readonly listen: (listener: (entry: JournalEntry) => void) => () => void
    /** The entries from now on. */
    readonly entries: Stream.Stream<JournalEntry>
  }
>()("@tenterhook/core/journal/Journal") {
  static readonly layer = Layer.sync(Journal, () => {
    const listeners = new Set<(entry: JournalEntry) => void>()
    const listen = (listener: (entry: JournalEntry) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
    return Journal.of({
      append: (entry) => listeners.forEach((listener) => listener(entry)),
      heard: () => listeners.size > 0,
      listen,
      entries: Stream.callback<JournalEntry>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() => listen((entry) => Queue.offerUnsafe(queue, entry))),
          (stop) => Effect.sync(stop)
        )
      )
    })
  })
}
