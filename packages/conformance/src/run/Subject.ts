/** What is held against the cases: an engine in process, a command line, a server. The only thing that a driver writes. */
import type { Case } from "../case/Case.ts"
import type { HostTool } from "../host/HostTools.ts"

export interface Subject {
  readonly name: string
  /** What it can do: shell, tool-call, webhook, clock, exec. A case that needs more is skipped, with that as its reason. */
  readonly needs: ReadonlyArray<string>
  /** Whether other cases at the same time would disturb this one. Absent: they never do. */
  readonly alone?: (it: Case) => boolean
  /** Called once for each case. Nothing is loaded yet. */
  readonly open: (setup: CaseSetup) => Promise<Session>
}

export interface CaseSetup {
  /** Absolute, fresh, without spaces; the case's files are in it. The subject's working directory. */
  readonly folder: string
  readonly dialect: string
  readonly mode?: string
  readonly lenient?: boolean
  /** As the case names them, relative to the folder; empty where the dialect is configured by environment alone. */
  readonly config: ReadonlyArray<string>
  /** The host's whole environment. */
  readonly env: Readonly<Record<string, string>>
  /** The tools that the case's host has. Absent: the case gives it none. */
  readonly tools?: ReadonlyArray<HostTool>
  /** Who gets what is announced. */
  readonly endpoints?: ReadonlyArray<SetupEndpoint>
  /** Host and port of the case's receivers: the only places on loopback that may be reached. */
  readonly allow?: ReadonlyArray<string>
}

/** A subscription: for an HTTP POST of each announcement, signed after Standard Webhooks. */
export interface SetupEndpoint {
  readonly url: string
  readonly events?: ReadonlyArray<string>
  readonly secret: string
  /** One request at a time, so that they come in the order of the announcements. */
  readonly concurrency: number
  /** The rules of its deliveries by name. */
  readonly mode: string
  /** What differs from them: delays so short that a step can wait for a retry. Absent where the case names the mode. */
  readonly rules?: { readonly delaysMs: ReadonlyArray<number> }
}

/** One case on one subject. A rejection fails the case's step, in its own words. */
export interface Session {
  /** A report. Rejects when the config is refused. */
  readonly fire: (event: string, context: object) => Promise<unknown>
  /** Wraps a command in the events `execution_start` and `execution_end`. */
  readonly exec: (argv: ReadonlyArray<string>, context: object) => Promise<ExecResult>
  readonly load: () => Promise<LoadResult>
  /** Moves the test clock. Asked for only of a subject that names `clock` among its needs. */
  readonly clock?: (milliseconds: number) => Promise<void>
  /** Waits until nothing more can be delivered within the time. Absent: the subject delivers before a step's end. */
  readonly settle?: (milliseconds: number) => Promise<void>
  /** Ends what the session started. Also called when a case ran out of time. */
  readonly close: () => Promise<void>
}

export interface ExecResult {
  /** The command's; 3 where the start did not proceed. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Reports. */
  readonly start: unknown
  readonly end: unknown
}

export type LoadResult =
  /** Notices read `file:line:column: text`, as `noticeText` writes them. */
  | { readonly ok: true; readonly notices: ReadonlyArray<string> }
  /** All problems, one in a line: `file:line:column: path: text`. */
  | { readonly ok: false; readonly error: string }
