import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Makes a fresh folder: in TMPDIR, or where that takes none, in `/tmp` or `/var/tmp`. */
export const temporaryFolder = async (prefix: string): Promise<string> => {
  let first: unknown
  for (const place of [tmpdir(), "/tmp", "/var/tmp"]) {
    try {
      return await mkdtemp(join(place, prefix))
    } catch (error) {
      first ??= error
    }
  }
  throw first
}
