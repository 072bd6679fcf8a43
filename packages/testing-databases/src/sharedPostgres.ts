/**
 * One Postgres for all test files: vitest's main process starts it when the first of them asks, and ends it at the end.
 * To be named as `globalSetup`; a test file asks by `sharedPostgres`.
 */
import { type Postgres, startPostgres } from "@tenterhook/testing-postgres"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { inject } from "vitest"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    /** Where the main process is asked for its Postgres. */
    readonly postgresDoor: string
  }
}

/** Its URL, of the database `postgres`. Nobody may stop it: whoever wants to has to start one of his own. */
export const sharedPostgres = async (): Promise<string> => {
  const answer = await fetch(inject("postgresDoor"))
  const said = await answer.text()
  if (answer.ok) return said
  throw new Error(said)
}

export default async ({ provide }: Pick<TestProject, "provide">): Promise<() => Promise<void>> => {
  let running: Promise<Postgres> | null = null
  const door = createServer((_, response) => {
    running ??= startPostgres({ settings: { max_connections: "400" } })
    running.then(
      ({ url }) => response.end(url),
      (error: Error) => response.writeHead(500).end(error.message)
    )
  })
  await new Promise<void>((open) => door.listen(0, "127.0.0.1", open))
  provide("postgresDoor", `http://127.0.0.1:${(door.address() as AddressInfo).port}`)
  return async () => {
    door.closeAllConnections()
    door.close()
    await running?.then(({ stop }) => stop())
  }
}
