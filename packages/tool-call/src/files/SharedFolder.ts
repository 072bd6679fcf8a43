/** A folder that tools may read and write, and nothing outside of it, whatever path they are given. */
import { constants, type Stats } from "node:fs"
import { type FileHandle, lstat, mkdir, open, readlink, realpath, stat } from "node:fs/promises"
import { basename, dirname, join, posix, resolve, sep } from "node:path"

export interface SharedFolder {
  /** Throws with a sentence that names the path as it was given. */
  readonly read: (path: string) => Promise<string>
  /** Makes the file and the folders above it where they are missing. */
  readonly append: (path: string, content: string) => Promise<void>
}

/** What the folder is called by those who use it. */
export const sharedName = "/shared"

export const openSharedFolder = (folder: string): SharedFolder => {
  const root = resolve(folder)

  const use = async <A>(
    path: string,
    mode: "read" | "append",
    work: (handle: FileHandle) => Promise<A>
  ): Promise<A> => {
    const parts = partsOf(path)
    await mkdir(root, { recursive: true })
    const real = await realpath(root)
    const handle = await openInside(real, parts, path, mode)
    try {
      await checkHandle(handle, real, path)
      return await work(handle)
    } finally {
      await handle.close()
    }
  }

  return {
    read: (path) =>
      use(path, "read", async (handle) => {
        const bytes = await readUpTo(handle, readLimitBytes + 1)
        if (bytes.length > readLimitBytes) throw new Error(`${path} is larger than ${readLimitBytes} bytes`)
        try {
          return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
        } catch {
          throw new Error(`${path} is no text (UTF-8)`)
        }
      }),
    append: (path, content) =>
      use(path, "append", async (handle) => {
        await handle.appendFile(content, "utf8")
      })
  }
}

/** `/shared/a/b` and `a/b` are the same file; anything else that begins with a slash is elsewhere. */
const partsOf = (path: string): ReadonlyArray<string> => {
  if (path.includes("\0")) throw new Error("a path has no NUL in it")
  const clean = posix.normalize(path)
  const inside =
    clean === sharedName
      ? ""
      : clean.startsWith(`${sharedName}/`)
        ? clean.slice(sharedName.length + 1)
        : posix.isAbsolute(clean)
          ? null
          : clean
  const parts = inside?.split("/").filter((part) => part !== "" && part !== ".")
  if (parts === undefined || parts.includes("..")) throw outside(path)
  if (parts.length === 0 || path.endsWith("/")) throw new Error(`${path} is a folder, not a file`)
  if (sep !== "/" && parts.some((part) => part.includes(sep))) throw outside(path)
  return parts
}

const openInside = async (root: string, parts: ReadonlyArray<string>, path: string, mode: "read" | "append") => {
  let folder = root
  for (const part of parts.slice(0, -1)) {
    if (mode === "append") await within(root, folder, path, (at) => mkdir(join(at, part)).catch(onlyIf("EEXIST")))
    folder = await realpath(join(folder, part)).catch(explain(path))
    if (!isInside(root, folder)) throw outside(path)
  }
  const name = parts.at(-1)!
  const target = await realpath(join(folder, name)).catch(async (error: unknown) => {
    const there = await lstat(join(folder, name)).catch(() => null)
    if (there?.isSymbolicLink() === true) throw new Error(`${path} is a link that leads nowhere`)
    if (mode === "append" && codeOf(error) === "ENOENT") return join(folder, name)
    return explain(path)(error)
  })
  if (!isInside(root, target)) throw outside(path)
  return within(root, dirname(target), path, (at) => open(join(at, basename(target)), flagsOf[mode], 0o644))
}

/** Works in a folder by its descriptor where the system has names for these: what is put in its place meanwhile is not met. */
const within = async <A>(root: string, folder: string, path: string, work: (at: string) => Promise<A>): Promise<A> => {
  const directory = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY).catch(explain(path))
  try {
    const at = await placeOf(directory)
    if (at !== null && at !== root && !isInside(root, at)) throw outside(path)
    return await work(at === null ? folder : fdPath(directory)).catch(explain(path))
  } finally {
    await directory.close()
  }
}

const flagsOf = {
  read: constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  append: constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
}

/** Where an open file or folder is now; null where the system does not say. */
const placeOf = (handle: FileHandle): Promise<string | null> =>
  process.platform === "linux" ? readlink(fdPath(handle)).catch(() => null) : Promise.resolve(null)

/** A name of the open folder itself, whatever has been put in its place meanwhile. */
const fdPath = (handle: FileHandle) => `/proc/self/fd/${handle.fd}`

/** Somebody may have moved things between the look and the opening, so what was opened is looked at again. */
const checkHandle = async (handle: FileHandle, root: string, path: string): Promise<void> => {
  const opened = await handle.stat()
  if (opened.isDirectory()) throw new Error(`${path} is a folder, not a file`)
  if (!opened.isFile()) throw new Error(`${path} is no regular file`)
  const at = await placeOf(handle)
  if (at !== null) {
    if (!isInside(root, at)) throw outside(path)
    return
  }
  const seen = await foundAt(root, path)
  if (seen === null || seen.dev !== opened.dev || seen.ino !== opened.ino) throw outside(path)
}

const foundAt = async (root: string, path: string): Promise<Stats | null> => {
  const real = await realpath(join(root, ...partsOf(path))).catch(() => null)
  return real === null || !isInside(root, real) ? null : stat(join(dirname(real), basename(real)))
}

const readUpTo = async (handle: FileHandle, limit: number): Promise<Uint8Array> => {
  const pieces: Array<Uint8Array> = []
  for (let size = 0; size < limit;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(65_536, limit - size)))
    if (bytesRead === 0) break
    pieces.push(buffer.subarray(0, bytesRead))
    size += bytesRead
  }
  return Buffer.concat(pieces)
}

const isInside = (root: string, path: string) => path.startsWith(root.endsWith(sep) ? root : root + sep)

const outside = (path: string) => new Error(`${path} is outside of ${sharedName}`)

const explain =
  (path: string) =>
  (error: unknown): never => {
    const code = codeOf(error)
    if (code === "ENOENT") throw new Error(`there is no ${path}`)
    if (code === "EISDIR") throw new Error(`${path} is a folder, not a file`)
    if (code === "ENOTDIR") throw new Error(`a part of ${path} is a file, not a folder`)
    if (code === "EACCES" || code === "EPERM") throw new Error(`${path} may not be used: permission denied`)
    if (code === "ELOOP") throw outside(path)
    if (code === "ENXIO") throw new Error(`${path} is no regular file`)
    if (code === "ENAMETOOLONG") throw new Error(`${path.slice(0, 80)}… is too long for a path`)
    throw error
  }

const onlyIf = (code: string) => (error: unknown) => {
  if (codeOf(error) !== code) throw error
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null)

const readLimitBytes = 1024 * 1024
