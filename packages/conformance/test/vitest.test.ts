import { assert, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { caseSuite, dialectSuite, suite } from "../src/vitest.ts"
import { memoryLayer } from "./MemoryAdapter.ts"
import { plainEngine } from "./PlainEngine.ts"
import { tinyFixtures } from "./TinyDialect.ts"

suite("memory", memoryLayer())
dialectSuite(tinyFixtures())
await caseSuite([join(import.meta.dirname, "fixtures/cases")], plainEngine())

it("subjects that are broken are red, and only they", async () => {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")
  const { tests, messages } = await run([
    vitest,
    "run",
    "--root",
    join(import.meta.dirname, "fixtures/red"),
    "--reporter=json"
  ])
  assert.deepStrictEqual(
    tests.filter(({ status }) => status === "failed").map(({ name }) => name),
    [
      "adapter: broken ADP-2 a status is a reply, not an error",
      "adapter: broken ADP-8 output is bounded: head and tail are kept, and the reply says that it was cut",
      "dialect: tiny DIA-4 every hook has a name, a place in its list, and the file and line where it is written",
      "cases: plain that drops stderr exit code, stdout and stderr come back as they were, and a failure does not stop the agent",
      "cases: plain there are some"
    ]
  )
  assert.strictEqual(tests.filter(({ status }) => status === "skipped").length, 6, "cases whose needs are not met")
  for (const words of [
    "take it off the known gaps",
    "hint: the tail is where an error explains itself",
    "outcomes[0].stderr",
    "no cases below"
  ]) {
    assert.include(messages, words)
  }
})

interface Tests {
  readonly tests: ReadonlyArray<{ readonly name: string; readonly status: string }>
  readonly messages: string
}

const run = async (args: ReadonlyArray<string>): Promise<Tests> => {
  const folder = await mkdtemp(join(tmpdir(), "tenterhook-vitest-"))
  try {
    const file = join(folder, "results.json")
    const said = await new Promise<string>((done) =>
      execFile(process.execPath, [...args, `--outputFile=${file}`], { timeout: 110_000 }, (_, out, err) =>
        done(out + err)
      )
    )
    const text = await readFile(file, "utf8").catch(() => assert.fail(said))
    const { testResults } = JSON.parse(text) as { testResults: Array<{ assertionResults: Array<any> }> }
    const all = testResults.flatMap(({ assertionResults }) => assertionResults)
    return {
      tests: all.map(({ ancestorTitles, title, status }) => ({ name: [...ancestorTitles, title].join(" "), status })),
      messages: all.flatMap(({ failureMessages }) => failureMessages).join("\n")
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
