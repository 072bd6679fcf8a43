import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { makeFolder } from "./tenterhook.ts"

const clean = "hooks: [{ on: stop, run: 'true' }]\n"
const warned = `hooks:\n  - { name: "a,b:c 100%", on: stop, run: ./gone.sh }\n`
const broken = "hooks:\n  - { on: stop, run: 'true', timeout: 5 }\n"
const folderOf = () => makeFolder({ "clean.yaml": clean, "a b/warned#1.yaml": warned, "broken.yaml": broken })
const all = ["clean.yaml", "a b/warned#1.yaml", "broken.yaml"]

describe("check with files", () => {
  it("check --strict tenterhook.yaml: files are positional, beside --config", async () => {
    const folder = makeFolder({ "tenterhook.yaml": clean, "b.yaml": warned })
    const one = await folder.run(["check", "--strict", "tenterhook.yaml"])
    assert.strictEqual(one.code, 0, one.stderr)
    assert.strictEqual(one.stdout, "tenterhook.yaml: ok, native, 1 hook\n")
    const both = await folder.run(["check", "tenterhook.yaml", "./tenterhook.yaml", "--config", "b.yaml"])
    assert.strictEqual(both.code, 0)
    assert.match(both.stdout, /b\.yaml: ok[^]*tenterhook\.yaml: ok/)
    assert.strictEqual((await folder.run(["check", "--strict", "tenterhook.yaml", "b.yaml"])).code, 1)
  })

  it("a config that is broken hides nothing of the others", async () => {
    const { stdout, code } = await folderOf().run(["check", ...all])
    assert.strictEqual(code, 2)
    assert.match(stdout, /error broken\.yaml:2:\d+: hooks\[0\]\.timeout/)
    assert.match(stdout, /warning a b\/warned#1\.yaml:2:\d+: .*gone\.sh/)
    assert.match(stdout, /clean\.yaml: ok, native, 1 hook/)
    assert.match(stdout, /1 error\n1 warning\n$/)
  })
})

describe(".pre-commit-hooks.yaml", () => {
  const hooks = readFileSync(join(import.meta.dirname, "../../../.pre-commit-hooks.yaml"), "utf8")
  const valueOf = (key: string) => new RegExp(`^  ${key}: (.*)$`, "m").exec(hooks)![1]!

  it("has a command that exists, for the files that are found without a name", async () => {
    const [npx, yes, command, ...args] = valueOf("entry").split(" ")
    assert.deepStrictEqual([npx, yes, command], ["npx", "--yes", "tenterhook"])
    const files = new RegExp(valueOf("files"))
    const folder = makeFolder({
      "a/tenterhook.yaml": clean,
      "tenterhook.json": '{ "hooks": [] }',
      "tenterhook.yml": clean
    })
    const given = ["a/tenterhook.yaml", "tenterhook.json", "tenterhook.yml"]
    assert.deepStrictEqual(
      [...given, "my-tenterhook.yaml", "tenterhook.yaml.bak"].filter((file) => files.test(file)),
      given
    )
    const ended = await folder.run([...args, ...given])
    assert.strictEqual(ended.code, 0, ended.stdout)
    folder.write("a/tenterhook.yaml", warned)
    assert.strictEqual((await folder.run([...args, ...given])).code, 1)
  })
})

describe("check --reporter", () => {
  it("github: an annotation for each remark, escaped", async () => {
    const { stdout, code } = await folderOf().run(["check", "--reporter", "github", ...all])
    assert.strictEqual(code, 2)
    const [error, warning, ...more] = stdout.trimEnd().split("\n")
    assert.match(error!, /^::error file=broken\.yaml,line=2,col=\d+,title=tenterhook::hooks\[0\]\.timeout: /)
    assert.match(
      warning!,
      /^::warning file=a b\/warned#1\.yaml,line=2,col=\d+,title=tenterhook::a,b:c 100%25: its script/
    )
    assert.isEmpty(more)
    const odd = makeFolder({ "a,b:c%.yaml": broken })
    const { stdout: escaped } = await odd.run(["check", "a,b:c%.yaml", "--reporter", "github"])
    assert.match(escaped, /^::error file=a%2Cb%3Ac%25\.yaml,line=2/)
    const inRepository = { env: { GITHUB_WORKSPACE: odd.path }, in: "sub" }
    odd.write("sub/b.yaml", broken)
    assert.match((await odd.run(["check", "b.yaml", "--reporter=github"], inRepository)).stdout, /file=sub\/b\.yaml,/)
  })

  it("sarif: what SARIF 2.1.0 requires", async () => {
    const { stdout, code } = await folderOf().run(["check", "--reporter", "sarif", ...all])
    assert.strictEqual(code, 2)
    const log = JSON.parse(stdout)
    assert.deepEqual([log.version, log.runs.length], ["2.1.0", 1])
    const [{ tool, results, invocations, columnKind, originalUriBaseIds }] = log.runs
    assert.strictEqual(tool.driver.name, "tenterhook")
    assert.deepStrictEqual(invocations, [{ executionSuccessful: true, exitCode: 2 }])
    assert.strictEqual(columnKind, "utf16CodeUnits")
    assert.lengthOf(results, 2)
    for (const { ruleId, ruleIndex, level, message, locations } of results) {
      assert.strictEqual(tool.driver.rules[ruleIndex].id, ruleId)
      assert.include(["error", "warning"], level)
      assert.isNotEmpty(message.text)
      const [{ physicalLocation }] = locations
      const { uri, uriBaseId } = physicalLocation.artifactLocation
      assert.isTrue(URL.canParse(uri, originalUriBaseIds[uriBaseId].uri))
      assert.match(originalUriBaseIds[uriBaseId].uri, /^file:\/\/\/.*\/$/)
      assert.isAbove(physicalLocation.region.startLine, 0)
      assert.isAbove(physicalLocation.region.startColumn ?? 1, 0)
    }
    const places = results.map((result: any) => result.locations[0].physicalLocation.artifactLocation.uri)
    assert.deepStrictEqual(places, ["broken.yaml", "a%20b/warned%231.yaml"])
    // Nothing has a file: no config is found.
    const none = JSON.parse((await makeFolder({ ".git/HEAD": "" }).run(["check", "--reporter", "sarif"])).stdout)
    assert.match(none.runs[0].results[0].message.text, /no hook config/)
    assert.isUndefined(none.runs[0].results[0].locations)
  })

  it("junit: a test case for each config, escaped", async () => {
    const folder = folderOf()
    const { stdout, code } = await folder.run(["check", "--reporter", "junit", ...all])
    assert.strictEqual(code, 2)
    assert.match(
      stdout,
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="tenterhook check" tests="3" failures="1"/
    )
    assert.match(stdout, /<testcase classname="tenterhook\.check" name="clean\.yaml"\/>/)
    assert.match(stdout, /<failure type="error" message="hooks\[0\]\.timeout: /)
    assert.match(stdout, /<system-out>warning a b\/warned#1\.yaml:2:\d+: .*<\/system-out>/)
    const strict = await folder.run(["check", "--strict", "--reporter", "junit", "a b/warned#1.yaml"])
    assert.strictEqual(strict.code, 1)
    assert.match(strict.stdout, /failures="1"[^]*<failure type="warning"/)

    const odd = makeFolder({ "odd.yaml": `hooks:\n  - { name: "x", on: stop, run: "./a]]>&<'.sh" }\n` })
    const { stdout: escaped } = await odd.run(["check", "--reporter", "junit", "odd.yaml"])
    assert.notMatch(escaped.replace(/<\/?[a-z?][^<>]*>/g, ""), /[<>]|&(?!#\d+;)/)
  })

  it("an unknown reporter is refused with the known ones, and --json with another one", async () => {
    const folder = makeFolder({ "tenterhook.yaml": clean })
    const unknown = await folder.run(["check", "--reporter", "xml"])
    assert.strictEqual(unknown.code, 2)
    assert.match(unknown.stderr, /--reporter: got "xml", expected .*github.*sarif.*junit/)
    assert.match((await folder.run(["check", "--json", "--reporter", "junit"])).stderr, /exclude each other/)
    assert.isTrue(JSON.parse((await folder.run(["check", "--reporter", "json"])).stdout).ok)
  })
})
