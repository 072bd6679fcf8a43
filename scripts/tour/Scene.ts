/** One product in the tour: its own example config, the events that its agent announces, and what must come of it. */
import type { EventContext, FireReport } from "@tenterhook/sdk"

export interface Scene {
  /** The product, as people know it; also names the scene's folder. */
  readonly system: string
  readonly document: string
  readonly about: string
  /** Written below the scene's fresh folder before anything is fired. */
  readonly files: Readonly<Record<string, string>>
  /** Scripts among them that a newcomer should read first. */
  readonly scripts: ReadonlyArray<string>
  /** The folder that its tools read_file and append_file work on, below the scene's. */
  readonly shared?: string
  /** Who hears what its hooks announce: a receiver on this machine, with a secret of its own. */
  readonly receiver?: { readonly events: ReadonlyArray<string> }
  readonly acts: (folder: string) => ReadonlyArray<Act>
}

/** One announced event. */
export interface Act {
  readonly dialect: string
  /** Below the scene's folder; absent where the environment alone configures the hooks. */
  readonly config?: string
  readonly env?: Readonly<Record<string, string>>
  /** What the agent is about to do, or has done. */
  readonly says: string
  readonly event: string
  readonly context: EventContext
  readonly expect: {
    readonly proceed: boolean
    readonly hooks: ReadonlyArray<FireReport["outcomes"][number]["status"]>
    /** Files that the hooks wrote, below the scene's folder. */
    readonly wrote: ReadonlyArray<string>
    /** What the receiver got and could verify. */
    readonly received?: ReadonlyArray<string>
  }
}
