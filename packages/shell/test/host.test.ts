import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { CurrentExecution } from "@tenterhook/core"
import { Effect, Exit, Scope } from "effect"
import type { HostTask } from "./fixtures/host.ts"
import { hostileKinds } from "../src/hostile/index.ts"
import {
  action,
  eventually,
  farTooLateMs,
  freshFolder,
  invocation,
  killAll,
  run,
  shell,
  shellLayer,
  uniqueSleep,
  withArgument
} from "./shell.ts"

const script = fileURLToPath(new URL("./fixtures/host.ts", import.meta.url))

/** `first` is a shell command that runs before it, e.g. `ulimit -n 64`. */
const spawned = (task: HostTask, env: Record<string, string>, first = ":") =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const argv = [process.execPath, "--conditions=@tenterhook/source", script, JSON.stringify(task)]
      return spawn("/bin/sh", ["-c", `${first}; exec "$@"`, "sh", ...argv], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "inherit"]
      })
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** A host that has started its commands, with the lines that it printed. */
const startHost = Effect.fnUntraced(function* (task: HostTask, env: Record<string, string> = {}, first?: string) {
  const folder = yield* freshFolder
  const child = yield* spawned(task, { TMPDIR: folder, ...env }, first)
  const lines: Array<any> = []
  yield* Effect.promise(async () => {
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(JSON.parse(line))
      if (lines.at(-1) === "started") return
    }
  })
  assert.strictEqual(lines.at(-1), "started")
  return { child, folder, lines }
})

const gone = (child: ChildProcess) =>
  Effect.promise(async () => (child.exitCode === null && child.signalCode === null ? once(child, "exit") : null))

/** Watchers of the host whose folder this is. */
const watchers = (folder: string) => withArgument(`${folder}/tenterhook-`)

describe("a host that dies", () => {
  it.live(
    "by kill -9 with 20 hooks running leaves no process",
    () =>
      Effect.gen(function* () {
        const hold = uniqueSleep()
        const stays = hostileKinds.filter((kind) => kind.ends === "deadline" && !kind.name.startsWith("floods"))
        const commands = Array.from({ length: 20 }, (_, index) =>
          stays[index % stays.length]!.command.replaceAll("{hold}", hold)
        )
        const { child, folder } = yield* startHost({ commands, wait: false, then: "hang" })
        assert.isTrue(yield* eventually(() => withArgument(hold).length >= 40))
        assert.strictEqual(watchers(folder).length, 1)

        child.kill("SIGKILL")
        yield* gone(child)
        yield* eventually(() => withArgument(hold).length === 0 && watchers(folder).length === 0)

        assert.deepStrictEqual(withArgument(hold), [])
        assert.deepStrictEqual(watchers(folder), [])
        assert.deepStrictEqual(readdirSync(folder), [])
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "by kill -9 in the middle of starting leaves none either",
    () =>
      Effect.gen(function* () {
        for (let round = 0; round < 3; round++) {
          const hold = uniqueSleep()
          const folder = yield* freshFolder
          const task: HostTask = {
            commands: Array.from({ length: 60 }, () => `setsid sleep ${hold} & sleep ${hold}`),
            wait: false,
            then: "hang"
          }
          const child = yield* spawned(task, { TMPDIR: folder })
          assert.isTrue(yield* eventually(() => withArgument(hold).length > 5))
          child.kill("SIGKILL")
          yield* gone(child)
          yield* eventually(() => withArgument(hold).length === 0 && watchers(folder).length === 0)
          assert.deepStrictEqual(withArgument(hold), [])
        }
      }).pipe(Effect.scoped),
    120_000
  )

  it.live("by process.exit leaves none", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      const { child } = yield* startHost({ commands: [`sleep ${hold} & sleep ${hold}`], wait: false, then: "exit" })
      yield* gone(child)
      assert.isTrue(yield* eventually(() => withArgument(hold).length === 0))
    }).pipe(Effect.scoped)
  )

  it.live("lets be what hooks left running on purpose outside of an execution", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      const { child, folder, lines } = yield* startHost({
        commands: [`sleep ${hold} & echo served`],
        wait: true,
        then: "hang"
      })
      assert.deepInclude(lines[0], { output: "served\n", leftRunning: 1 })
      child.kill("SIGKILL")
      assert.isTrue(yield* eventually(() => watchers(folder).length === 0))
      assert.strictEqual(withArgument(hold).length, 1)
      killAll(withArgument(hold))
    }).pipe(Effect.scoped)
  )

  it.live("is told from one whose watcher died: that gets a new one", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      const { child, folder } = yield* startHost({ commands: [`sleep ${hold}`], wait: false, then: "hang" })
      const [first] = watchers(folder)
      process.kill(first!, "SIGTERM")
      process.kill(first!, "SIGINT")
      yield* Effect.sleep(100)
      assert.deepStrictEqual(watchers(folder), [first!])

      process.kill(first!, "SIGKILL")
      assert.isTrue(yield* eventually(() => watchers(folder).length === 1 && watchers(folder)[0] !== first))
      assert.strictEqual(withArgument(hold).length > 0, true)
      child.kill("SIGKILL")
      assert.isTrue(yield* eventually(() => withArgument(hold).length === 0))
    }).pipe(Effect.scoped)
  )
})

