import { chmodSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { makeFolder } from "./tenterhook.ts"

const oats = (...hooks: ReadonlyArray<object>) => JSON.stringify({ hooks }, null, 2)

describe("which config", () => {
  it("is looked for up to the repository's root, and named", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": "hooks: [{ on: stop, run: 'true' }]\n",
      "repo/.git/HEAD": "",
      "repo/deep/here": ""
    })
    const none = await folder.run(["fire", "stop"], { in: "repo/deep" })
    assert.strictEqual(none.code, 2)
    assert.match(none.stderr, /no hook config: looked for .*tenterhook\.yaml/)
    assert.match(none.stderr, /tenterhook init/)
    folder.write("repo/tenterhook.yaml", "hooks: [{ on: stop, run: 'true' }]\n")
    const found = await folder.run(["fire", "stop"], { in: "repo/deep" })
    assert.strictEqual(found.code, 0, found.stderr)
    assert.match(found.stderr, /tenterhook\.yaml/)
  })

  it("may be several, in order, in different dialects", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": "hooks: [{ on: stop, run: 'true' }]\n",
      "coder.json": oats({ event: "session_start", command: "true" })
    })
    const { stdout } = await folder.run(["list", "--json", "--config", "coder.json", "--config", "tenterhook.yaml"])
    assert.deepStrictEqual(
      JSON.parse(stdout).sets.map((set: any) => set.dialect),
      ["oats", "native"]
    )
  })

  it("that cannot be loaded is refused with every problem of every config, each with its place", async () => {
    const folder = makeFolder({
      "coder.json": oats({ event: 3, command: "true" }),
      "tenterhook.yaml": "hooks:\n  - { on: stop, run: 'true', timeout: 5 }\n"
    })
    for (const command of [["check"], ["list"], ["explain", "stop"], ["fire", "stop"]]) {
      const ended = await folder.run([...command, "--config", "coder.json", "--config", "tenterhook.yaml"])
      assert.strictEqual(ended.code, 2)
      assert.match(ended.stdout + ended.stderr, /coder\.json:4:\d+: hooks\[0\]\.event/)
      assert.match(ended.stdout + ended.stderr, /tenterhook\.yaml:2:\d+: hooks\[0\]\.timeout/)
    }
    const gone = await folder.run(["check", "--config", "gone.yaml"])
    assert.strictEqual(gone.code, 2)
    assert.match(gone.stdout, /gone\.yaml: no such file/)
    const dialect = await folder.run(["check", "--config", "coder.json", "--dialect", "oat"])
    assert.strictEqual(dialect.code, 2)
    assert.match(dialect.stdout, /no dialect "oat"; did you mean "oats"\? Known are .*oats/)
  })
})

describe("an unknown word in a native config", () => {
  const guard = "hooks:\n  - { name: guard, on: PreToolUse, run: exit 2, onFailure: block, retries: 3 }\n"
  const commands = [["check"], ["list"], ["explain", "stop"], ["fire", "stop"], ["exec"]]
  const withCommand = ([name = "", ...rest]: ReadonlyArray<string>, more: ReadonlyArray<string>) => [
    name,
    ...rest,
    ...more,
    ...(name === "exec" ? ["--", "true"] : [])
  ]

  it("is refused by every command, with its place and the nearest word", async () => {
    const folder = makeFolder({ "tenterhook.yaml": guard })
    for (const command of commands) {
      const ended = await folder.run(withCommand(command, []))
      assert.strictEqual(ended.code, 2, command[0])
      assert.match(
        ended.stdout + ended.stderr,
        /tenterhook\.yaml:2:24: hooks\[0\]\.on: unknown event "PreToolUse"; did you mean "pre_tool_use"/
      )
      assert.match(ended.stdout + ended.stderr, /tenterhook\.yaml:2:67: hooks\[0\]\.retries: unknown key "retries"/)
    }
  })

  it("is a warning with --lenient, and a closed gate that never runs is in the report", async () => {
    const folder = makeFolder({ "tenterhook.yaml": guard })
    for (const command of commands) {
      const ended = await folder.run(withCommand(command, ["--lenient"]))
      assert.strictEqual(ended.code, 0, command[0])
      assert.match(ended.stdout + ended.stderr, /unknown key "retries"/)
    }
    const { stdout } = await folder.run(["fire", "pre_tool_use", "--set", "tool.name=bash", "--json", "--lenient"])
    const [notice] = JSON.parse(stdout).notices
    assert.deepInclude(notice, { hook: "guard", level: "error" })
    assert.match(notice.text, /onFailure: block.*never runs.*PreToolUse/)
  })

  it("does not make wrong types and duplicate keys lenient", async () => {
    const folder = makeFolder({
      "types.yaml": "hooks:\n  - { on: stop, run: 'true', timeout: 5 }\n",
      "twice.yaml": "hooks:\n  - { on: stop, run: 'true', run: 'false' }\n"
    })
    for (const file of ["types.yaml", "twice.yaml"]) {
      assert.strictEqual((await folder.run(["fire", "stop", "--lenient", "--config", file])).code, 2)
    }
  })
})

