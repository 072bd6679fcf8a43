/** What `check` remarks on in configs that load. */
import { canonicalTools } from "@tenterhook/core"
import { createHooks } from "@tenterhook/sdk"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { lint } from "../src/lint/lint.ts"
import { makeFolder } from "./tenterhook.ts"

/** The remarks of each hook by its name, with their places. */
const remarksOf = async (text: string, files: Readonly<Record<string, string>> = {}, file = "tenterhook.yaml") => {
  const folder = makeFolder({ ...files, [file]: text })
  const hooks = await createHooks({ config: folder.at(file), cwd: folder.path })
  await hooks.close()
  const findings = await lint(hooks.sets)
  return findings.map(({ line, column, text }) => `${line}:${column} ${text}`)
}

/** One hook for each command, in the order given; those without a remark are left out. */
const remarkedOn = async (hooks: ReadonlyArray<string>, about: RegExp, files?: Readonly<Record<string, string>>) => {
  const text = `hooks:\n${hooks.map((hook, index) => `  - { name: "${index}", ${hook} }\n`).join("")}`
  const found = (await remarksOf(text, files)).filter((remark) => about.test(remark))
  return found.map((remark) => Number(/ (\d+): /.exec(remark)![1]))
}

const windows = "#!/bin/sh\r\nexit 2\r\n"

describe("scripts", () => {
  it("with CRLF, without a first line, and empty ones are named with their place (guard.sh with CRLF)", async () => {
    const text = `hooks:
  - on: pre_tool_use
    run: ./guard.sh
  - on: stop
    run: ["./guard.sh", --fast]
  - { on: stop, run: bash hooks/late.sh }
  - { on: stop, run: cat | ./bare.sh }
  - { on: stop, run: ./empty.sh && python3 read.py }
`
    const remarks = await remarksOf(text, {
      "guard.sh": windows,
      "hooks/late.sh": "#!/bin/bash\nif true; then\r\n  exit 2\nfi\n",
      "bare.sh": "exit 2\n",
      "empty.sh": "\n",
      "read.py": "#!/usr/bin/env python3\r\nprint(1)\r\n"
    })
    const ends =
      "has Windows line ends: line 1 ends with a CR, so no interpreter is found for it; save it with LF line ends"
    assert.deepStrictEqual(remarks, [
      `3:10 pre_tool_use[0]: its script ./guard.sh ${ends}`,
      `5:12 stop[0]: its script ./guard.sh ${ends}`,
      "6:27 stop[1]: its script hooks/late.sh has Windows line ends: line 2 ends with a CR, which the shell takes for a part of the line; save it with LF line ends",
      "7:28 stop[2]: its script ./bare.sh has no first line that names its interpreter (e.g. #!/bin/sh), so /bin/sh reads it",
      "8:22 stop[3]: its script ./empty.sh is empty: it does nothing, and ends with 0"
    ])
  })

  it("of another product's config are looked at as well", async () => {
    const text = `{ "hooks": [{ "event": "pre_tool_use", "command": "./guard.sh" }] }`
    const folder = makeFolder({ "coder.json": text, "guard.sh": windows })
    const { stdout } = await folder.run(["check", "--strict", "--json", "--config", "coder.json"])
    const [finding] = JSON.parse(stdout).lint
    assert.deepInclude(finding, { file: "coder.json", line: 1, column: 52 })
    assert.include(finding.text, "has Windows line ends")
  })
})

