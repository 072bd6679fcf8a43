/** Carries what dialects announce from the journal to the outbox. The outbox is loaded when there is something to carry. */
import type { Announcement, FireReport, JournalEntry, MovableClock } from "@tenterhook/core"
import type { OpenOutbox } from "@tenterhook/webhook/outbox"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import type { EndpointOptions } from "./outbox.ts"

export interface DeliverOptions {
  /** How long to wait at most. Default: 10 000. */
  readonly timeoutMs?: number
}

export interface Delivered {
  /** How many deliveries wait for their next try. */
  readonly pending: number
}

export interface Mailroom {
  /** The report, once what its hooks announced is kept; with a notice where that failed. */
  readonly posted: (report: FireReport) => Promise<FireReport>
  readonly deliver: (options?: DeliverOptions) => Promise<Delivered>
  readonly close: () => Promise<void>
}

/** With endpoints the outbox is opened at once, so that one that cannot be saved is refused before anything is fired. */
export const makeMailroom = async (
  options: {
    readonly cwd: string
    readonly endpoints?: ReadonlyArray<EndpointOptions>
    readonly dataFolder?: string
    readonly allow?: ReadonlyArray<string>
    readonly clock?: MovableClock
  },
  listen: (listener: (entry: JournalEntry) => void) => () => void
): Promise<Mailroom> => {
  if (options.endpoints === undefined && options.dataFolder === undefined) return nobody
  const folder = resolve(options.cwd, options.dataFolder ?? ".tenterhook")
  let opening: Promise<OpenOutbox> | undefined
  const open = () =>
    (opening ??= import("./outbox.ts").then(({ openDataFolder }) =>
      openDataFolder({
        folder,
        ...(options.allow === undefined ? {} : { allow: options.allow }),
        ...(options.endpoints === undefined ? {} : { endpoints: options.endpoints }),
        ...(options.clock === undefined ? {} : { clock: options.clock })
      })
    ))
  if (options.endpoints !== undefined) await open()

  const waiting = new Map<string, Array<Announcement>>()
  const silence = listen((entry) => {
    if (entry._tag !== "announced") return
    const ofFire = waiting.get(entry.fireId)
    if (ofFire === undefined) waiting.set(entry.fireId, [entry.announcement])
    else ofFire.push(entry.announcement)
  })

  const posted = async (report: FireReport): Promise<FireReport> => {
    const list = waiting.get(report.fireId)
    if (list === undefined) return report
    waiting.delete(report.fireId)
    try {
      await (await open()).announce(list)
      return report
    } catch (error) {
      const text = `${list.length} announcements are lost: ${error instanceof Error ? error.message : String(error)}`
      return { ...report, notices: [...report.notices, { hook: "outbox", level: "error", text }] }
    }
  }

  return {
    posted,
    deliver: async ({ timeoutMs = 10_000 } = {}) => {
      if (opening === undefined && !existsSync(folder)) return { pending: 0 }
      const { pending } = await (await open()).drain({ timeoutMs })
      return { pending }
    },
    close: async () => {
      silence()
      const outbox = await opening?.catch(() => undefined)
      await outbox?.close()
    }
  }
}

const nobody: Mailroom = {
  posted: async (report) => report,
  deliver: async () => ({ pending: 0 }),
  close: async () => {}
}
