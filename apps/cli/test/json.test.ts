/** `--json`: one JSON value on stdout, whatever happens, that agrees with the exit code. */
import { assert, describe, it } from "vitest"
import { type Ended, makeFolder } from "./tenterhook.ts"

const good = { "tenterhook.yaml": "hooks: [{ on: stop, run: 'true' }]\n" }
const broken = { "tenterhook.yaml": "hooks: [{ on: stop, run: 'true', timeout: 5 }]\n" }

const failureOf = ({ stdout, code, stderr }: Ended, about: string) => {
  let value: any
  try {
    value = JSON.parse(stdout)
  } catch {
    assert.fail(`${about}: expected one JSON value, got ${JSON.stringify(stdout)}; ${stderr}`)
  }
  assert.isFalse(value.ok, about)
  assert.strictEqual(value.exitCode, code, about)
  assert.isNotEmpty(value.error.message, about)
  assert.isArray(value.problems, about)
  assert.isTrue(value.error.hint === null || typeof value.error.hint === "string", about)
  return value
}

describe("--json", () => {
  it("fire nope --json and every other failure print one value, of one shape", { timeout: 240_000 }, async () => {
    const cases: ReadonlyArray<readonly [string, number, string, Readonly<Record<string, string>>?]> = [
      ["fire nope", 2, "event"],
      ["explain nope", 2, "event"],
      ["fire", 2, "usage"],
      ["fire stop --jsn", 2, "usage"],
      ["fire stop --timeout 5", 2, "usage"],
      ["fire stop --context {", 2, "usage"],
      ['fire stop --context {"cwd":1}', 2, "context"],
      ["fire pre_tool_use --set sessionId=1", 2, "context"],
      ["fire stop --config gone.yaml", 2, "config"],
      ["fire stop --dialect nope", 2, "config"],
      ["fire stop --server http://127.0.0.1:9 --agent a", 1, "server"],
      ["fire stop", 2, "config", broken],
      ["fire stop", 2, "config", {}],
      ["list", 2, "config", broken],
      ["check", 2, "config", broken],
      ["check gone.yaml", 2, "config"],
      ["check --nope", 2, "usage"],
      ["conformance run gone", 2, "usage"],
      ["conformance", 2, "usage"],
      ["keys", 2, "usage"],
      ["keys list --data gone", 2, "usage"],
      ["deliver --data gone", 2, "usage"],
      ["migrate --database-url postgres://127.0.0.1:9/x --data gone", 2, "usage"],
      ["serve --rate-limit 0", 2, "usage"],
      ["nope", 2, "usage"],
      ["list -- x", 2, "usage"]
    ]
    const folders = new Map<object, ReturnType<typeof makeFolder>>()
    const inFolder = (files: Readonly<Record<string, string>>) => {
      if (!folders.has(files)) folders.set(files, makeFolder(files))
      return folders.get(files)!
    }
    const run = async ([words, code, kind, files = good]: (typeof cases)[number]) => {
      const [before, ...after] = words.split(" -- ")
      const args = [...before!.split(" "), "--json", ...(after.length === 0 ? [] : ["--", ...after])]
      const ended = await inFolder(files).run(args)
      const { error, problems } = failureOf(ended, words)
      assert.deepEqual([words, ended.code, error.kind], [words, code, kind])
      // People get the same on stderr; check prints its problems on stdout alone.
      if (!words.startsWith("check")) assert.isNotEmpty(ended.stderr, words)
      if (files === broken) assert.deepInclude(problems[0], { line: 1, path: "hooks[0].timeout" })
    }
    for (let at = 0; at < cases.length; at += 4) await Promise.all(cases.slice(at, at + 4).map(run))
  })

  it("fire --json with a timeout prints the failure with the report of what was stopped", async () => {
    const folder = makeFolder({ "tenterhook.yaml": "hooks: [{ name: slow, on: stop, run: sleep 300 }]\n" })
    const ended = await folder.run(["fire", "stop", "--json", "--timeout", "300ms"])
    const { error, report } = failureOf(ended, "timeout")
    assert.strictEqual(ended.code, 124)
    assert.strictEqual(error.kind, "timeout")
    assert.isFalse(report.proceed)
    assert.strictEqual(report.outcomes[0].hook, "slow")
  })

  it("fire --json interrupted prints the failure", async () => {
    const folder = makeFolder({ "tenterhook.yaml": `hooks: [{ on: stop, run: "echo up > up; sleep 300" }]\n` })
    const started = folder.start(["fire", "stop", "--json"])
    await folder.appears("up")
    started.child.kill("SIGTERM")
    const ended = await started.ended
    assert.strictEqual(failureOf(ended, "SIGTERM").error.kind, "interrupted")
    assert.strictEqual(ended.code, 143)
  })

  it("check --json --strict with warnings is not ok, and exits with 1", async () => {
    const folder = makeFolder({ "tenterhook.yaml": `hooks: [{ on: stop, run: ./gone.sh }]\n` })
    const strict = await folder.run(["check", "--json", "--strict"])
    const value = failureOf(strict, "strict")
    assert.strictEqual(strict.code, 1)
    assert.isEmpty(value.problems)
    assert.match(value.lint[0].text, /gone\.sh/)
    assert.match(value.error.message, /1 warning.*--strict/)
    const lenient = await folder.run(["check", "--json"])
    assert.strictEqual(lenient.code, 0)
    assert.isTrue(JSON.parse(lenient.stdout).ok)
  })
})
