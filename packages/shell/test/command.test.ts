import { chmodSync, existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { CurrentContext } from "@tenterhook/core"
import { Effect } from "effect"
import { action, freshFolder, run, shellLayer } from "./shell.ts"

const closed = { env: { base: "closed", set: {} } } as const

it.layer(shellLayer(), { excludeTestServices: true })("a command", (it) => {
  it.effect("as argv is executed as it stands", () =>
    Effect.gen(function* () {
      const reply = yield* run(action(["printf", "%s|", "a b", "$HOME", "'q'", '"', "*", ""]))
      assert.strictEqual(reply.output, `a b|$HOME|'q'|"|*||`)
    })
  )

  it.effect("as a line goes through /bin/sh", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(action("X=1; echo $((X + 1)) | cat"))).output, "2\n")
      assert.strictEqual((yield* run(action("-x || echo refused"))).output, "refused\n")
    })
  )

  it.effect("tells exit codes and signals apart", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* run(action("exit 0")), { status: 0, signal: null, leftRunning: 0, truncated: false })
      assert.deepInclude(yield* run(action("exit 7")), { status: 7, signal: null })
      assert.deepInclude(yield* run(action("kill -USR1 $$")), { status: null, signal: "SIGUSR1" })
      assert.deepInclude(yield* run(action("exit 127")), { status: 127, signal: null })
    })
  )

  it.effect("inherits the context's environment where there is one, else the host's", () =>
    Effect.gen(function* () {
      process.env["SHELL_TEST_HOST"] = "host"
      const ask = action('echo "$SHELL_TEST_HOST,$SHELL_TEST_CONTEXT"')
      assert.strictEqual((yield* run(ask)).output, "host,\n")
      const env = { PATH: process.env["PATH"] ?? "", SHELL_TEST_CONTEXT: "context" }
      const within = yield* run(ask).pipe(Effect.provideService(CurrentContext, { env }))
      assert.strictEqual(within.output, ",context\n")
    })
  )

  it.effect("closed, has nothing but what is set and the marks", () =>
    Effect.gen(function* () {
      const reply = yield* run(action(["/usr/bin/env"], { env: { base: "closed", set: { A: "1 2", EMPTY: "" } } }))
      const names = reply.output.trim().split("\n")
      assert.deepStrictEqual(names.map((line) => (line.startsWith("TENTERHOOK") ? line.split("=")[0] : line)).sort(), [
        "A=1 2",
        "EMPTY=",
        "SHLVL=1",
        "TENTERHOOK_FIRE",
        "TENTERHOOK_RUN"
      ])
    })
  )

  it.effect("with a list of names, has those that have a value; what is set goes on top", () =>
    Effect.gen(function* () {
      const env = { base: ["ONE", "TWO", "ABSENT"], set: { TWO: "set" } }
      const reply = yield* run(action(["/usr/bin/env"], { env })).pipe(
        Effect.provideService(CurrentContext, { env: { ONE: "1", TWO: "2", THREE: "3", SHLVL: "4" } })
      )
      const own = reply.output
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("TENTERHOOK"))
      assert.deepStrictEqual(own.sort(), ["ONE=1", "SHLVL=1", "TWO=set"])
    })
  )

  it.effect("is marked with its fire, which cannot be set away", () =>
    Effect.gen(function* () {
      const reply = yield* run(
        action("echo $TENTERHOOK_FIRE", { env: { base: "closed", set: { TENTERHOOK_FIRE: "forged" } } }),
        {
          fireId: "fire-77" as never
        }
      )
      assert.strictEqual(reply.output, "fire-77\n")
    })
  )

  it.effect("in bash never runs the user's start-up files", () =>
    Effect.gen(function* () {
      const home = yield* freshFolder
      writeFileSync(join(home, ".bashrc"), "echo start-up file\n")
      for (const set of [{ HOME: home }, { HOME: home, SHLVL: "0" }]) {
        const reply = yield* run(
          action(["/bin/bash", "-c", "cat; echo $SHLVL"], {
            env: { base: "closed", set: { ...set, PATH: "/bin:/usr/bin" } },
            stdin: "payload"
          }),
          {
            payload: Buffer.from("in\n")
          }
        )
        assert.strictEqual(reply.output, "in\n2\n")
      }
    })
  )

  it.effect("is looked up in the PATH of its own environment, not the host's", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      writeFileSync(join(folder, "only-here"), "#!/bin/sh\necho found\n")
      chmodSync(join(folder, "only-here"), 0o755)
      const found = yield* run(action(["only-here"], { env: { base: "closed", set: { PATH: folder } } }))
      assert.strictEqual(found.output, "found\n")
      const error = yield* Effect.flip(run(action(["ls"], { env: { base: "closed", set: { PATH: folder } } })))
      assert.strictEqual(error.reason._tag, "spawn")
    })
  )

  it.effect("without a PATH is looked up in the system's default path", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(action(["echo", "x"], closed))).output, "x\n")
    })
  )

  it.effect("with a slash in its name is taken from its working folder", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      writeFileSync(join(folder, "here.sh"), "#!/bin/sh\npwd\n")
      chmodSync(join(folder, "here.sh"), 0o755)
      assert.strictEqual((yield* run(action(["./here.sh"], { cwd: folder }))).output, `${folder}\n`)
    })
  )

  it.effect("runs in its folder, else the context's, else the host's", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      assert.strictEqual((yield* run(action("pwd", { cwd: folder }))).output, `${folder}\n`)
      const inContext = run(action("pwd")).pipe(Effect.provideService(CurrentContext, { cwd: folder }))
      assert.strictEqual((yield* inContext).output, `${folder}\n`)
      assert.strictEqual((yield* run(action("pwd"))).output, `${process.cwd()}\n`)
    })
  )

  it.effect("has its folders made first, with their parents", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const cwd = join(folder, "a/b")
      const reply = yield* run(action("pwd; ls", { cwd, mkdir: [cwd, join(cwd, "c")] }))
      assert.strictEqual(reply.output, `${cwd}\nc\n`)
    })
  )

  it.effect("whose needed file is not there is missing and does not run; its folders are made first", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const made = join(folder, "made")
      const ran = join(folder, "ran")
      const error = yield* Effect.flip(
        run(action(`touch ${ran}`, { cwd: folder, mustExist: "hook.sh", mkdir: [made] }))
      )
      assert.strictEqual(error.message, `test[0]: expected hook.sh in ${folder}, found nothing`)
      assert.strictEqual(error.reason._tag, "missing")
      assert.deepStrictEqual([existsSync(made), existsSync(ran)], [true, false])

      writeFileSync(join(folder, "hook.sh"), "")
      assert.strictEqual((yield* run(action("echo ran", { cwd: folder, mustExist: "hook.sh" }))).output, "ran\n")
    })
  )
})