describe("a host that lives", () => {
  it.live("is not kept from ending by its watcher or by what hooks left", () =>
    Effect.gen(function* () {
      for (const then of ["fall silent", "close"] as const) {
        const hold = uniqueSleep()
        const { child, folder } = yield* startHost({
          commands: [`sleep ${hold} & echo served`, "echo done"],
          wait: true,
          then
        })
        const ended = yield* Effect.timeoutOption(gone(child), farTooLateMs)
        assert.strictEqual(ended._tag, "Some", then)
        assert.isTrue(yield* eventually(() => watchers(folder).length === 0 && readdirSync(folder).length === 0))
        killAll(withArgument(hold))
      }
    }).pipe(Effect.scoped)
  )

  it.live("has its watcher in a session of its own, without marks", () =>
    Effect.gen(function* () {
      const { child, folder } = yield* startHost(
        { commands: ["sleep 60"], wait: false, then: "hang" },
        { TENTERHOOK_RUN: "0a1b.1/" }
      )
      const [watcher] = watchers(folder)
      const session = readFileSync(`/proc/${watcher}/stat`, "latin1").split(") ")[1]!.split(" ")[3]
      assert.strictEqual(Number(session), watcher)
      assert.notInclude(readFileSync(`/proc/${watcher}/environ`, "latin1"), "TENTERHOOK")
      child.kill("SIGKILL")
    }).pipe(Effect.scoped)
  )

  it.live("works without mkfifo", () =>
    Effect.gen(function* () {
      const { lines } = yield* startHost(
        { commands: ["echo out; echo err >&2; exit 3"], wait: true, then: "close" },
        { PATH: "/nowhere" }
      )
      assert.deepInclude(lines[0], { status: 3, output: "out\n", diagnostics: "err\n" })
    }).pipe(Effect.scoped)
  )
})

describe("a host within a hook", () => {
  it.live("ends with the hook, and so do its own hooks", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const hold = uniqueSleep()
      const task: HostTask = {
        commands: [`(setsid sleep ${hold} >/dev/null 2>&1 &); trap '' TERM; sleep ${hold}; sleep ${hold}`],
        wait: false,
        then: "hang"
      }
      const argv = [process.execPath, "--conditions=@tenterhook/source", script, JSON.stringify(task)] as const
      const adapter = yield* shell
      const hook = action(argv, { env: { base: ["PATH"], set: { TMPDIR: folder } } })
      const running = yield* adapter.start(invocation(hook))
      assert.isTrue(yield* eventually(() => withArgument(`sleep\0${hold}`).length === 2))

      yield* running.stop("timeout")

      assert.deepStrictEqual(withArgument(hold), [])
      assert.isTrue(yield* eventually(() => watchers(folder).length === 0))
    }).pipe(Effect.scoped, Effect.provide(shellLayer()))
  )
})