describe("a config that does not parse", () => {
  it.each([
    [
      "broken.yaml",
      'hooks:\n  - on: pre_tool_use\n    run: "exit 2\n',
      /broken\.yaml:3:10: not valid YAML: .*not closed/
    ],
    ["trailing.json", '{"hooks":[{"on":"stop","run":"true"},]}', /trailing\.json:1:38: not valid JSON: .*comma/],
    [
      "agent.json",
      '{"hooks":{"execution_start":[{"tool_name":"read_file",}]}}',
      /agent\.json:1:55: not valid JSON: .*comma/
    ],
    [
      "twice.json",
      '{"hooks":[{"on":"stop","run":"exit 2"}],\n "hooks":[]}',
      /twice\.json:2:2: hooks: duplicate key .*1:2/
    ]
  ])("has a line and a column, and no dialect need be named: %s", async (file, text, expected) => {
    const folder = makeFolder({ [file]: text })
    for (const command of [["check"], ["fire", "stop"]]) {
      const ended = await folder.run([...command, "--config", file])
      assert.strictEqual(ended.code, 2)
      assert.match(ended.stdout + ended.stderr, expected)
    }
  })
})

describe("check", () => {
  it("tells programs what is wrong as JSON", async () => {
    const folder = makeFolder({ "coder.json": oats({ event: 3, command: "true" }) })
    const { code, stdout } = await folder.run(["check", "--json", "--config", "coder.json"])
    assert.strictEqual(code, 2)
    const answer = JSON.parse(stdout)
    assert.isFalse(answer.ok)
    assert.deepInclude(answer.problems[0], { file: "coder.json", line: 4, path: "hooks[0].event" })
  })

  it("warns about what loads and is unlikely to be meant", async () => {
    const hooks = [
      "{ name: a, event: session_start, matcher: bash, command: 'true' }",
      "{ name: b, event: pre_tool_use, command: ./gone.sh, timeout: 30000 }",
      "{ name: c, event: pre_tool_use, command: sh flat.sh }",
      "{ name: d, event: pre_tool_use, command: ./flat.sh }",
      "{ name: e, event: pre_toll_use, command: 'true' }"
    ]
    const folder = makeFolder({
      "hooks.yaml": `hooks:\n${hooks.map((hook) => `  - ${hook}\n`).join("")}`,
      "flat.sh": "true\n"
    })
    chmodSync(folder.at("flat.sh"), 0o644)
    const args = ["--config", "hooks.yaml", "--dialect", "errata"]
    const { stdout, code } = await folder.run(["check", ...args])
    assert.strictEqual(code, 0)
    const said = [
      /pre_toll_use.*pre_tool_use/,
      /gone\.sh is not there/,
      /30000 is 8\.3 h; for 30000 ms write 30/,
      /d: its script \.\/flat\.sh is not executable/
    ]
    for (const text of [...said, /hooks\.yaml: ok, errata, 5 hooks/]) assert.match(stdout, text)
    assert.strictEqual((await folder.run(["check", "--strict", ...args])).code, 1)
    const answer = JSON.parse((await folder.run(["check", "--json", ...args])).stdout)
    assert.isTrue(answer.ok)
    assert.isNotEmpty(answer.notices)
    assert.deepInclude(answer.lint[0], { file: "hooks.yaml", line: 3 })
  })

  it("tells of a matcher that can never match, once", async () => {
    const native = "hooks:\n  - { name: a, on: session_start, tool: bash, run: 'true' }\n"
    const folder = makeFolder({
      "coder.json": oats({ event: "session_start", matcher: "bash", command: "true" }),
      "tenterhook.yaml": native
    })
    for (const config of ["coder.json", "tenterhook.yaml"]) {
      const { stdout } = await folder.run(["check", "--config", config])
      assert.lengthOf(
        stdout.split("\n").filter((line) => /^warning .*session_start/.test(line)),
        1,
        stdout
      )
    }
  })

  it("mentions a Wegent script without its x bit, and one that is not there", async () => {
    const folder = makeFolder({ hook: "true\n" })
    const run = (script: string) =>
      folder.run(["check", "--dialect", "wegent"], { env: { WEGENT_HOOK_PRE_EXECUTE: folder.at(script) } })
    assert.match((await run("hook")).stdout, /hook has no x bit; it runs all the same/)
    assert.match((await run("gone")).stdout, /gone is not there/)
  })

  it("names variables of a youBencha config that have no value", async () => {
    const folder = makeFolder({
      "suite.yaml":
        'pre_execution:\n  - name: script\n    config: { command: "true", env: { A: "${SECRET_API_KEY}" } }\n'
    })
    assert.match((await folder.run(["check", "--config", "suite.yaml"])).stdout, /SECRET_API_KEY/)
    assert.notMatch(
      (await folder.run(["check", "--config", "suite.yaml"], { env: { SECRET_API_KEY: "x" } })).stdout,
      /SECRET_API_KEY/
    )
  })
})