it.layer(shellLayer(), { excludeTestServices: true })("a line whose script cannot be executed", (it) => {
  it.effect("has a notice about Windows line ends, a missing x bit, or none", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      writeFileSync(join(folder, "windows.sh"), "#!/bin/sh\r\nexit 2\r\n", { mode: 0o755 })
      writeFileSync(join(folder, "env.py"), "#!/usr/bin/env python3\r\n", { mode: 0o755 })
      writeFileSync(join(folder, "plain.sh"), "#!/bin/sh\nexit 2\n", { mode: 0o644 })
      const ends = "has Windows line ends: its first line ends with a CR, so no interpreter is found for it"
      const of = Effect.fnUntraced(function* (line: string) {
        const { status, notices = [] } = yield* run(action(line, { cwd: folder }))
        return [status, ...notices.map(({ level, text }) => `${level}: ${text}`)]
      })
      assert.deepStrictEqual(yield* of('X=1 ./windows.sh "$X" || exit'), [
        127,
        `warn: ./windows.sh ${ends}; save it with LF line ends`
      ])
      assert.deepStrictEqual(yield* of("true | ./env.py"), [127, `warn: ./env.py ${ends}; save it with LF line ends`])
      assert.deepStrictEqual(yield* of("./plain.sh"), [126, "warn: ./plain.sh is not executable: chmod +x ./plain.sh"])
      assert.deepStrictEqual(yield* of("./nowhere.sh"), [127])
      assert.deepStrictEqual(yield* of("sh plain.sh"), [2])
    })
  )
})

it.layer(shellLayer(), { excludeTestServices: true })("a command that cannot be started says why", (it) => {
  const why = (of: Parameters<typeof run>[0]) =>
    Effect.map(Effect.flip(run(of)), (error) => {
      assert.strictEqual(error._tag, "AdapterError")
      assert.strictEqual(error.reason._tag, "spawn")
      return error.message
    })

  it.effect("not found", () =>
    Effect.gen(function* () {
      const env = { base: "closed", set: { PATH: "/nowhere" } } as const
      assert.strictEqual(
        yield* why(action(["no-such-thing", "-x"], { env })),
        "test[0]: could not start no-such-thing -x: command not found: no-such-thing is in no folder of PATH=/nowhere"
      )
      assert.include(yield* why(action(["no-such-thing"], closed)), "the system's default path (it has no PATH)")
      assert.include(yield* why(action(["/no/such/thing"])), "there is no /no/such/thing")
    })
  )

  it.effect("Windows line ends in its script", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      writeFileSync(join(folder, "guard.sh"), "#!/bin/sh\r\nexit 2\r\n", { mode: 0o755 })
      const text = "guard.sh has Windows line ends: its first line ends with a CR"
      assert.include(yield* why(action(["./guard.sh"], { cwd: folder })), `: ./${text}`)
      const env = { base: "closed", set: { PATH: folder } } as const
      assert.include(yield* why(action(["guard.sh"], { env })), `: ${text}`)
    })
  )

  it.effect("not executable", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      writeFileSync(join(folder, "plain"), "text")
      assert.include(yield* why(action(["./plain"], { cwd: folder })), "./plain is not an executable file")
    })
  )

  it.effect("no working folder, or a file in its place", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      assert.strictEqual(
        yield* why(action(["true"], { cwd: join(folder, "gone") })),
        `test[0]: could not start true: its working folder ${folder}/gone does not exist`
      )
      writeFileSync(join(folder, "file"), "")
      assert.include(yield* why(action("true", { cwd: join(folder, "file") })), "is not a folder")
      assert.include(yield* why(action("true", { mkdir: [join(folder, "file/below")] })), "could not be made: ENOTDIR")
    })
  )

  it.effect("arguments that the system does not take", () =>
    Effect.gen(function* () {
      const long = "x".repeat(200_000)
      const most = "is longer than 131071 bytes, which is the most that the system takes; read large values from stdin"
      assert.include(yield* why(action(["echo", long])), `argument 1 ${most}`)
      const env = { base: "closed", set: { CMD: long } } as const
      assert.include(yield* why(action("exit 2", { env })), `the variable CMD ${most}`)
      const many = Array.from({ length: 40 }, () => "x".repeat(120_000))
      assert.include(
        yield* why(action(["echo", ...many])),
        "longer than the system allows; read large values from stdin"
      )
      assert.include(yield* why(action(["ec\0ho"])), "null bytes")
      assert.include(yield* why(action([""])), "cannot be empty")
    })
  )
})
