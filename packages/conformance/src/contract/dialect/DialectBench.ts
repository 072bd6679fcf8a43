/** What a dialect's author brings to have the dialect checked: configs, good and bad, and occurrences to fire at them. */
import { Context } from "effect"
import type { AnyAdapter, ConfigSource, Dialect, EventClass, EventContext, EventName } from "@tenterhook/core"

export interface DialectFixtures {
  readonly dialect: Dialect
  /** The adapters that loading may ask for; empty where the dialect asks for none. */
  readonly adapters: ReadonlyArray<AnyAdapter>
  /** Configs that load, in every mode. */
  readonly good: ReadonlyArray<{ readonly name: string; readonly source: ConfigSource }>
  /** Configs that are refused: the offending value as the message shows it, and words that say what would be right. */
  readonly bad: ReadonlyArray<{
    readonly name: string
    readonly source: ConfigSource
    readonly value: string
    readonly right: string
  }>
  /** Configs with an unknown key or event: words of the notice, or of the problem where the dialect refuses them. */
  readonly unknown: ReadonlyArray<{ readonly name: string; readonly source: ConfigSource; readonly notice: string }>
  /** Occurrences; together they fit at least one hook of each good config. */
  readonly fires: ReadonlyArray<{
    readonly event: EventName
    readonly class?: EventClass
    readonly context: EventContext
  }>
  /** Outputs of hooks that mean something in this dialect: `{"action": "block"}`. */
  readonly outputs: ReadonlyArray<string>
}

export class DialectBench extends Context.Service<DialectBench, DialectFixtures>()(
  "@tenterhook/conformance/dialect/DialectBench"
) {}
