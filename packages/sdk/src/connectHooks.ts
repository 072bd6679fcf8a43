/** Hooks that run on a server, for a host that fires here. Nothing but this file is loaded until it connects. */
import "./runtime.ts"
import type { EventContext, HostCapability } from "@tenterhook/core"
import type { AnyHooks } from "./AnyHooks.ts"
import type { Ask } from "./ask.ts"
import type { ConfigText } from "./ConfigText.ts"

/** Whose hooks: `agent`, `hookSet`, or those that each request brings along: `config`, `hooks`, `dialect`. One of the three. */
export interface ConnectOptions {
  /** As `http://127.0.0.1:4700`. */
  readonly url: string
  /** What `tenterhook serve` or `tenterhook keys` printed: `th_…`. */
  readonly key?: string
  /** The id of an agent on the server. */
  readonly agent?: string
  /** The id of a hook set on the server. */
  readonly hookSet?: string
  /** Of the hook set; its latest where absent. */
  readonly version?: number
  /**
   * Config files, relative to `cwd`, or configs as text. Files are read here, once; their relative paths start in the
   * same folder on the server. Needs a key with `hooks:write`, as `hooks` and `dialect` do.
   */
  readonly config?: string | ConfigText | ReadonlyArray<string | ConfigText>
  /** Of what comes along; recognized where absent. Alone: what the environment configures, which is `env`. */
  readonly dialect?: string
  readonly mode?: string
  /** Of what comes along: unknown keys and events of a native config are notices, not errors. Default: false. */
  readonly lenient?: boolean
  /** Hooks given in code, in the dialect's own form. A function cannot be sent. */
  readonly hooks?: unknown
  /** Goes as `cwd` with each context that has none; the process's own where absent. */
  readonly cwd?: string
  /** Goes as `env` with each context that has none. Absent: nothing of this process's environment. Needs `hooks:write`. */
  readonly env?: EventContext["env"]
  /** What the host honours of an answer; absent: everything. */
  readonly host?: ReadonlyArray<HostCapability>
  /** Answers an `ask`: true allows, false or a rejection denies. Absent: the host reads `verdict: "ask"` itself. */
  readonly ask?: Ask
  /** How long this process may be silent before the server ends its executions. The server's default where absent. */
  readonly leaseMs?: number
  /** Breaks off every request. */
  readonly signal?: AbortSignal
}

/**
 * The same as hooks of this process, but for three things.
 *
 * What the server refuses, a config that cannot be loaded included, is `ServerRefused` at the first request; connecting
 * makes none. Where no answer comes it is `ServerUnreachable`. A fire is tried again, for up to 2 seconds, only while
 * nobody listens at the URL: otherwise hooks may have run. `end` is tried again for 30 seconds.
 *
 * A signal that aborts ends the request at once; the server may still run the hooks when `fire` rejects. It rejects with
 * the signal's reason also where `whenAborted` is `report`.
 *
 * An execution holds a lease until its `end`. After `close`, or when this process dies, the lease runs out, and the
 * server runs the end hooks with the outcome `aborted`. What is honoured of their answers is what the start said.
 */
export interface ServerHooks extends AnyHooks {
  readonly url: string
}

/**
 * Rejects with `InvalidOptions` for an unknown option or a wrong type, with `InvalidConnection` where the options
 * contradict each other, and with `ConfigError` where a file cannot be read.
 */
export const connectHooks = async (options: ConnectOptions): Promise<ServerHooks> => {
  const { serverHooks } = await import("./server/serverHooks.ts")
  return serverHooks(options)
}

export {
  InvalidConnection,
  type ProblemDocument,
  type ProblemEntry,
  ServerRefused,
  ServerUnreachable
} from "./server/ServerError.ts"
