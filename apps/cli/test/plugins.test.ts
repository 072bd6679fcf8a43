/** `--plugin` and `plugins:` of the command line: outside dialects and adapters wherever configs are read and hooks run. */
import { assert, describe, it } from "vitest"
import { makeFolder } from "./tenterhook.ts"

const cascade = `export const dialect = {
  id: "cascade",
  title: "Cascade, rules",
  files: ["cascade.yaml"],
  events: { before_tool: "pre_tool_use", before_start: "execution_start" },
  load: ({ value }) => value.rules.map((rule, index) => ({ on: rule.when, run: rule.command, at: ["rules", index] })),
  decode: (_, __, { exitCode, stderr }) => (exitCode === 0 ? {} : { verdict: "deny", reason: stderr.trim() })
}
`
const shout = `module.exports.adapter = { kind: "shout", run: async ({ text }) => ({ exitCode: 2, stderr: text }) }\n`

const files = {
  "cascade.mjs": cascade,
  "shout.cjs": shout,
  "cascade.yaml": "rules:\n  - { when: before_tool, command: echo never >&2; exit 1 }\n",
  "shout.yaml": "hooks: [{ on: pre_tool_use, action: { kind: shout, text: no } }]\n",
  "plugged.yaml": "plugins: [./shout.cjs, ./cascade.mjs]\nhooks: [{ on: stop, action: { kind: shout, text: more } }]\n"
}
const bash = ["--set", "tool.name=bash"]

describe("--plugin", () => {
  it("an outside dialect and an outside adapter: fire, explain, list, check and exec", async () => {
    const folder = makeFolder(files)
    const flags = ["--plugin", "./cascade.mjs", "--plugin", "shout.cjs", "-c", "cascade.yaml", "-c", "shout.yaml"]
    const [fired, explained, listed, checked, executed] = await Promise.all([
      folder.run(["fire", "before_tool", ...bash, "--json", ...flags]),
      folder.run(["explain", "before_tool", ...bash, ...flags]),
      folder.run(["list", ...flags]),
      folder.run(["check", ...flags]),
      folder.run(["exec", ...flags, "--", "echo", "done"])
    ])
    assert.strictEqual(fired.code, 3, fired.stderr)
    assert.deepStrictEqual(JSON.parse(fired.stdout).reasons, [
      { hook: "before_tool[0]", text: "never" },
      { hook: "pre_tool_use[0]", text: "no" }
    ])
    assert.include(explained.stdout, "cascade.yaml: cascade, documented")
    assert.match(listed.stdout, /cascade\.yaml: cascade, documented\n.*before_tool\[0\] .*cascade\.yaml:2/)
    assert.match(listed.stdout, /shout: shout/)
    assert.match(checked.stdout, /cascade\.yaml: ok, cascade, 1 hook\nshout\.yaml: ok, native, 1 hook/)
    assert.deepInclude(executed, { code: 0, stdout: "done\n" })
  })

  it("a config of the dialect is found, and named among those that are looked for", async () => {
    const folder = makeFolder(files)
    const found = await folder.run(["check", "--plugin", "./cascade.mjs"])
    assert.match(found.stdout, /cascade\.yaml: ok, cascade/)
    const none = await makeFolder({ "cascade.mjs": cascade }).run(["fire", "stop", "--plugin", "./cascade.mjs"])
    assert.strictEqual(none.code, 2)
    assert.match(none.stderr, /looked for tenterhook\.yaml, .*cascade\.yaml/)
  })

  it("one that cannot be loaded is exit code 2 and one sentence, in every command", async () => {
    const folder = makeFolder({ ...files, "broken.mjs": "throw new Error('no licence')", "case/a.yaml": "" })
    const message =
      /^tenterhook: plug-in \.\/broken\.mjs: failed while it was loaded: no licence \(\S+broken\.mjs:1:7\)\n$/
    const plugin = ["--plugin", "./broken.mjs"]
    const commands = [
      ["fire", "stop", "-c", "shout.yaml", ...plugin],
      ["exec", "-c", "shout.yaml", ...plugin, "--", "true"],
      ["serve", "--port", "0", "--data", "data", ...plugin],
      ["conformance", "run", "case", "--subject", "cli", ...plugin]
    ]
    const ended = await Promise.all(commands.map((command) => folder.run(command)))
    for (const [index, { code, stderr, stdout }] of ended.entries()) {
      assert.match(stderr, message, commands[index]!.join(" "))
      assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" }, commands[index]!.join(" "))
    }
    const checked = await folder.run(["check", "-c", "shout.yaml", "--plugin", "./broken.mjs"])
    assert.strictEqual(checked.code, 2)
    assert.match(checked.stdout, /plug-in \.\/broken\.mjs: failed while it was loaded: no licence/)
  })

  it("is refused where the hooks run on a server", async () => {
    const { code, stderr } = await makeFolder(files).run([
      "fire",
      "stop",
      "--server",
      "http://127.0.0.1:1",
      "--plugin",
      "./shout.cjs"
    ])
    assert.strictEqual(code, 2)
    assert.include(stderr, "--plugin is for hooks that run here")
  })
})

