/** The folder that a server keeps everything in, and that no two servers have at the same time. */
import { Effect, Schema } from "effect"
import { closeSync, existsSync, mkdirSync, openSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"

export class FolderTaken extends Schema.TaggedError<FolderTaken>()("FolderTaken", { folder: Schema.String }) {
  override get message() {
    return `${this.folder} is the data folder of a server that runs; give this one another with --data`
  }
}

export class FolderUnfit extends Schema.TaggedError<FolderUnfit>()("FolderUnfit", {
  folder: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `${this.folder} cannot be the data folder: ${this.why}; give another with --data`
  }
}

/** Made where it is not there. The system lets go of the lock when the process ends, however it ends. */
export const claimFolder = (folder: string, files: ReadonlyArray<string> = ["server.db", "cluster.db"]) =>
  lockedBy(
    join(folder, "server.lock"),
    () => new FolderTaken({ folder }),
    () => {
      makeFolder(folder)
      for (const file of files) makePrivate(join(folder, file))
    }
  )

/** The system lets go of it when the process ends, however it ends. */
export const lockedBy = <E>(file: string, taken: () => E, prepare: () => void = () => {}) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        prepare()
        makePrivate(file)
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
        const { errcode, code, message } = error as { errcode?: number; code?: string; message: string }
        const folder = dirname(file)
        if (errcode === busy) return taken()
        if (errcode === notADatabase)
          return new FolderUnfit({ folder, why: `its ${basename(file)} is another program's` })
        if (errcode === cannotOpen || errcode === readOnly) return new FolderUnfit({ folder, why: notWritable })
        if (code !== undefined) return new FolderUnfit({ folder, why: words[code] ?? message })
        throw error
      }
    }),
    (lock) => Effect.sync(() => lock.close())
  )

export const databaseFile = (folder: string): string => join(folder, "server.db")

/** SQLite's codes: a lock that somebody else has, no right to write, no such file, no file of SQLite's. */
export const busy = 5
const readOnly = 8
const cannotOpen = 14
const notADatabase = 26

const notWritable = "this user cannot write there"
const words: Readonly<Record<string, string>> = {
  EEXIST: "it is a file",
  ENOTDIR: "a part of its path is a file",
  EACCES: notWritable,
  EPERM: notWritable,
  EROFS: notWritable,
  ENOENT: "nothing can be made there",
  ENOSPC: "the disk is full"
}

/** It holds secrets and payloads: nobody else reads it, and no repository takes it in. */
export const makeFolder = (folder: string) => {
  if (isFolder(folder)) return
  makeWithParents(folder)
  writeFileSync(join(folder, ".gitignore"), "*\n")
}

/** One after the other: Node's own recursion never ends where the system lets nobody make anything, as in /proc. */
export const makeWithParents = (folder: string) => {
  const parent = dirname(folder)
  if (parent !== folder && !existsSync(parent)) makeWithParents(parent)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(folder)) throw error
  }
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** SQLite gives what it writes beside a database the database's own mode. */
export const makePrivate = (file: string) => closeSync(openSync(file, "a", 0o600))
