/** The folder that a server keeps everything in, and that no two servers have at the same time. */
import { Effect, Schema } from "effect"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

export class FolderTaken extends Schema.TaggedError<FolderTaken>()("FolderTaken", { folder: Schema.String }) {
  override get message() {
    return `${this.folder} is the data folder of a server that runs; give this one another with --data`
  }
}

/** Made where it is not there. */
export const claimFolder = (folder: string) =>
  Effect.andThen(
    Effect.sync(() => makeFolder(folder)),
    lockedBy(join(folder, "server.lock"), () => new FolderTaken({ folder }))
  )

/** The system lets go of it when the process ends, however it ends. */
export const lockedBy = <E>(file: string, taken: () => E) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const lock = new DatabaseSync(file, { timeout: 0 })
        try {
          lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
          return lock
        } catch (error) {
          lock.close()
          throw error
        }
      },
      catch: (error) => {
        if ((error as { errcode?: number }).errcode === busy) return taken()
        throw error
      }
    }),
    (lock) => Effect.sync(() => lock.close())
  )

export const databaseFile = (folder: string): string => join(folder, "server.db")

/** What hooks' commands and the file tools work in, where nothing else is named. */
export const sharedFolder = (folder: string): string => {
  const shared = join(folder, "shared")
  makeFolder(folder)
  mkdirSync(shared, { recursive: true })
  return shared
}

/** SQLite's code for a lock that somebody else has. */
export const busy = 5

/** It holds secrets and payloads: nobody else reads it, and no repository takes it in. */
export const makeFolder = (folder: string) => {
  if (existsSync(folder)) return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, ".gitignore"), "*\n")
}