describe("`exit 1` in a gate without `onFailure`", () => {
  const files = {
    "one.sh": "#!/bin/sh\n# exit 2 is what others do\ngrep -q rm || exit 1\n",
    "two.sh": "#!/bin/sh\n[ $# -eq 1 ] || exit 1\nexit 2\n",
    "answers.mjs": 'import "node:fs"\nconsole.log(JSON.stringify({ verdict: "deny" }))\nprocess.exit(1)\n',
    "one.mjs": "process.exit(1)\n",
    "one.py": "import sys\nsys.exit('no')\n",
    "passes.sh": '#!/bin/sh\n"$@"\nexit $?\n'
  }

  it("is remarked on, in a command, a script, and a program that says no with 1", async () => {
    const says = [
      "on: pre_tool_use, run: 'grep -q rm && exit 1 || true'",
      "on: pre_tool_use, run: ./one.sh",
      "on: [stop, session_end], run: node one.mjs",
      "on: user_prompt_submit, run: [python3, one.py]",
      "on: stop, run: npm test",
      "on: stop, run: cd app && npm run lint 2>&1",
      "on: pre_tool_use, run: '! grep -q rm'",
      "on: pre_tool_use, run: git diff --exit-code",
      "on: stop, run: [git, diff, --quiet]",
      "on: stop, run: make check > /dev/null",
      "on: stop, run: CI=1 npx vitest run"
    ]
    const indexes = says.map((_, index) => index)
    assert.deepStrictEqual(await remarkedOn(says, /ends with exit code 1 to say no/, files), indexes)
  })

  it("is not remarked on where 1 is no way to say no, or denies", async () => {
    const silent = [
      "on: pre_tool_use, run: ./one.sh, onFailure: block",
      "on: pre_tool_use, run: ./two.sh",
      "on: pre_tool_use, run: node answers.mjs",
      "on: pre_tool_use, run: ./passes.sh npm test",
      "on: stop, run: npm test || exit 2",
      "on: stop, run: npm test | tail -5 >&2",
      "on: session_end, run: exit 1",
      "on: post_tool_use, run: npm test",
      "on: execution_start, run: npm run prepare",
      "on: pre_tool_use, run: 'if grep -q rm; then exit 2; fi'",
      "on: pre_tool_use, run: echo exit code",
      "on: pre_tool_use, run: 'cat >> log.txt'"
    ]
    assert.deepStrictEqual(await remarkedOn(silent, /ends with exit code 1/, files), [])
  })

  it("has the place and what to write", async () => {
    const [remark] = await remarksOf("hooks:\n  - on: stop\n    run: |\n      npm test\n")
    assert.strictEqual(
      remark,
      "4:7 stop[0]: `npm test` ends with exit code 1 to say no, but on stop only exit code 2 keeps the agent working, and the agent goes on; end with 2, or set onFailure: block"
    )
  })
})

describe("oversized-value/", () => {
  it("a value of any length in a variable or an argument of an open gate is remarked on", async () => {
    const text = `hooks:
  - on: pre_tool_use
    env: { CMD: "\${tool.input.command}", HOME: "\${env.HOME}" }
    run: exit 2
  - on: user_prompt_submit
    run: [printf, "%s", --, "\${prompt}"]
`
    const remarks = await remarksOf(text)
    assert.match(
      remarks[0]!,
      /^3:18 pre_tool_use\[0\]: its variable CMD holds \$\{tool\.input\.command\}, and the system takes at most 131071 bytes/
    )
    assert.match(
      remarks[1]!,
      /^6:30 user_prompt_submit\[0\]: an argument holds \$\{prompt\}.*Read the value from stdin, or set onFailure: block$/
    )
    assert.lengthOf(remarks, 2)
  })

  it("is not remarked on in a closed gate, an observer, or with a value that is short", async () => {
    const silent = [
      'on: pre_tool_use, env: { CMD: "${tool.input.command}" }, run: exit 2, onFailure: block',
      'on: post_tool_use, env: { CMD: "${tool.input.command}" }, run: exit 2',
      'on: pre_tool_use, env: { TOOL: "${tool.name}", TEXT: "$${prompt}" }, run: exit 2',
      'on: pre_tool_use, run: [sh, guard.sh, "--path=${tool.input.path}"]'
    ]
    assert.deepStrictEqual(await remarkedOn(silent, /at most 131071 bytes/, { "guard.sh": "#!/bin/sh\nexit 2\n" }), [])
  })
})