describe("plugins: of a config", () => {
  it("that is named by --config are loaded, also for the configs beside it", async () => {
    const folder = makeFolder(files)
    const flags = ["-c", "cascade.yaml", "-c", "../conf/plugged.yaml"]
    for (const [name, text] of Object.entries(files)) folder.write(`conf/${name}`, text)
    folder.write("here/cascade.yaml", files["cascade.yaml"])
    const fired = await folder.run(["fire", "before_tool", ...bash, "--json", ...flags], { in: "here" })
    assert.strictEqual(fired.code, 3, fired.stderr)
    const checked = await folder.run(["check", ...flags], { in: "here" })
    assert.match(checked.stdout, /cascade\.yaml: ok, cascade, 1 hook\n.*plugged\.yaml: ok, native, 1 hook/)
  })

  it("that was found are refused, with the place and what to do", async () => {
    const folder = makeFolder({ ...files, "tenterhook.yaml": files["plugged.yaml"] })
    const { code, stderr } = await folder.run(["fire", "stop"])
    assert.strictEqual(code, 2)
    assert.match(
      stderr,
      /tenterhook\.yaml:1:10: plugins: a config that was found loads no modules.*\(--config\).*\(--plugin\)/
    )
  })
})

describe("conformance run --plugin", () => {
  const cases = {
    ...files,
    "cases/denies.yaml": `title: cascade - another exit code than 0 denies
dialect: cascade
needs: [shell, shout]
files: { cascade.yaml: "rules: [{ when: before_tool, command: echo never >&2; exit 1 }]" }
config: cascade.yaml
steps:
  - load: { ok: true, notices: [] }
  - fire: before_tool
    context: { tool: { name: bash } }
    expect: { proceed: false, dialect: cascade, reasons: [{ text: never }] }
  - exec: [echo, done]
    expect: { exitCode: 0, stdout: "done\\n" }
`,
    "cases/shouts.yaml": `title: native - an action of an outside adapter
dialect: native
needs: [shout]
files: { tenterhook.yaml: "hooks: [{ on: stop, action: { kind: shout, text: more } }]" }
config: tenterhook.yaml
steps: [{ fire: stop, expect: { resume: { reason: more } } }]
`
  }
  const plugins = ["--plugin", "./cascade.mjs", "--plugin", "./shout.cjs"]

  for (const subject of ["engine", "cli", "server"]) {
    it(`a case may name an outside dialect: ${subject}`, async () => {
      const { stdout, stderr } = await makeFolder(cases).run([
        "conformance",
        "run",
        "cases",
        "--subject",
        subject,
        ...plugins
      ])
      assert.include(stdout, "2 passed, 0 failed, 0 skipped", stderr)
    })
  }

  it("without the plug-in the nearest dialect is named, and what adds others", async () => {
    const typo = cases["cases/denies.yaml"]
      .replace("dialect: cascade", "dialect: cascad")
      .replace(", shout", "")
      .replace(/ {2}- load.*\n/, "")
    const folder = makeFolder({ ...cases, "cases/denies.yaml": typo })
    for (const subject of ["engine", "cli", "server"]) {
      const { code, stdout } = await folder.run([
        "conformance",
        "run",
        "cases/denies.yaml",
        "--subject",
        subject,
        ...plugins
      ])
      assert.strictEqual(code, 1)
      assert.match(stdout, /no dialect "cascad"; did you mean "cascade"\? Known are .*\(--plugin\)/, subject)
    }
  })

  it("a case that needs an adapter which is not there is skipped, and a server at a URL has its own plug-ins", async () => {
    const folder = makeFolder(cases)
    const skipped = await folder.run(["conformance", "run", "cases/shouts.yaml"])
    assert.include(skipped.stdout, "needs shout")
    const url = await folder.run(["conformance", "run", "cases", "--subject", "http://127.0.0.1:1", ...plugins])
    assert.strictEqual(url.code, 2)
    assert.include(url.stderr, "--plugin: the server at a URL has its own; start it with serve --plugin")
  })
})
