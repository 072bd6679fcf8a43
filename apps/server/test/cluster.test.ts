/** Three servers on one Postgres: each of them is the whole. */
import { hasPostgres, type Postgres, startPostgres } from "@tenterhook/testing-postgres"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it, onTestFinished } from "vitest"
import { startCluster } from "../src/chaos/Cluster.ts"

/** Built: it starts in half a second. */
const program = join(import.meta.dirname, "..", "..", "cli", "bin", "tenterhook.js")
const command = [process.execPath, program, "serve"]

describe.runIf(hasPostgres())("three servers on one Postgres", () => {
  it("pass the conformance suite, whichever of them is asked", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenterhook-cluster-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
    const surprises: Array<string> = []
    const surprised = (words: string) => void surprises.push(words)
    const database = await empty()
    const cluster = await startCluster({ command, servers: 3, database, folder, surprised })
    onTestFinished(cluster.close)
    const cases = join(import.meta.dirname, "..", "..", "..", "packages", "conformance", "cases")
    const args = ["conformance", "run", cases, "--json", "--subject", cluster.members[1]!.url, "--key", cluster.key]
    const { stdout } = await execute(process.execPath, [program, ...args], { maxBuffer: 64 * 1024 * 1024 }).catch(
      (failed: { readonly stdout: string }) => failed
    )
    const { ok, passed, failed, cases: each } = JSON.parse(stdout)
    const broken = each.filter(({ status }: { status: string }) => status === "failed")
    console.log(`${passed} cases passed, ${failed} failed`)
    assert.isTrue(ok, JSON.stringify(broken, null, 2))
    assert.deepStrictEqual(await cluster.end(), [])
    assert.deepStrictEqual(surprises, [])
  })
})

/** Of the test's own: the campaign kills it. */
const empty = async (): Promise<Postgres> => {
  const postgres = await startPostgres()
  onTestFinished(postgres.stop)
  return postgres
}

const execute = promisify(execFile)
