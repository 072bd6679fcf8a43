import { spawn, spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { makeFolder, markOf, pause, processesBecome, program } from "./tenterhook.ts"

/** Start hooks say so, end hooks keep what they were told. */
const config = {
  "tenterhook.yaml": `hooks:
  - { on: execution_start, run: "echo from-start; echo start >> log" }
  - { on: execution_end, run: "cat > end.json; echo from-end; echo end >> log" }
`
}
const endOf = (folder: ReturnType<typeof makeFolder>) => JSON.parse(folder.read("end.json"))

describe("exec", () => {
  it("gives the command its own stdio, its arguments untouched, and its exit code", async () => {
    const folder = makeFolder(config)
    const input = Buffer.from([0, 255, 10, 13, 200])
    const copied = folder.start(["exec", "--", "cat"], { input })
    const bytes: Array<Buffer> = []
    copied.child.stdout!.on("data", (chunk) => bytes.push(chunk))
    const ended = await copied.ended
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.deepStrictEqual(Buffer.concat(bytes), input)
    assert.include(ended.stderr, "from-start")

    const words = ["a b", "", "--json", "--", "'q\"", "$HOME", "*"]
    const said = await folder.run([
      "exec",
      "--",
      "node",
      "-e",
      "console.log(JSON.stringify(process.argv.slice(1))); process.exit(9)",
      "--",
      ...words
    ])
    assert.deepStrictEqual(JSON.parse(said.stdout), words)
    assert.strictEqual(said.code, 9)
    assert.deepInclude(endOf(folder), { outcome: "error", error: "exit code 9" })
  })

  it("writes a report", async () => {
    const folder = makeFolder(config)
    await folder.run(["exec", "--report", "report.json", "--set", "task.id=7", "--", "sh", "-c", "exit 4"])
    const report = JSON.parse(folder.read("report.json"))
    assert.strictEqual(report.exitCode, 4)
    assert.deepInclude(report.start, { event: "execution_start", proceed: true })
    assert.deepInclude(report.end, { event: "execution_end" })
    assert.strictEqual(endOf(folder).task.id, "7")
  })

  it("does not run what a start hook refuses: exit code 3, end hooks with outcome aborted", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": `${config["tenterhook.yaml"]}  - { on: execution_start, run: "echo no >&2; exit 2" }\n`
    })
    const ended = await folder.run(["exec", "--report", "report.json", "--", "touch", "ran"])
    assert.strictEqual(ended.code, 3)
    assert.isFalse(folder.has("ran"))
    assert.strictEqual(endOf(folder).outcome, "aborted")
    assert.strictEqual(JSON.parse(folder.read("report.json")).exitCode, 3)
  })

  it("runs end hooks when there is no such command, or it cannot be executed", async () => {
    const folder = makeFolder({ ...config, plain: "text" })
    for (const [command, code] of [
      ["no-such-command", 127],
      ["./plain", 126]
    ] as const) {
      const ended = await folder.run(["exec", "--", command])
      assert.strictEqual(ended.code, code)
      assert.strictEqual(endOf(folder).outcome, "error")
      assert.notMatch(ended.stderr, /^\s+at /m)
    }
  })

  it("forwards a signal that only it got, once, and runs end hooks", async () => {
    for (const [signal, code] of [
      ["SIGINT", 5],
      ["SIGTERM", 6],
      ["SIGHUP", 7]
    ] as const) {
      const folder = makeFolder(config)
      const handlers = `let n = 0; process.on("${signal}", () => { n++; setTimeout(() => { console.log("got " + n); process.exit(${code}) }, 400) })`
      const started = folder.start([
        "exec",
        "--",
        "node",
        "-e",
        `${handlers}; setInterval(() => {}, 1000); require("fs").writeFileSync("up", "1")`
      ])
      await folder.appears("up")
      started.child.kill(signal)
      const ended = await started.ended
      assert.strictEqual(ended.stdout, "got 1\n", signal)
      assert.strictEqual(ended.code, code)
      assert.strictEqual(endOf(folder).outcome, "aborted")
    }
  })

  it("runs end hooks when the command is killed, and says so as a shell does", async () => {
    const folder = makeFolder(config)
    const ended = await folder.run(["exec", "--", "sh", "-c", "kill -9 $$"])
    assert.strictEqual(ended.code, 137)
    assert.deepInclude(endOf(folder), { outcome: "error", error: "ended by SIGKILL" })
    assert.strictEqual((await folder.run(["exec", "--", "sh", "-c", "kill -TERM $$"])).code, 143)
    assert.strictEqual(endOf(folder).outcome, "aborted")
  })

  it("--timeout ends the command's whole tree with 124, then runs end hooks", async () => {
    const folder = makeFolder(config)
    const ended = await folder.run(["exec", "--timeout", "700ms", "--", "sh", "-c", "sleep 300 & sleep 300"], {
      env: { MARK: markOf("exec-timeout") }
    })
    assert.strictEqual(ended.code, 124)
    assert.strictEqual(await processesBecome(0, `MARK=${markOf("exec-timeout")}`), 0)
    assert.strictEqual(endOf(folder).outcome, "aborted")
  })

  it("a second interrupt ends the end hooks at once", async () => {
    const folder = makeFolder({ "tenterhook.yaml": `hooks: [{ on: execution_end, run: "echo up > up; sleep 300" }]\n` })
    const started = folder.start(["exec", "--", "true"], { env: { MARK: markOf("exec-twice") } })
    await folder.appears("up")
    started.child.kill("SIGINT")
    // The same signal within 300 ms counts once: a launcher and a terminal may both send it.
    await pause(1500)
    assert.isNull(started.child.exitCode)
    started.child.kill("SIGINT")
    const ended = await started.ended
    assert.strictEqual(ended.code, 130)
    assert.strictEqual(await processesBecome(0, `MARK=${markOf("exec-twice")}`), 0)
  })

  it("ends what a start hook left running with the execution, and the command could use it", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": `hooks: [{ on: execution_start, run: "env MARK=${markOf("exec-left")} sleep 300 > /dev/null 2>&1 &" }]\n`
    })
    const ended = await folder.run([
      "exec",
      "--",
      "sh",
      "-c",
      `until cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep '^MARK=${markOf("exec-left")}$'; do sleep 0.1; done`
    ])
    assert.strictEqual(ended.stdout, `MARK=${markOf("exec-left")}\n`)
    assert.strictEqual(await processesBecome(0, `MARK=${markOf("exec-left")}`), 0)
  })

  it("killed with -9, leaves nothing of its hooks behind", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": `hooks: [{ on: execution_start, run: "env MARK=${markOf("exec-killed")} sleep 300 > /dev/null 2>&1 &" }]\n`
    })
    const started = folder.start(["exec", "--", "sh", "-c", "echo $$ > up; exec sleep 300"])
    const pid = Number(await folder.appears("up"))
    assert.strictEqual(await processesBecome(1, `MARK=${markOf("exec-killed")}`), 1)
    started.child.kill("SIGKILL")
    try {
      assert.strictEqual(await processesBecome(0, `MARK=${markOf("exec-killed")}`), 0)
    } finally {
      process.kill(pid, "SIGKILL")
    }
    await started.ended
  })
})