describe("`tool: Bash`, event `bash`", () => {
  it("is remarked on with the canonical name, as a text, a list, a glob and a regular expression", async () => {
    const says = [
      "on: pre_tool_use, tool: Bash, run: exit 2",
      "on: pre_tool_use, tool: [mcp__disk__read, WebFetch], run: exit 2",
      "on: pre_tool_use, tool: '{Edit,Write}', run: exit 2",
      'on: pre_tool_use, tool: { regex: "^(Write|MultiEdit)$" }, run: exit 2',
      "on: pre_tool_use, tool: BASH, run: exit 2",
      "on: pre_tool_use, tool: run_shell_command, run: exit 2"
    ]
    assert.deepStrictEqual(
      [...new Set(await remarkedOn(says, /did you mean "[a-z_]+"\?/))],
      says.map((_, index) => index)
    )
    const [remark] = await remarksOf("hooks:\n  - on: pre_tool_use\n    tool: Bash\n    run: exit 2\n")
    assert.strictEqual(
      remark,
      '3:11 pre_tool_use[0]: its tool Bash fits "Bash" and not "bash", the canonical name; did you mean "bash"?'
    )
  })

  it("has its name in the table of docs/config.md", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/config.md"), "utf8")
    const rows = Object.entries(canonicalTools).map(
      ([name, { description, elsewhere }]) =>
        `| \`${name}\` | ${description} | ${elsewhere.map((one) => `\`${one}\``).join(", ")} |`
    )
    assert.include(page, rows.join("\n"))
  })

  it("is not remarked on where the canonical name fits as well, or is unknown", async () => {
    const silent = [
      "on: pre_tool_use, tool: bash, run: exit 2",
      "on: pre_tool_use, tool: [Bash, bash], run: exit 2",
      "on: pre_tool_use, tool: '*', run: exit 2",
      'on: pre_tool_use, tool: { regex: "^bash$", flags: i }, run: exit 2',
      "on: pre_tool_use, tool: 'mcp__*', run: exit 2",
      "on: pre_tool_use, tool: Deploy, run: exit 2"
    ]
    assert.deepStrictEqual(await remarkedOn(silent, /did you mean/), [])
  })
})

describe("an event `Bash` where a hook is for `bash`", () => {
  it("is hinted at by fire, with the place of the mistake, and by explain", async () => {
    const config = (tool: string) => `hooks: [{ name: guard, on: pre_tool_use, tool: ${tool}, run: exit 2 }]\n`
    const folder = makeFolder({ "tenterhook.yaml": config("bash"), "upper/tenterhook.yaml": config("Bash") })
    const [event, inConfig, explained, none] = await Promise.all([
      folder.run(["fire", "pre_tool_use", "--set", "tool.name=Bash", "--json"]),
      folder.run(["fire", "pre_tool_use", "--set", "tool.name=bash"], { in: "upper" }),
      folder.run(["explain", "pre_tool_use", "--set", "tool.name=Bash"]),
      folder.run(["fire", "pre_tool_use", "--set", "tool.name=write"])
    ])
    assert.include(event.stderr, 'guard is for the tool "bash", not for "Bash"; did you mean tool.name=bash?')
    assert.include(
      inConfig.stderr,
      'guard is for the tool "Bash", not for "bash"; did you mean tool: bash in the config?'
    )
    assert.include(explained.stdout, `does not match tool.name "Bash", but "bash": the case of a tool's name counts`)
    assert.notInclude(none.stderr, "did you mean")
  })
})

describe("deadlines", () => {
  it("of Wegent's variable that are no whole number are remarked on (WEGENT_HOOK_PRE_EXECUTE_TIMEOUT=2m, abc, -5)", async () => {
    const folder = makeFolder({ "pre.sh": "#!/bin/bash\ntrue\n" })
    const check = (timeout: string) => {
      const env = { WEGENT_HOOK_PRE_EXECUTE: folder.at("pre.sh"), WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: timeout }
      return folder.run(["check", "--strict", "--dialect", "wegent"], { env })
    }
    const [right, ...wrong] = await Promise.all(["60", "2m", "abc", "-5"].map(check))
    assert.strictEqual(right!.code, 0, right!.stdout)
    for (const { code, stdout } of wrong) {
      assert.strictEqual(code, 1)
      assert.match(
        stdout,
        /WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: expected a whole number of seconds above 0, got ".*"; 30 seconds are used/
      )
    }
  })

  it("of milliseconds that were meant as seconds are remarked on (timeout_ms: 120)", async () => {
    const entry = (ms: number) => `  - { name: script, config: { command: "true", timeout_ms: ${ms} } }\n`
    const remarks = await remarksOf(
      `pre_execution:\n${[5, 120, 600, 1000, 30_000].map(entry).join("")}`,
      {},
      "case.yaml"
    )
    assert.deepStrictEqual(
      remarks.map((remark) => /(\d+) is .* for (\d+) s write (\d+)/.exec(remark)?.slice(1)),
      [
        ["5", "5", "5000"],
        ["120", "120", "120000"],
        ["600", "600", "600000"]
      ]
    )
  })
})
