import { spawn, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { makeFolder, pause, program } from "../tenterhook.ts"
import { runAll } from "./stdinRuns.ts"

const config = { "tenterhook.yaml": `hooks: [{ on: stop, run: "cat > got.json" }]\n` }

/** As a shell would run it; `tenterhook` is the program. */
const inShell = (folder: ReturnType<typeof makeFolder>, script: string) =>
  spawnSync("/bin/sh", ["-c", `tenterhook() { "$NODE" "$PROGRAM" "$@"; }; ${script}`], {
    cwd: folder.path,
    env: { PATH: process.env["PATH"]!, HOME: folder.path, NODE: process.execPath, PROGRAM: program },
    encoding: "utf8",
    timeout: 60_000
  })

/** Node itself handles SIGTERM, but not SIGHUP: once that is handled, the program handles both. */
const handlesSignals = async (pid: number) => {
  const caught = () =>
    parseInt(/^SigCgt:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]!.slice(-2), 16)
  while ((caught() & 1) === 0) await pause(20)
}

describe("nonblocking-stdin: --context -", () => {
  it("reads 10 MB from a pipe, in pieces, slowly, blocking and not", async () => {
    assert.deepStrictEqual(await runAll({ runs: 24, parallel: 4, program }), [])
  })

  it("reads a file, /dev/null and a closed stdin, and refuses what is empty", () => {
    const folder = makeFolder({ ...config, "context.json": '\uFEFF{ "lastMessage": "grüße" }', empty: "" })
    const read = inShell(folder, "tenterhook fire stop --context - < context.json")
    assert.strictEqual(read.status, 0, read.stderr)
    assert.strictEqual(JSON.parse(folder.read("got.json")).lastMessage, "grüße")
    for (const stdin of ["< /dev/null", "<&-", "< empty"]) {
      const ended = inShell(folder, `tenterhook fire stop --context - ${stdin}`)
      assert.strictEqual(ended.status, 2, stdin)
      assert.match(ended.stderr, /stdin: empty; expected a JSON object/, stdin)
    }
  })

  it("refuses an endless stdin and one that is not UTF-8", () => {
    const folder = makeFolder(config)
    const endless = inShell(folder, "tenterhook fire stop --context - < /dev/zero")
    assert.strictEqual(endless.status, 2)
    assert.match(endless.stderr, /stdin: larger than 64 MiB/)
    const utf16 = inShell(folder, `printf '\\377\\376{\\0}\\0' | tenterhook fire stop --context -`)
    assert.strictEqual(utf16.status, 2)
    assert.match(utf16.stderr, /stdin: not UTF-8 text; it is UTF-16/)
  })

  it("--timeout and a signal end the reading", async () => {
    const folder = makeFolder(config)
    const reading = (args: ReadonlyArray<string>) => {
      const child = spawn(process.execPath, [program, "fire", "stop", "--context", "-", ...args], {
        cwd: folder.path,
        stdio: ["pipe", "pipe", "pipe"]
      })
      child.stdin.write('{ "lastMessage": "not the whole')
      const said: Array<Buffer> = []
      child.stderr.on("data", (chunk) => said.push(chunk))
      const ended = new Promise<{ code: number | null; stderr: string }>((done) =>
        child.on("close", (code) => done({ code, stderr: Buffer.concat(said).toString() }))
      )
      return { child, ended }
    }
    const late = await reading(["--timeout", "300ms"]).ended
    assert.strictEqual(late.code, 124)
    assert.match(late.stderr, /stopped after 300 ms \(--timeout\)/)

    const interrupted = reading([])
    await handlesSignals(interrupted.child.pid!)
    interrupted.child.kill("SIGTERM")
    const ended = await interrupted.ended
    assert.strictEqual(ended.code, 143)
    assert.match(ended.stderr, /interrupted by SIGTERM/)
    assert.isFalse(folder.has("got.json"))
  })
})

describe("--context @file", () => {
  it("reads regular files, and pipes that the shell opened", () => {
    const folder = makeFolder({ ...config, "context.json": '{ "lastMessage": "file" }' })
    assert.strictEqual(inShell(folder, "tenterhook fire stop --context @context.json").status, 0)
    const piped = inShell(folder, `(sleep 0.4; cat context.json) | tenterhook fire stop --context @/dev/fd/3 3<&0`)
    assert.strictEqual(piped.status, 0, piped.stderr)
    const stdin = inShell(folder, `(sleep 0.4; cat context.json) | tenterhook fire stop --context @/dev/stdin`)
    assert.strictEqual(stdin.status, 0, stdin.stderr)
    assert.strictEqual(JSON.parse(folder.read("got.json")).lastMessage, "file")
    assert.match(inShell(folder, "tenterhook exec --context @/dev/stdin -- true").stderr, /exec passes its stdin/)
  })

  it("refuses a FIFO, a device, a folder and a file that is too large, at once", () => {
    const folder = makeFolder(config)
    spawnSync("mkfifo", [folder.at("fifo")])
    spawnSync("truncate", ["-s", "100M", folder.at("large")])
    for (const [file, said] of [
      ["fifo", /fifo: it is not a regular file/],
      ["/dev/zero", /\/dev\/zero: it is not a regular file/],
      [".", /cannot read \.: it is a folder/],
      ["large", /large: larger than 64 MiB/],
      ["gone", /gone: no such file/],
      ["/dev/fd/9", /\/dev\/fd\/9/]
    ] as const) {
      const ended = inShell(folder, `tenterhook fire stop --context @${file}`)
      assert.strictEqual(ended.status, 2, file)
      assert.match(ended.stderr, said)
    }
    const endpoints = inShell(folder, "tenterhook fire stop --endpoints fifo")
    assert.match(endpoints.stderr, /fifo: it is not a regular file/)
  })
})
