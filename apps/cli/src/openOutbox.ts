/** The outbox of the data folder that the flags name, without any hooks. */
import * as Option from "effect/Option"
import { existsSync } from "node:fs"
import { fromHere } from "./currentFolder.ts"
import { type OutboxFlags, outboxOptions } from "./hostFlags.ts"
import { Refusal } from "./Refusal.ts"
import { shortPath } from "./show/shortPath.ts"
import type { Words } from "./terminal/Words.ts"

export const openOutbox = async (
  flags: Pick<OutboxFlags, "data"> & Partial<OutboxFlags>,
  words: Words,
  deliver = true
) => {
  const folder = fromHere(Option.getOrElse(flags.data, () => ".tenterhook"))
  const { openDataFolder, outboxFile } = await import("@tenterhook/sdk/outbox")
  if (!existsSync(outboxFile(folder))) {
    throw new Refusal(`${shortPath(folder)}: nothing was announced here`, {
      hint: "`fire` and `exec` keep announcements in --data; without it, in .tenterhook where there are --endpoints"
    })
  }
  const { dataFolder: _, ...options } = await outboxOptions({ endpoints: Option.none(), allow: [], ...flags })
  return openDataFolder({ folder, deliver, warn: words.warn, ...options })
}