describe("explain", () => {
  it("gives every hook with the reason, its file and its line", async () => {
    const folder = makeFolder({
      "tenterhook.yaml":
        "hooks:\n  - { name: a, on: pre_tool_use, tool: bash, run: 'true' }\n  - { name: b, on: pre_tool_use, tool: edit, run: 'true' }\n  - { name: c, on: stop, run: 'true' }\n  - { name: d, on: '*', run: 'true', enabled: false }\n"
    })
    const { stdout } = await folder.run(["explain", "pre_tool_use", "--set", "tool.name=bash"])
    for (const said of [
      "1 of 4",
      /a .*tenterhook\.yaml:2.*matches tool\.name "bash"/,
      /b .*tenterhook\.yaml:3.*does not match/,
      /c .*tenterhook\.yaml:4.*it is for stop/,
      /d .*tenterhook\.yaml:5.*disabled/
    ]) {
      if (typeof said === "string") assert.include(stdout, said)
      else assert.match(stdout, said)
    }
    const json = JSON.parse((await folder.run(["explain", "pre_tool_use", "--json", "--set", "tool.name=bash"])).stdout)
    assert.deepStrictEqual(
      json.sets[0].hooks.map((hook: any) => [hook.hook, hook.runs, hook.source.line]),
      [
        ["a", true, 2],
        ["b", false, 3],
        ["c", false, 4],
        ["d", false, 5]
      ]
    )
  })
})

describe("init", () => {
  it("names the JSON Schema of the installed package, or of this version where none is installed", async () => {
    const schemaIn = (text: string) => /\$schema=(\S+)/.exec(text)?.[1]
    const alone = makeFolder()
    await alone.run(["init"])
    const printed = JSON.parse((await alone.run(["schema", "config"])).stdout).$id
    assert.match(printed, /\/tenterhook@\d+\.\d+\.\d+[^/]*\/schema\/tenterhook\.schema\.json$/)
    assert.strictEqual(schemaIn(alone.read("tenterhook.yaml")), printed)

    const installed = makeFolder({ "node_modules/tenterhook/schema/tenterhook.schema.json": "{}", "deep/here/x": "" })
    await installed.run(["init"])
    assert.strictEqual(
      schemaIn(installed.read("tenterhook.yaml")),
      "./node_modules/tenterhook/schema/tenterhook.schema.json"
    )
    await installed.run(["init", "deep/here/tenterhook.yaml"])
    assert.strictEqual(
      schemaIn(installed.read("deep/here/tenterhook.yaml")),
      "../../node_modules/tenterhook/schema/tenterhook.schema.json"
    )
  })

  it("writes a config that works at once, and does not overwrite one", async () => {
    const folder = makeFolder()
    assert.strictEqual((await folder.run(["init"])).code, 0)
    assert.match(folder.read("tenterhook.yaml"), /yaml-language-server: \$schema=/)
    const fired = await folder.run(["fire", "pre_tool_use", "--set", "tool.name=bash", "--json"])
    assert.strictEqual(fired.code, 0, fired.stderr)
    assert.isNotEmpty(JSON.parse(fired.stdout).outcomes)
    assert.strictEqual((await folder.run(["check", "--strict"])).code, 0)
    folder.write("tenterhook.yaml", "hooks: []\n")
    const again = await folder.run(["init"])
    assert.notStrictEqual(again.code, 0)
    assert.match(again.stderr, /--force/)
    assert.strictEqual((await folder.run(["init", "--force"])).code, 0)
    assert.notStrictEqual(folder.read("tenterhook.yaml"), "hooks: []\n")
  })
})

