/** The outbox of a data folder: what dialects announced, kept until every endpoint that wants it has it. */
import "./runtime.ts"
import { type EndpointRules, openOutbox, type OpenOutbox, type OpenOutboxOptions } from "@tenterhook/webhook/outbox"
import type { MovableClock } from "@tenterhook/core"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { checkOptions } from "./options/Check.ts"
import * as shapes from "./options/shapes.ts"

/** Who gets what is announced. */
export interface EndpointOptions {
  readonly url: string
  /** Signs what is sent, and the receiver verifies it with the same: `whsec_` and 24 to 64 random bytes in base64. */
  readonly secret: string
  /** Types of announcements: exact, a beginning (`agent.*`), or `*`. Default: all. */
  readonly events?: ReadonlyArray<string>
  /** By what an announcement says: `{ "status": "failed" }`. Default: all. */
  readonly filter?: Readonly<Record<string, unknown>>
  /** Added to each request. */
  readonly headers?: Readonly<Record<string, string>>
  readonly ratePerSecond?: number
  /** Requests at the same time at most. Default: 10. */
  readonly concurrency?: number
  /** One delivery after the other, in the order of the announcements. Default: false. */
  readonly fifo?: boolean
  /** The rules of its deliveries: `standard` (default), `wacht-documented`, `wacht-upstream`. */
  readonly mode?: string
  /** What differs from the mode's rules, such as `{ delaysMs: [1000, 5000] }`. */
  readonly rules?: EndpointRules
}

export interface DataFolderOptions {
  /** Absolute; made where it is not there. Several processes may share it. */
  readonly folder: string
  /** Places beside public addresses that may be sent to, as `127.0.0.1:8080`, and networks. */
  readonly allow?: ReadonlyArray<string>
  /**
   * All endpoints: those of the folder that are not among them are disabled, and those that differ are changed.
   * Absent: the folder's own.
   */
  readonly endpoints?: ReadonlyArray<EndpointOptions>
  /** Told what an operator should know, such as that an endpoint was disabled. */
  readonly warn?: (text: string) => void
  /** Whether this process delivers. Default: true. */
  readonly deliver?: boolean
  readonly clock?: MovableClock
}

/** Rejects with `OutboxError` where an endpoint cannot be saved as it is, or the folder cannot be used. */
export const openDataFolder = async ({ folder, endpoints, ...options }: DataFolderOptions): Promise<OpenOutbox> => {
  if (endpoints !== undefined) checkOptions("endpoints", shapes.endpoints, endpoints)
  makeFolder(folder)
  const wanted = endpoints?.map(declared)
  const outbox = await openOutbox({
    ...options,
    file: outboxFile(folder),
    ...(wanted === undefined ? {} : { endpoints: wanted })
  })
  try {
    if (wanted !== undefined) await keepOnly(outbox, new Set(wanted.map(({ id }) => id)))
    return outbox
  } catch (error) {
    await outbox.close()
    throw error
  }
}

export const outboxFile = (folder: string): string => join(folder, "outbox.db")

type Declared = NonNullable<OpenOutboxOptions["endpoints"]>[number]

/** The same endpoint has the same id in each process and at each start; two may have one URL. */
const declared = (settings: EndpointOptions, index: number, all: ReadonlyArray<EndpointOptions>): Declared => {
  const earlier = all.slice(0, index).filter(({ url }) => url === settings.url).length
  const id = `ep_${createHash("sha256").update(`${earlier} ${settings.url}`).digest("hex").slice(0, 24)}`
  return { ...defaults, ...settings, id }
}

const defaults = {
  events: ["*"],
  filter: null,
  headers: {},
  ratePerSecond: null,
  concurrency: 10,
  fifo: false,
  mode: "standard",
  rules: null
}

const keepOnly = async ({ endpoints }: OpenOutbox, wanted: ReadonlySet<string | undefined>) => {
  for (const { id, status, reason } of await endpoints.list()) {
    if (wanted.has(id)) {
      if (status === "disabled" && reason === notNamed) await endpoints.enable(id)
    } else if (status !== "disabled") await endpoints.disable(id, notNamed)
  }
}

const notNamed = "it is no longer among the endpoints"

/** It holds secrets and payloads: nobody else reads it, and no repository takes it in. */
const makeFolder = (folder: string) => {
  if (existsSync(folder)) return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, ".gitignore"), "*\n")
}