const python = spawnSync("python3", ["-c", "import pty"]).status === 0

describe.runIf(python)("exec in a terminal", () => {
  /** Runs it under a pseudo-terminal; each `type` is sent once the command has said its word. */
  const inTerminal = (
    folder: ReturnType<typeof makeFolder>,
    argv: ReadonlyArray<string>,
    type: Readonly<Record<string, string>>
  ) =>
    new Promise<{ code: number; said: string }>((done) => {
      const script = folder.at("terminal.py")
      writeFileSync(script, terminal)
      const args = [script, JSON.stringify(type), process.execPath, program, "exec", "--", ...argv]
      const child = spawn("python3", args, {
        cwd: folder.path,
        env: { PATH: process.env["PATH"]!, HOME: folder.path, TERM: "xterm" }
      })
      const parts: Array<Buffer> = []
      child.stdout.on("data", (chunk) => parts.push(chunk))
      child.stderr.on("data", (chunk) => parts.push(chunk))
      child.on("close", (code) => done({ code: code ?? -1, said: Buffer.concat(parts).toString() }))
    })

  it("the command has the terminal: it is in its foreground group and can read from it", async () => {
    const folder = makeFolder(config)
    const look =
      "import os, sys; print('tty', os.isatty(0), os.isatty(1), os.tcgetpgrp(0) == os.getpgrp()); print('ready', flush=True); print('read', input())"
    const { code, said } = await inTerminal(folder, ["python3", "-c", look], { ready: "hello\n" })
    assert.include(said, "tty True True True")
    assert.include(said, "read hello")
    assert.strictEqual(code, 0)
  })

  it("Ctrl-C reaches the command once, and end hooks run", async () => {
    const folder = makeFolder(config)
    const count = `let n = 0; process.on("SIGINT", () => { n++; setTimeout(() => { console.log("got " + n); process.exit(8) }, 500) }); setInterval(() => {}, 1000); console.log("ready")`
    const { code, said } = await inTerminal(folder, ["node", "-e", count], { ready: "\u0003" })
    assert.include(said, "got 1")
    assert.strictEqual(code, 8)
    assert.strictEqual(endOf(folder).outcome, "aborted")
  })
})

const terminal = `
import json, os, pty, select, sys, time
typing = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
said = b""
until = time.time() + 90
while time.time() < until:
    ready, _, _ = select.select([fd], [], [], 0.2)
    if not ready:
        continue
    try:
        chunk = os.read(fd, 4096)
    except OSError:
        break
    if not chunk:
        break
    said += chunk
    for word in list(typing):
        if word.encode() in said:
            time.sleep(0.2)
            os.write(fd, typing.pop(word).encode())
sys.stdout.write(said.decode(errors="replace"))
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`
