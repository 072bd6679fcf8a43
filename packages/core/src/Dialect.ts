/** The seam for config languages: what a config says, and what the bytes between host and hook mean. */
import { Context, Effect, Layer, Schema } from "effect"
import type { EventClass, EventName, HookEvent } from "./event/Event.ts"
import type { EventContext } from "./event/EventContext.ts"
import type { ConfigError } from "./hook/ConfigError.ts"
import type { ConfigSource, Folder } from "./hook/ConfigSource.ts"
import type { Action, Hook } from "./hook/Hook.ts"
import type { HookSet } from "./hook/HookSet.ts"
import type { OutcomeReport } from "./merge/FireReport.ts"
import type { AnyAdapter } from "./run/Adapter.ts"
import type { FireId } from "./run/Invocation.ts"
import type { End, FailureReason, Outcome } from "./run/Outcome.ts"

export interface Dialect {
  readonly id: string
  /** The product and document it follows, as a person would look them up. */
  readonly title: string
  /** The first is the default. */
  readonly modes: readonly [string, ...ReadonlyArray<string>]
  readonly events: EventTable
  /** The configs that the product itself would find, in the order it would read them. */
  readonly discover: (from: Folder) => Effect.Effect<ReadonlyArray<ConfigSource>>
  /** Whether a config looks like one of this dialect's; used where nobody named the dialect. */
  readonly recognizes: (source: ConfigSource) => boolean
  readonly load: (source: ConfigSource, options: LoadOptions) => Effect.Effect<HookSet, ConfigError>
  /** Fills in the values of one fire. */
  readonly encode: (hook: Hook<any>, fire: Fire) => Effect.Effect<Encoded, EncodeError>
  /** Judges how it ended. Pure, and never throws. */
  readonly decode: (hook: Hook<any>, fire: Fire, end: End) => Decoded
  /** Facts for the outbox, once a hook's outcome is known; `at` is when, in epoch milliseconds. */
  readonly announce?: (hook: Hook<any>, fire: Fire, outcome: OutcomeReport, at: number) => ReadonlyArray<Announcement>
}

/** Native event name to canonical name, and the class where this dialect gives it another. */
export type EventTable = Readonly<Record<string, { readonly event: EventName; readonly class?: EventClass }>>

export interface LoadOptions {
  readonly mode: string
  readonly adapters: ReadonlyArray<AnyAdapter>
  /**
   * Whether unknown keys and events are notices where the dialect would refuse them, for a config that is written for a
   * newer version. Wrong types and duplicate keys stay errors. Default: false.
   */
  readonly lenient?: boolean
}

/** What happened, as encode and decode see it. */
export interface Fire {
  readonly fireId: FireId
  readonly event: HookEvent
  readonly context: EventContext
  readonly mode: string
}

/** An action with its payload; the engine adds the rest of the invocation. */
export interface Encoded {
  readonly action: Action
  readonly payload?: Uint8Array
  readonly value?: unknown
}

/** The values of this fire cannot fill in the action. Counts as the hook's failure. */
export class EncodeError extends Schema.TaggedError<EncodeError>()("EncodeError", {
  reason: Schema.Literals(["missing", "decode", "oversize"]),
  text: Schema.String
}) {
  override get message() {
    return this.text
  }
}

export interface Decoded {
  readonly outcome: Outcome
  /** Whether it ends the run of its set under a policy that halts on a decisive outcome. */
  readonly decisive: boolean
  /** The dialect's own log line or text for it, word for word where its documentation gives one. */
  readonly message?: string
  /** The code in the report where the dialect's document defines another than the process's own. */
  readonly exitCode?: number
  /** Replaces the text in the report where the dialect's document defines it. */
  readonly stdout?: string
  readonly stderr?: string
}

export interface Announcement {
  readonly type: string
  readonly data: unknown
}

/** What `decode` says of a failed hook where its dialect adds nothing. */
export const failedWith = (outcome: FailureReason, message: string): Decoded => ({
  outcome: { status: "failed", reason: outcome },
  decisive: false,
  message
})

/** The dialects of this process by id. */
export class Dialects extends Context.Service<
  Dialects,
  {
    readonly get: (id: string) => Effect.Effect<Dialect, NoDialect>
    readonly all: ReadonlyArray<Dialect>
  }
>()("@tenterhook/core/Dialects") {
  static readonly layer = (dialects: ReadonlyArray<Dialect>) => {
    const byId = new Map(dialects.map((dialect) => [dialect.id, dialect]))
    return Layer.succeed(
      Dialects,
      Dialects.of({
        all: dialects,
        get: (id) => {
          const dialect = byId.get(id)
          return dialect === undefined
            ? Effect.fail(new NoDialect({ id, known: [...byId.keys()] }))
            : Effect.succeed(dialect)
        }
      })
    )
  }
}

export class NoDialect extends Schema.TaggedError<NoDialect>()("NoDialect", {
  id: Schema.String,
  known: Schema.Array(Schema.String),
  /** The known one that was probably meant. */
  near: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const known = this.near === undefined ? "known are" : `did you mean "${this.near}"? Known are`
    return `no dialect "${this.id}"; ${known} ${this.known.join(", ")}; a plug-in adds others (--plugin)`
  }
}
