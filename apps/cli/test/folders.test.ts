/** Folders that a hook starts in, and environments in which it has none. */
import { assert, describe, it } from "vitest"
import { makeFolder } from "./tenterhook.ts"

describe("tmpdir/", () => {
  it("a guard reads its input whatever TMPDIR is, and nothing is made at a place that does not exist", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": "hooks: [{ on: pre_tool_use, run: 'grep -q \"rm -rf\" && exit 2 || true' }]\n"
    })
    const fire = (TMPDIR: string) =>
      folder.run(["fire", "pre_tool_use", "--set", "tool.name=bash", "--set", "tool.input.command=rm -rf /"], {
        env: { TMPDIR }
      })
    const places = ["/dev/null/claude", "/proc", folder.at("gone/deep")]
    const fired = await Promise.all(places.map(fire))
    assert.deepStrictEqual(
      fired.map(({ code }) => code),
      [3, 3, 3]
    )
    assert.isFalse(folder.has("gone"))
  })
})

const logging = `hooks:
  - { on: execution_start, run: echo start >> "$LOG" }
  - { on: execution_end, name: cleanup, run: 'echo end >> "$LOG"' }
`

describe("`run: ./guard.sh` in the repository's root, fired from a subfolder", () => {
  const guard = "#!/bin/sh\ncat > /dev/null; echo denied here >&2; exit 2\n"
  const decoy = "#!/bin/sh\nexit 0\n"
  const files = {
    ".git/HEAD": "",
    "tenterhook.yaml": "hooks: [{ name: guard, on: [pre_tool_use, execution_start], run: ./guard.sh }]\n",
    "guard.sh": guard,
    "deep/guard.sh": decoy
  }

  it("is the root's script for fire, exec, check and explain, also where the subfolder has one of the same name", async () => {
    const folder = makeFolder(files)
    const here = { in: "deep" }
    const [fired, executed, checked, explained] = await Promise.all([
      folder.run(["fire", "pre_tool_use", "--set", "tool.name=bash"], here),
      folder.run(["exec", "--", "true"], here),
      folder.run(["check", "--json"], here),
      folder.run(["explain", "pre_tool_use", "--json"], here)
    ])
    assert.strictEqual(fired.code, 3, fired.stdout)
    assert.include(fired.stdout, "denied here")
    assert.strictEqual(executed.code, 3, executed.stderr)
    assert.deepStrictEqual(JSON.parse(checked.stdout).lint, [])
    assert.strictEqual(JSON.parse(explained.stdout).sets[0].hooks[0].startsIn, folder.path)
  })

  it("is missed by check where only the subfolder has it", async () => {
    const { "guard.sh": _, ...others } = files
    const folder = makeFolder(others)
    const { stdout } = await folder.run(["check"], { in: "deep" })
    assert.include(stdout, `its script ./guard.sh is not there (looked for in ${folder.path})`)
  })
})

describe("removed-folder/", () => {
  it("the end hooks of exec run in the config's folder, with a notice, although the command removed its folder", async () => {
    const folder = makeFolder({ "tenterhook.yaml": logging, "work/keep.txt": "" })
    const env = { LOG: folder.at("log") }
    const command = ["exec", "--config", "../tenterhook.yaml", "--", "sh", "-c", 'rm -rf "$PWD"']
    const { code, stderr } = await folder.run(command, { in: "work", env })
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(folder.read("log"), "start\nend\n")
    assert.include(stderr, `the agent's folder ${folder.at("work")} does not exist; the hook ran in ${folder.path}`)
  })

  it("the end hooks of exec also run in another product's dialect", async () => {
    const folder = makeFolder({
      "hooks.json": JSON.stringify({ hooks: [{ event: "session_end", command: "pwd > ended.txt" }] }),
      "work/keep.txt": ""
    })
    const command = ["fire", "session_end", "--dialect", "errata", "--config", "../hooks.json", "--json"]
    const { code, stdout } = await folder.inRemoved("work", command)
    assert.strictEqual(code, 0, stdout)
    assert.strictEqual(folder.read("ended.txt"), `${folder.path}\n`)
    assert.match(JSON.parse(stdout).notices[0].text, /work does not exist; the hook ran in the config's folder/)
  })

  it("each command answers with a sentence where the current folder was removed", async () => {
    const folder = makeFolder({ "tenterhook.yaml": logging, ".git/HEAD": "" })
    const config = ["--config", folder.at("tenterhook.yaml")]
    const commands: ReadonlyArray<readonly [number, ...ReadonlyArray<string>]> = [
      [0, "list", ...config],
      [0, "list", "--config", "../tenterhook.yaml"],
      [0, "check"],
      [0, "fire", "execution_end"],
      [0, "explain", "execution_end"],
      [0, "exec", ...config, "--", "true"],
      [2, "fire", "stop", "--config", "gone.yaml"],
      [2, "serve", "--port", "0"]
    ]
    await Promise.all(
      commands.map(async ([expected, ...args], index) => {
        const work = `work-${index}`
        const { code, stdout, stderr } = await folder.inRemoved(work, args, { env: { LOG: folder.at("log") } })
        assert.strictEqual(code, expected, `${args.join(" ")}: ${stdout}${stderr}`)
        assert.notInclude(stdout + stderr, "uv_cwd")
        assert.include(stderr, `the current folder ${folder.at(work)} was removed`)
      })
    )
  })
})

describe("stale-pwd/", () => {
  it("PWD is the folder that a hook starts in, and OLDPWD of the host is left out", async () => {
    const print = ["node", "-p", "[process.env.PWD, process.cwd(), process.env.OLDPWD].join(' ')"]
    const folder = makeFolder({
      "tenterhook.yaml": JSON.stringify({ hooks: [{ on: "stop", cwd: "${cwd}", run: print }] }),
      "sub/keep.txt": ""
    })
    const env = { PWD: folder.path, OLDPWD: "/elsewhere" }
    const { stdout } = await folder.run(["fire", "stop", "--set", `cwd=${folder.at("sub")}`, "--json"], { env })
    assert.strictEqual(JSON.parse(stdout).outcomes[0].stdout, `${folder.at("sub")} ${folder.at("sub")} \n`)
  })

  it("PWD is the folder of a tools file for the servers that it names, from wherever it is given", async () => {
    const server = `import { createInterface } from "node:readline"
const say = (id, result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }))
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method } = JSON.parse(line)
  if (method === "initialize") say(id, { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } })
  if (method === "tools/list") say(id, { tools: [{ name: "where", inputSchema: { type: "object" } }] })
  if (method === "tools/call") say(id, { content: [{ type: "text", text: process.env.PWD + " " + process.cwd() }] })
})
`
    const folder = makeFolder({
      "tenterhook.yaml": "hooks: [{ on: stop, call: where }]\n",
      "mcp.json": JSON.stringify({ mcpServers: { s: { command: process.execPath, args: ["server.mjs"] } } }),
      "server.mjs": server,
      "sub/keep.txt": ""
    })
    const args = ["fire", "stop", "--config", "../tenterhook.yaml", "--tools", "../mcp.json", "--json"]
    const { stdout, stderr } = await folder.run(args, { in: "sub", env: { PWD: folder.at("sub") } })
    assert.strictEqual(JSON.parse(stdout).outcomes[0].output, `${folder.path} ${folder.path}`, stderr)
  })
})
