import { spawnSync } from "node:child_process"
import { assert, describe, it } from "vitest"
import { makeFolder, program } from "./tenterhook.ts"

const files = {
  "tenterhook.yaml": `hooks:
  - { on: pre_tool_use, run: "exit 2" }
  - { on: session_start, run: "true" }
  - { on: execution_end, run: "echo over" }
`
}

/** As a shell runs it; the exit code is the program's, not that of a pipe's last command. */
const inShell = (folder: ReturnType<typeof makeFolder>, command: string, prefix = "") =>
  spawnSync("/bin/sh", ["-c", `${prefix} { "$NODE" "$PROGRAM" ${command}; echo $? > code; }`], {
    cwd: folder.path,
    env: { PATH: process.env["PATH"]!, HOME: folder.path, NODE: process.execPath, PROGRAM: program },
    encoding: "utf8",
    timeout: 60_000
  })

describe("full-stdout", () => {
  it("a verdict's exit code stands, with a sentence on stderr", () => {
    const folder = makeFolder(files)
    for (const [command, code] of [
      ["fire pre_tool_use --json", 3],
      ["fire pre_tool_use", 3],
      ["fire session_start --json", 0],
      ["check --json", 0],
      ["fire nope", 2]
    ] as const) {
      const { stderr } = inShell(folder, `${command} > /dev/full`)
      assert.strictEqual(Number(folder.read("code")), code, command)
      if (command !== "fire nope") assert.match(stderr, /cannot write to stdout: no space left on the device/, command)
      assert.notMatch(stderr, /^\s+at /m)
    }
  })

  it("a command whose output is all that it does fails", () => {
    const folder = makeFolder(files)
    for (const command of ["list --json", "schema report", "explain session_start", "--help", "--completions bash"]) {
      const { stderr } = inShell(folder, `${command} > /dev/full`)
      assert.strictEqual(Number(folder.read("code")), 1, command)
      assert.match(stderr, /cannot write to stdout/, command)
    }
  })

  it("a file that takes a part of the output is as full as one that takes nothing", () => {
    const folder = makeFolder(files)
    inShell(folder, "schema report > whole")
    const { stderr } = inShell(folder, "schema report > part", "ulimit -f 1;")
    assert.isBelow(folder.read("part").length, folder.read("whole").length)
    assert.strictEqual(Number(folder.read("code")), 1)
    assert.match(stderr, /cannot write to stdout: the file would be too large/)
  })

  it("a full stderr, and a report that cannot be written, change no exit code", () => {
    const folder = makeFolder(files)
    inShell(folder, "fire pre_tool_use > /dev/full 2> /dev/full")
    assert.strictEqual(Number(folder.read("code")), 3)
    inShell(folder, "exec -- sh -c 'exit 7' 2> /dev/full")
    assert.strictEqual(Number(folder.read("code")), 7)
    const { stderr } = inShell(folder, "exec --report /dev/full -- sh -c 'exit 7'")
    assert.strictEqual(Number(folder.read("code")), 7)
    assert.match(stderr, /cannot write \/dev\/full/)
  })

  it("a reader that goes away changes no exit code, and says nothing", () => {
    const folder = makeFolder(files)
    for (const [command, code] of [
      ["fire pre_tool_use --json", 3],
      ["fire session_start", 0],
      ["schema case", 0]
    ] as const) {
      const { stderr } = spawnSync(
        "/bin/sh",
        ["-c", `{ sleep 0.2; "$NODE" "$PROGRAM" ${command}; echo $? > code; } | head -c 0`],
        {
          cwd: folder.path,
          env: { PATH: process.env["PATH"]!, HOME: folder.path, NODE: process.execPath, PROGRAM: program },
          encoding: "utf8"
        }
      )
      assert.strictEqual(Number(folder.read("code")), code, command)
      assert.notMatch(stderr, /EPIPE|cannot write|^\s+at /m)
    }
  })

  it("a pipe whose reader is slow gets everything", () => {
    const folder = makeFolder(files)
    const { stdout } = spawnSync("/bin/sh", ["-c", `"$NODE" "$PROGRAM" schema case | (sleep 0.5; cat)`], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"]!, HOME: folder.path, NODE: process.execPath, PROGRAM: program },
      encoding: "utf8"
    })
    assert.match(JSON.parse(stdout).$schema, /json-schema/)
  })
})
