/** Servers in processes of their own on one Postgres, and executions on them whose hooks leave lines in a file. */
import { PostgresClient } from "@tenterhook/postgres"
import { type Postgres, startPostgres } from "@tenterhook/testing-postgres"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type ChildProcess, fork } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert } from "vitest"
import { openKeys } from "../../src/keys.ts"
import { asks } from "../Server.ts"
import type { Hosting } from "./serverHost.ts"

export interface Host {
  readonly child: ChildProcess
  /** What it logged. */
  readonly lines: Array<string>
  readonly ask: ReturnType<typeof asks>
  readonly begin: (hooks: object, more?: object) => Promise<string>
  readonly end: (id: string) => Promise<void>
  readonly statusOf: (id: string) => Promise<{ readonly status: string; readonly outcome: string | null }>
}

export interface Servers {
  readonly postgres: Postgres
  /** Resolves once it answers. */
  readonly start: (more?: Pick<Hosting, "aheadMs">) => Promise<Host>
  /** A file that hooks write to, and what they wrote. */
  readonly file: () => { readonly path: string; readonly lines: () => ReadonlyArray<string> }
  readonly rows: (query: string) => Promise<ReadonlyArray<Record<string, string>>>
  /** Nobody reads the table until it is over. */
  readonly whileLocked: (table: string, work: () => Promise<void>) => Promise<void>
  readonly close: () => Promise<void>
}

export const openServers = async (): Promise<Servers> => {
  const postgres = await startPostgres()
  const scratch = mkdtempSync(join(tmpdir(), "tenterhook-servers-"))
  const children: Array<ChildProcess> = []
  let key: Promise<string> | null = null
  let count = 0

  const keyOf = async () => {
    const keys = openKeys({ databaseUrl: postgres.url })
    const made = await keys.create({ name: "test" })
    await keys.close()
    return made.key
  }

  const onPostgres = <A, E>(asking: Effect.Effect<A, E, SqlClient.SqlClient>) =>
    Effect.runPromise(Effect.provide(asking, PostgresClient.layer({ url: postgres.url })))

  return {
    postgres,
    start: async (more = {}) => {
      const hosting: Hosting = { databaseUrl: postgres.url, data: join(scratch, `server-${count++}`), ...more }
      const child = fork(fileURLToPath(new URL("./serverHost.ts", import.meta.url)), [JSON.stringify(hosting)], {
        execArgv: ["--conditions=@tenterhook/source"],
        stdio: ["ignore", "inherit", "inherit", "ipc"]
      })
      children.push(child)
      const lines: Array<string> = []
      const url = await new Promise<string>((done, refused) => {
        child.on("message", (message: { readonly url?: string; readonly line?: string }) => {
          if (message.url !== undefined) done(message.url)
          if (message.line !== undefined) lines.push(message.line)
        })
        child.once("exit", (code) => refused(new Error(`the server ended with ${code}: ${lines.join("; ")}`)))
      })
      const ask = asks(url, await (key ??= keyOf()))
      return {
        child,
        lines,
        ask,
        begin: async (hooks, more = {}) =>
          (await ask("POST", "/v1/executions", { hooks, context: {}, ...more }, 201)).id,
        end: (id) => ask("POST", `/v1/executions/${id}/end`, { outcome: "success" }, 200),
        statusOf: (id) => ask("GET", `/v1/executions/${id}`, undefined, 200)
      }
    },
    file: () => {
      const path = join(scratch, `lines-${count++}`)
      return { path, lines: () => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : []) }
    },
    rows: (query) => onPostgres(SqlClient.SqlClient.use((sql) => sql.unsafe<Record<string, string>>(query))),
    whileLocked: (table, work) =>
      onPostgres(
        SqlClient.SqlClient.use((sql) =>
          sql.withTransaction(
            Effect.andThen(sql`LOCK TABLE ${sql(table)} IN ACCESS EXCLUSIVE MODE`, Effect.promise(work))
          )
        )
      ),
    close: async () => {
      for (const child of children) child.kill("SIGKILL")
      await postgres.stop()
      rmSync(scratch, { recursive: true, force: true, maxRetries: 3 })
    }
  }
}

/** Each step leaves a line with its execution. */
export const hooksTo = (path: string, { before = "" } = {}) => ({
  configs: [
    {
      file: "tenterhook.yaml",
      text: `hooks:
  - { on: execution_start, run: '${toldId}; echo "start $id" >> ${path}' }
  - { on: execution_end, run: '${toldId}; ${before}echo "end $id" >> ${path}' }
`
    }
  ]
})

export const noHooks = { configs: [{ file: "tenterhook.yaml", text: "hooks: []\n" }] }

/** The event comes as JSON. */
const toldId = `id=$(grep -o "ex_[0-9a-f]*" | head -1)`

/** Gives how long it took, in milliseconds. */
export const until = async (withinMs: number, holds: () => Promise<boolean>) => {
  const since = performance.now()
  while (!(await holds())) {
    assert.isBelow(performance.now() - since, withinMs)
    await new Promise((done) => setTimeout(done, 50))
  }
  return performance.now() - since
}
