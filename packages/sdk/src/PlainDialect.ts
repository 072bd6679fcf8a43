/** A dialect written with plain objects, for a product's config that Tenterhook does not read yet. Needs no Effect. */
import type { EventClass, EventContext, EventName, Policy } from "@tenterhook/core"
import type { NativeHook } from "@tenterhook/dialects"

export interface PlainDialect {
  /** In small letters: what `--dialect` and reports call it. */
  readonly id: string
  /** The product and its document. Default: the id. */
  readonly title?: string
  /** The first is the default. Default: `["documented"]`. */
  readonly modes?: ReadonlyArray<string>
  /** The product's event names, each with the canonical one. */
  readonly events: Readonly<Record<string, EventName | { readonly event: EventName; readonly class?: EventClass }>>
  /** Names of config files, relative to the folder that is searched. A config with such a name is recognized. */
  readonly files?: ReadonlyArray<string>
  /** Whether a config with another name is in this dialect. Default: no. */
  readonly recognizes?: (config: Pick<PlainConfig, "file" | "text" | "value">) => boolean
  /**
   * The hooks of a config, in their order. What it throws refuses the config; `line` and `column` of the error are the
   * place.
   */
  readonly load: (config: PlainConfig) => PlainHooks | Promise<PlainHooks>
  /** What a hook receives. Default: the event and its context as JSON on stdin. What it throws is the hook's failure. */
  readonly encode?: (hook: PlainHook, fire: PlainFire) => PlainInput
  /**
   * What a hook's reply means. Default: exit code 0 may have an answer as JSON on stdout, 2 denies, any other fails. Only
   * called for a hook that ended by itself. What it throws is the hook's failure.
   */
  readonly decode?: (hook: PlainHook, fire: PlainFire, reply: PlainEnd) => PlainAnswer
}

/** A config that is to be read. */
export interface PlainConfig {
  /** As its owner named it; null where it was given in code. */
  readonly file: string | null
  /** Absolute: relative paths and commands of the config start here. */
  readonly folder: string
  /** Null where it was given in code. */
  readonly text: string | null
  /** Parsed when it is first read: JSON where the name ends in `.json`, else YAML. Throws with the place of a syntax error. */
  readonly value: unknown
  readonly mode: string
  /** Refuses the config. All problems are reported. */
  readonly problem: (at: PlainPlace, text: string) => void
  /** Warns the config's owner, e.g. about a key that the dialect does not read. */
  readonly notice: (at: PlainPlace, text: string) => void
}

/** Keys and indexes in `value`, e.g. `["rules", 2, "command"]`, or a line, which counts from 1. */
export type PlainPlace = ReadonlyArray<string | number> | number

/** A list of hooks, or a list with their policy. */
export type PlainHooks =
  | ReadonlyArray<PlainHook>
  | {
      readonly hooks: ReadonlyArray<PlainHook>
      readonly policy?: { readonly [Key in keyof Policy]?: Policy[Key] | undefined }
    }

/** A hook with the keys that it has in `tenterhook.yaml`: `run`, `call`, `post` or `action`, `tool`, `timeout` and so on. */
export interface PlainHook extends NativeKeys {
  /** The event as the product spells it, several, or `*` for all. */
  readonly on: string | ReadonlyArray<string>
  /** Where it is written. */
  readonly at?: PlainPlace
  /** A test on the whole context, beside `tool` and `when`. What it throws is the hook's failure. */
  readonly matches?: (context: EventContext) => boolean
  /** Anything that `encode` and `decode` need. */
  readonly data?: unknown
}

type NativeKeys = { readonly [Key in Exclude<keyof NativeHook, "on">]?: NativeHook[Key] | undefined }

export interface PlainFire {
  readonly fireId: string
  /** The canonical name. */
  readonly event: string
  /** The event as the hook spells it. */
  readonly on: string
  readonly class: EventClass
  readonly context: EventContext
  readonly mode: string
}

export interface PlainInput {
  /** A text or bytes as they stand; anything else as JSON. Absent: the event and its context. */
  readonly payload?: unknown
  /** Variables for a hook that is a command, on top of its own. */
  readonly env?: Readonly<Record<string, string>>
}

export interface PlainEnd {
  /** Null where there is none, e.g. for a function. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** What a function or tool returned; of an HTTP request `{status, body}`. */
  readonly value: unknown
  /** Whether stdout or stderr was cut. */
  readonly truncated: boolean
}

/** An answer with the keys that a hook of `tenterhook.yaml` may give (`{}`: no opinion), or why the hook failed. */
export type PlainAnswer =
  | {
      readonly verdict?: "allow" | "ask" | "deny" | "defer" | "abstain"
      readonly reason?: string
      readonly rewrite?: { readonly target?: string; readonly mode?: "replace" | "patch"; readonly value: unknown }
      readonly context?: string | ReadonlyArray<string>
      readonly notices?: ReadonlyArray<string | { readonly level?: "info" | "warn" | "error"; readonly text: string }>
      readonly halt?: string | boolean
      readonly resume?: string | boolean
    }
  | { readonly failed: string }