describe("a host whose TMPDIR takes no files (tmpdir/)", () => {
  it.live.each([
    { is: "does not exist", TMPDIR: "/nowhere/at/all" },
    { is: "is no folder", TMPDIR: "/dev/null/claude" },
    { is: "is /proc", TMPDIR: "/proc" },
    { is: "is empty", TMPDIR: "" }
  ])("hands commands their input when TMPDIR $is", ({ TMPDIR }) =>
    Effect.gen(function* () {
      const task = { commands: ["echo out", "cat"], payload: "in", wait: true, then: "close" } as const
      const { lines } = yield* startHost(task, { TMPDIR })
      const outputs = lines.map((line) => line.output ?? line)
      assert.deepStrictEqual(outputs.sort(), ["in", "out\n", "started"])
    }).pipe(Effect.scoped)
  )

  it.live("ends its commands when it is killed", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      const task = { commands: ["echo out", `sleep ${hold}`], wait: false, then: "hang" } as const
      const { child } = yield* startHost(task, { TMPDIR: "/nowhere/at/all" })
      assert.isTrue(yield* eventually(() => withArgument(hold).length > 0))
      child.kill("SIGKILL")
      assert.isTrue(yield* eventually(() => withArgument(hold).length === 0))
    }).pipe(Effect.scoped)
  )

  it.live("uses a pipe where no folder takes a file, and ends although a process holds the pipe", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      const commands = ["cat | wc -c", "head -c 3", "true", `exec 3<&0; sleep ${hold} <&3 & echo left`]
      const task = { commands, payload: "x", payloadTimes: 300_000, wait: true, then: "close" } as const
      const { child, lines } = yield* startHost(task, {}, "ulimit -f 0")
      const outputs = lines.map((line) => line.output?.trim() ?? line)
      assert.deepStrictEqual(outputs.sort(), ["", "300000", "left", "started", "xxx"])
      yield* Effect.promise(async () => (child.exitCode === null ? once(child, "exit") : null))
      const left = withArgument(hold)
      assert.strictEqual(left.length, 1)
      killAll(left)
    }).pipe(Effect.scoped)
  )
})

describe("closing the layer", () => {
  it.live("leaves no descriptor open", () =>
    Effect.gen(function* () {
      const descriptors = () => readdirSync("/proc/self/fd").length
      const payload = { payload: new Uint8Array(1000) }
      const good = run(action("cat; echo out", { stdin: "payload" }), payload)
      const bad = Effect.flip(run(action(["no-such-command"], { stdin: "payload" }), payload))
      const commands = Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? bad : good))
      const use = Effect.all(commands, { concurrency: 5 }).pipe(Effect.provide(shellLayer()))
      yield* use
      const before = descriptors()
      for (let round = 0; round < 3; round++) yield* use
      assert.isTrue(yield* eventually(() => descriptors() <= before), `${descriptors()} open, ${before} before`)
    })
  )

  it.live("ends what still runs, and what an open execution keeps", () =>
    Effect.gen(function* () {
      const [hold, left, kept] = [uniqueSleep(), uniqueSleep(), uniqueSleep()]
      const scope = yield* Scope.make()
      const outer = yield* Effect.scope
      yield* Effect.gen(function* () {
        const adapter = yield* shell
        yield* Scope.provide(adapter.start(invocation(action(`sleep ${hold}`))), outer)
        yield* run(action(`sleep ${left} &`)).pipe(Effect.provideService(CurrentExecution, { id: "open", scope }))
        yield* run(action(`sleep ${kept} &`))
      }).pipe(Effect.provide(shellLayer()))
      assert.deepStrictEqual([...withArgument(hold), ...withArgument(left)], [])
      assert.strictEqual(withArgument(kept).length, 1)
      killAll(withArgument(kept))
      yield* Scope.close(scope, Exit.void)
    }).pipe(Effect.scoped)
  )
})
