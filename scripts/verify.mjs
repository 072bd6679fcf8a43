/** `npm test`: everything that must hold before a change lands. Its last line adds up the tests and the conformance cases. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build, install } from "./setup.mjs"
import { node, run, say, seconds, within } from "./workspace.mjs"

/** Runs the stages in order. What can run in spite of a failure does; nothing can without packages or a build. */
const verify = async () => {
  await stage("set up", install)
  await stage("build", build)
  if (total.failed > 0) return

  await stage("types", check([tool("tsc"), "-p", "tsconfig.json"]))
  await stage("lint, import direction", check([tool("oxlint"), "--deny-warnings"]))
  await stage("format", check([tool("oxfmt"), "--check"]))
  await stage("tests", tests())
  // Side by side: each of them often waits.
  await Promise.all(["engine", "cli", "server"].map((name) => stage(`conformance: ${name}`, conformance(name))))
  await stage("what needs the machine to itself", tests("--config", "vitest.alone.config.ts"))
}

const stage = async (name, work) => {
  const since = performance.now()
  say(`\n== ${name}`)
  const counted = { passed: 0, failed: 0, skipped: 0, ...(await work().catch(broken)) }
  for (const key of Object.keys(total)) total[key] += counted[key]
  const verdict = counted.failed > 0 ? "failed" : "ok"
  times.push(`${verdict.padEnd(6)}  ${seconds(since).padStart(8)}  ${name}`)
  say(`== ${name}: ${verdict}, ${seconds(since)}`)
}

/** A check holds or not as a whole: it adds to the sum only when it does not. */
const check = (command) => async () => ((await run(command, { stdout: 2 })).code === 0 ? {} : { failed: 1 })

const tests =
  (...more) =>
  async () => {
    const scratch = mkdtempSync(join(tmpdir(), "tenterhook-verify-"))
    const file = join(scratch, "vitest.json")
    const vitest = [node, within("node_modules", "vitest", "vitest.mjs"), "run"]
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
    const { code } = await run([...vitest, ...more, ...reporters], { stdout: 2 })
    const report = JSON.parse(readFileSync(file, "utf8"))
    rmSync(scratch, { recursive: true, force: true })
    return {
      passed: report.numPassedTests,
      // A file that cannot be loaded has no tests to count.
      failed: atLeast(report.numFailedTests, code),
      skipped: report.numPendingTests + report.numTodoTests
    }
  }

const conformance = (subject) => async () => {
  const tenterhook = [node, within("apps", "cli", "bin", "tenterhook.js")]
  const cases = join("packages", "conformance", "cases")
  const { code, said } = await run([...tenterhook, "conformance", "run", cases, "--subject", subject], {
    capture: true
  })
  say(said.trimEnd().replaceAll(/^/gm, "  "))
  const sum = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(said)
  if (sum === null) return { failed: 1 }
  const [passed, failed, skipped] = sum.slice(1).map(Number)
  return { passed, failed: atLeast(failed, code), skipped }
}

const atLeast = (failed, code) => (failed === 0 && code !== 0 ? 1 : failed)

const broken = (error) => {
  say(error.message)
  return { failed: 1 }
}

const tool = (name) => within("node_modules", ".bin", name)

const total = { passed: 0, failed: 0, skipped: 0 }
const times = []

await verify()
say(["", ...times, ""].join("\n"))
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