describe("schema", () => {
  it("prints a JSON Schema of each", async () => {
    const folder = makeFolder()
    for (const of of ["config", "case", "report", "context"]) {
      const { stdout, code } = await folder.run(["schema", of])
      assert.strictEqual(code, 0)
      assert.match(JSON.parse(stdout).$schema ?? "", /json-schema/, of)
    }
    assert.strictEqual((await folder.run(["schema", "nonsense"])).code, 2)
  })
})

describe("usage", () => {
  it("is refused with 2, on stderr, with the nearest", async () => {
    const folder = makeFolder({ "tenterhook.yaml": "hooks: []\n" })
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["fier"], /unknown command "fier".*"fire"/],
      [["fire", "stop", "--jsn"], /unknown flag --jsn.*--json/],
      [["fire"], /<event> is missing/],
      [["exec"], /--/],
      [["list", "--", "x"], /only exec/]
    ]
    for (const [args, said] of cases) {
      const ended = await folder.run(args)
      assert.strictEqual(ended.code, 2, args.join(" "))
      assert.strictEqual(ended.stdout, "")
      assert.match(ended.stderr, said)
    }
  })

  it("help and version go to stdout", async () => {
    const folder = makeFolder()
    for (const args of [["--help"], ["fire", "--help"], ["exec", "--help"], ["conformance", "run", "--help"]]) {
      const { stdout, code } = await folder.run(args)
      assert.strictEqual(code, 0)
      assert.match(stdout, /USAGE/)
    }
    assert.match((await folder.run(["--version"])).stdout, /\d+\.\d+\.\d+/)
  })
})

describe("conformance run", () => {
  const good =
    'title: native - a hook runs\ndialect: native\nneeds: [shell]\nfiles: { tenterhook.yaml: "hooks: [{ on: stop, run: \'echo hi\' }]" }\nconfig: tenterhook.yaml\nsteps:\n  - fire: stop\n    expect: { outcomes: [ { stdout: "hi\\n" } ] }\n'

  it("runs cases of any folder on both subjects", async () => {
    const folder = makeFolder({ "cases/good.yaml": good })
    for (const subject of ["engine", "cli"]) {
      const { stdout, code } = await folder.run(["conformance", "run", "cases", "--subject", subject])
      assert.strictEqual(stdout.trimEnd().split("\n").at(-1), "1 passed, 0 failed, 0 skipped")
      assert.strictEqual(code, 0)
    }
    assert.isTrue(JSON.parse((await folder.run(["conformance", "run", "cases", "--json"])).stdout).ok)
  })

  it("fails with the place of what differs, for a case that is none, and where nothing passed", async () => {
    const folder = makeFolder({
      "bad/differs.yaml": good.replace("hi\\n", "ho\\n"),
      "odd/odd.yaml": "title: x\nnonsense: 1\n",
      "later/later.yaml": good.replace("needs: [shell]", "needs: [moonlight]")
    })
    const differs = await folder.run(["conformance", "run", "bad"])
    assert.strictEqual(differs.code, 1)
    for (const said of ["differs.yaml", "outcomes[0].stdout", "ho", "0 passed, 1 failed, 0 skipped"])
      assert.include(differs.stdout, said)
    const odd = await folder.run(["conformance", "run", "odd"])
    assert.strictEqual(odd.code, 1)
    assert.match(odd.stdout, /odd\.yaml:2:\d+.*nonsense/)
    assert.strictEqual((await folder.run(["conformance", "run", "later"])).code, 1)
    assert.strictEqual((await folder.run(["conformance", "run", "gone"])).code, 2)
    assert.strictEqual((await folder.run(["conformance", "run", "bad", "--subject", "moon"])).code, 2)
  })
})
