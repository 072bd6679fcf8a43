/** Where a hook set is loaded from, and the folder in which a dialect looks for one. */
import type { Effect } from "effect"

/** A config's text with its place, a value given in code, or the environment alone. */
export type ConfigSource =
  | {
      readonly _tag: "text"
      /** As its owner named it; messages repeat it. */
      readonly file: string
      /** Absolute; relative paths in the config are taken from here where its dialect says so. */
      readonly folder: string
      readonly text: string
    }
  | { readonly _tag: "value"; readonly value: unknown; readonly folder: string }
  | { readonly _tag: "environment"; readonly folder: string }

/** A folder as dialects see it when they look for their configs. */
export interface Folder {
  /** Absolute. */
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  /** The text of a file below the folder, or an absolute path; null where it cannot be read. */
  readonly read: (file: string) => Effect.Effect<string | null>
}
