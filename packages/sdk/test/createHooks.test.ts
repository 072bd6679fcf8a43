import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import {
  ConfigError,
  ConfigNotFound,
  createHooks,
  ExecutionRefused,
  InvalidContext,
  movableClock,
  NoDialect,
  UnknownEvent
} from "../src/index.ts"

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-sdk-")))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (file: string, text: string) => {
  mkdirSync(join(folder, file, ".."), { recursive: true })
  writeFileSync(join(folder, file), text)
}
const rejection = async (promise: Promise<unknown>): Promise<any> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail("did not reject")
}

/** For the environment of a test's processes, which this run of the tests alone has. */
const markOf = (test: string) => `${test}-${process.pid}`

/** Living processes with this text in their environment, as Linux shows it. */
const processesWith = (variable: string) =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable)
    } catch {
      return false
    }
  }).length
const bash = (command: string) => ({ tool: { name: "bash", input: { command } } })

describe("createHooks", () => {
  it("gates a tool call", async () => {
    const guard = {
      on: "pre_tool_use",
      tool: "bash",
      run: ({ tool }: any) => (tool.input.command.includes("rm -rf") ? { verdict: "deny", reason: "no" } : undefined)
    }
    await using hooks = await createHooks({ hooks: [guard], cwd: folder })
    const refused = await hooks.fire("pre_tool_use", bash("rm -rf /"))
    assert.deepInclude(refused, { proceed: false, verdict: "deny", event: "pre_tool_use", dialect: "native" })
    assert.deepStrictEqual(
      refused.reasons.map(({ text }) => text),
      ["no"]
    )
    assert.isTrue((await hooks.fire("pre_tool_use", bash("ls"))).proceed)
    assert.lengthOf((await hooks.fire("stop")).outcomes, 0)
  })

  it("refuses pre_tool_use without tool.name, whether or not a hook is for the event", async () => {
    const guard = { on: "pre_tool_use", tool: "bash", run: () => ({ verdict: "deny" }), onFailure: "block" }
    const open = { on: "pre_tool_use", run: () => ({ verdict: "deny" }) }
    for (const hooks of [[], [guard], [open]]) {
      await using all = await createHooks({ hooks, cwd: folder })
      const error = await rejection(all.fire("pre_tool_use", { tool_name: "Bash", tool_input: {} } as object))
      assert.instanceOf(error, InvalidContext)
      assert.match(
        error.message,
        /tool\.name: pre_tool_use requires it; unknown key "tool_name": did you mean tool\.name/
      )
      assert.instanceOf(await rejection(all.fire("pre_tool_use", { sessionId: "s" })), InvalidContext)
      assert.instanceOf(await rejection(all.fire("post_tool_use", { tool: { name: "" } })), InvalidContext)
      const execution = await all.startExecution({ task: { id: "1" } })
      assert.instanceOf(await rejection(execution.fire("pre_tool_use")), InvalidContext)
    }
    await using guarded = await createHooks({ hooks: [guard], cwd: folder })
    assert.instanceOf(await rejection(guarded.fire("pre_tool_use")), InvalidContext)
    const when = { on: "pre_tool_use", when: { "tool.input.command": "rm" }, run: () => ({ verdict: "deny" }) }
    await using conditioned = await createHooks({ hooks: [when], cwd: folder })
    assert.instanceOf(await rejection(conditioned.fire("pre_tool_use")), InvalidContext)
    // Tried by hand: nothing is skipped.
    await using tried = await createHooks({ hooks: [open], cwd: folder })
    assert.strictEqual((await tried.fire("pre_tool_use")).verdict, "deny")
    assert.isFalse((await guarded.explain("pre_tool_use")).sets[0]!.hooks[0]!.runs)
  })

  it("goes by the clock that a test moves", async () => {
    const clock = movableClock()
    const slow = { on: "stop", run: "touch begun; exec sleep 60", timeout: "1h" }
    await using hooks = await createHooks({ hooks: [slow], cwd: folder, clock })
    const since = performance.now()
    const firing = hooks.fire("stop")
    while (!readdirSync(folder).includes("begun") && performance.now() - since < 20_000)
      await new Promise((done) => setTimeout(done, 20))
    clock.advance(3_600_000)
    const [outcome] = (await firing).outcomes
    assert.deepInclude(outcome, { status: "failed", timedOut: true })
    assert.isAtLeast(outcome!.durationMs, 3_600_000)
    assert.isBelow(performance.now() - since, 50_000)
  })

  it("runs another product's config with real commands", async () => {
    write(
      "coder.json",
      '{ "hooks": [ { "event": "pre_tool_use", "command": "echo \'{\\"action\\":\\"block\\",\\"message\\":\\"no\\"}\'" } ] }'
    )
    await using hooks = await createHooks({ config: "coder.json", dialect: "oats", cwd: folder })
    const report = await hooks.fire("pre_tool_use", bash("ls"))
    assert.deepInclude(report, { proceed: false, verdict: "deny", dialect: "oats" })
    assert.deepInclude(report.outcomes[0], {
      hook: "pre_tool_use[0]",
      exitCode: 0,
      source: { file: "coder.json", line: 1 }
    })
  })

  it("recognizes the dialect of a named config, and says so when it cannot", async () => {
    write("coder.json", '{ "hooks": [ { "event": "session_start", "command": "true" } ] }')
    write("odd.yaml", "nothing: to see\n")
    await using hooks = await createHooks({ config: ["coder.json"], cwd: folder })
    assert.strictEqual(hooks.sets[0]!.dialect, "oats")
    const error = await rejection(createHooks({ config: "odd.yaml", cwd: folder }))
    assert.instanceOf(error, ConfigError)
    assert.match(error.message, /odd\.yaml:1:1: cannot tell which dialect.*native/)
  })

  it("takes a config as text, alone or beside files, with a folder of its own", async () => {
    write("elsewhere/hook.sh", "pwd\n")
    write("tenterhook.yaml", "hooks: [{ name: file, on: stop, run: 'true' }]\n")
    const text = '{ "hooks": [ { "event": "session_start", "command": "sh hook.sh" } ] }'
    const sent = { file: "sent/coder.json", text, folder: join(folder, "elsewhere") }
    await using alone = await createHooks({ config: sent, cwd: folder })
    assert.deepInclude(alone.sets[0], { dialect: "oats", file: "sent/coder.json" })

    const own = { file: "own.yaml", text: "hooks:\n  - { on: stop, run: 'sh hook.sh', cwd: . }\n", folder: sent.folder }
    await using both = await createHooks({ config: ["tenterhook.yaml", own], cwd: folder })
    const { outcomes } = await both.fire("stop")
    assert.deepStrictEqual(
      outcomes.map(({ source, stdout }) => [source, stdout]),
      [
        [{ file: "tenterhook.yaml", line: 1 }, ""],
        [{ file: "own.yaml", line: 2 }, `${sent.folder}\n`]
      ]
    )
    await using here = await createHooks({ config: { file: own.file, text: own.text }, cwd: sent.folder })
    assert.strictEqual((await here.fire("stop")).outcomes[0]!.stdout, `${sent.folder}\n`)
    const error = await rejection(createHooks({ config: { file: "own.yaml", text: "hooks: [{ on: stop }]" } }))
    assert.match(error.message, /^own\.yaml:1:/)
  })

  it("given no config at all looks for none, and a named dialect has its environment", async () => {
    write("tenterhook.yaml", "hooks: [{ on: stop, run: 'true' }]\n")
    write("hook.sh", "exit 0\n")
    await using none = await createHooks({ config: [], cwd: folder })
    assert.lengthOf(none.sets, 0)
    const env = { WEGENT_HOOK_PRE_EXECUTE: join(folder, "hook.sh") }
    await using wegent = await createHooks({ config: [], dialect: "wegent", cwd: folder, env })
    assert.deepStrictEqual(
      wegent.sets.map(({ dialect, file }) => [dialect, file]),
      [["wegent", null]]
    )
    assert.deepInclude((await wegent.fire("execution_start")).outcomes[0], { status: "succeeded", exitCode: 0 })
  })

  it("looks for a config up to the repository's root, and no further", async () => {
    write("tenterhook.yaml", "hooks: [{ on: stop, run: 'true' }]\n")
    mkdirSync(join(folder, "repo/.git"), { recursive: true })
    mkdirSync(join(folder, "repo/deep/er"), { recursive: true })
    assert.instanceOf(await rejection(createHooks({ cwd: join(folder, "repo/deep/er"), env: {} })), ConfigNotFound)
    write("repo/tenterhook.yaml", "hooks: [{ on: stop, run: 'true' }]\n")
    await using found = await createHooks({ cwd: join(folder, "repo/deep/er"), env: {} })
    assert.lengthOf(found.sets, 1)
    assert.isTrue(found.notices.some(({ text }) => text.includes("discovered")))
    write("repo/coder.json", '{ "hooks": [ { "event": "session_start", "command": "true" } ] }')
    await using own = await createHooks({ cwd: join(folder, "repo/deep/er"), env: {} })
    assert.deepStrictEqual(
      own.sets.map(({ dialect }) => dialect),
      ["native"]
    )
    rmSync(join(folder, "repo/tenterhook.yaml"))
    await using foreign = await createHooks({ cwd: join(folder, "repo/deep/er"), env: {} })
    assert.deepStrictEqual(
      foreign.sets.map(({ dialect }) => dialect),
      ["oats"]
    )
  })

  it("rejects with ordinary errors that say what is wrong and where", async () => {
    write("bad.json", '{ "hooks": [ { "event": 3 } ] }')
    const refused = await rejection(createHooks({ config: "bad.json", dialect: "oats", cwd: folder }))
    assert.instanceOf(refused, ConfigError)
    assert.match(refused.message, /^bad\.json:1:\d+: hooks\[0\]\.event/)
    assert.match(
      (await rejection(createHooks({ config: "gone.json", dialect: "oats", cwd: folder }))).message,
      /gone\.json: no such file/
    )
    assert.instanceOf(await rejection(createHooks({ dialect: "oat", cwd: folder })), NoDialect)
    assert.match(
      (await rejection(createHooks({ dialect: "oats", mode: "fast", hooks: [], cwd: folder }))).message,
      /no mode "fast"/
    )

    await using hooks = await createHooks({ hooks: [{ on: "*", run: () => undefined }], cwd: folder })
    assert.instanceOf(await rejection(hooks.fire("pre_tool")), UnknownEvent)
    assert.instanceOf(await rejection(hooks.fire("pre_tool_use", { tool: {} } as never)), InvalidContext)
  })

  it("asks the host, and denies where asking fails", async () => {
    const hooks = [{ on: "pre_tool_use", run: () => ({ verdict: "ask", reason: "sure?" }) }]
    await using silent = await createHooks({ hooks, cwd: folder })
    assert.deepInclude(await silent.fire("pre_tool_use"), { verdict: "ask", proceed: false })
    await using yes = await createHooks({
      hooks,
      cwd: folder,
      ask: async (report) => report.reasons[0]?.text === "sure?"
    })
    assert.deepInclude(await yes.fire("pre_tool_use"), { verdict: "allow", proceed: true })
    await using broken = await createHooks({ hooks, cwd: folder, ask: () => Promise.reject(new Error("no terminal")) })
    const report = await broken.fire("pre_tool_use")
    assert.deepInclude(report, { verdict: "deny", proceed: false })
    assert.match(report.reasons.at(-1)!.text, /no terminal/)
  })

  it("lowers what the host cannot honour", async () => {
    const hooks = [{ on: "pre_tool_use", run: () => ({ verdict: "ask" }) }]
    await using plain = await createHooks({ hooks, cwd: folder, host: ["rewrite"] })
    assert.deepInclude(await plain.fire("pre_tool_use"), { verdict: "deny", proceed: false })
    assert.deepInclude(await plain.fire("pre_tool_use", {}, { host: ["ask"] }), { verdict: "ask" })
  })

  it("takes an adapter written with promises", async () => {
    const seen: Array<unknown> = []
    const shout = {
      kind: "shout",
      check: (action: Record<string, unknown>) => {
        if (typeof action["text"] !== "string") throw new Error("expected a text to shout")
      },
      run: async (action: Record<string, unknown>, { hook, fireId }: { hook: string; fireId: string }) => {
        seen.push(hook, fireId.startsWith("fire_"))
        return { exitCode: 0, stdout: String(action["text"]).toUpperCase() }
      }
    }
    const entry = (action: object) => ({
      hooks: [{ on: "stop", action: { kind: "shout", ...action } }],
      adapters: [shout],
      cwd: folder
    })
    await using hooks = await createHooks(entry({ text: "hi" }))
    assert.deepInclude((await hooks.fire("stop")).outcomes[0], {
      adapter: "shout",
      stdout: "HI",
      exitCode: 0,
      status: "succeeded"
    })
    assert.deepStrictEqual(seen, ["stop[0]", true])
    assert.match((await rejection(createHooks(entry({})))).message, /expected a text to shout/)
  })

  it("reads a config in the environment at each fire", async () => {
    write("hook.sh", 'echo "$WEGENT_TASK_ID"\n')
    const env = { PATH: process.env["PATH"]! }
    await using hooks = await createHooks({ dialect: "wegent", cwd: folder, env })
    assert.lengthOf((await hooks.fire("execution_start")).outcomes, 0)
    const set = { ...env, WEGENT_HOOK_PRE_EXECUTE: join(folder, "hook.sh") }
    const report = await hooks.fire("execution_start", { env: set, task: { id: "7" } })
    assert.deepInclude(report.outcomes[0], { hook: "pre_execute[0]", exitCode: 0, stdout: "7\n" })
  })

  it("fires nothing once it is closed, also where no hook is for the event", async () => {
    const hooks = await createHooks({ hooks: [], cwd: folder })
    await hooks.close()
    assert.match((await rejection(hooks.fire("pre_tool_use", bash("ls")))).message, /closed/)
  })

  it("close stops what runs", async () => {
    const env = { PATH: process.env["PATH"]!, MARK: markOf("closed") }
    const hooks = await createHooks({ hooks: [{ on: "stop", run: "sleep 300" }], cwd: folder, env })
    const firing = rejection(hooks.fire("stop"))
    while (processesWith(`MARK=${markOf("closed")}`) === 0) await new Promise((done) => setTimeout(done, 20))
    await hooks.close()
    assert.match((await firing).message, /closed/)
    assert.strictEqual(processesWith(`MARK=${markOf("closed")}`), 0)
  })
})

describe("a signal that aborts during a fire", () => {
  const reason = new Error("the person pressed escape")
  const gate = (run: unknown) => [{ on: "pre_tool_use", run }]

  it("before it: rejects with the reason and runs nothing, also where no hook is for the event", async () => {
    await using hooks = await createHooks({ hooks: gate(() => assert.fail("ran")), cwd: folder })
    const signal = AbortSignal.abort(reason)
    assert.strictEqual(await rejection(hooks.fire("pre_tool_use", bash("ls"), { signal })), reason)
    assert.strictEqual(await rejection(hooks.fire("stop", {}, { signal })), reason)
    const { halt, proceed } = await hooks.fire("stop", {}, { signal, whenAborted: "report" })
    assert.deepStrictEqual([halt?.hook, proceed], ["host", false])
  })

  it("while a command runs: ends what it started, then rejects", async () => {
    const env = { PATH: process.env["PATH"]!, MARK: markOf("aborted") }
    const command = "sleep 300 & sleep 300"
    await using hooks = await createHooks({ hooks: gate(command), cwd: folder, env })
    const abort = new AbortController()
    const firing = rejection(hooks.fire("pre_tool_use", bash("ls"), { signal: abort.signal }))
    while (processesWith(`MARK=${env.MARK}`) < 2) await new Promise((done) => setTimeout(done, 20))
    abort.abort(reason)
    assert.strictEqual(await firing, reason)
    assert.strictEqual(processesWith(`MARK=${env.MARK}`), 0)
  })

  it("while a function runs: aborts the function's signal and rejects, even if the function goes on", async () => {
    const abort = new AbortController()
    let theirs: AbortSignal | undefined
    const run = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      theirs = signal
      queueMicrotask(() => abort.abort(reason))
      return new Promise(() => {})
    }
    await using hooks = await createHooks({ hooks: gate(run), cwd: folder })
    assert.strictEqual(await rejection(hooks.fire("pre_tool_use", bash("ls"), { signal: abort.signal })), reason)
    assert.isTrue(theirs?.aborted)
  })

  it("as the last hook ends: rejects, although that hook allowed it", async () => {
    const abort = new AbortController()
    const run = () => {
      abort.abort(reason)
      return { verdict: "allow" }
    }
    await using hooks = await createHooks({ hooks: gate(run), cwd: folder })
    const { signal } = abort
    assert.strictEqual(await rejection(hooks.fire("pre_tool_use", bash("ls"), { signal })), reason)
  })

  it("while the host is asked: aborts the question and rejects without its answer", async () => {
    for (const whenAborted of ["reject", "report"] as const) {
      const abort = new AbortController()
      let asked: AbortSignal | undefined
      const ask = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
        asked = signal
        queueMicrotask(() => abort.abort(reason))
        return new Promise<boolean>(() => {})
      }
      await using hooks = await createHooks({ hooks: gate(() => ({ verdict: "ask" })), cwd: folder, ask })
      const firing = hooks.fire("pre_tool_use", bash("ls"), { signal: abort.signal, whenAborted })
      if (whenAborted === "reject") assert.strictEqual(await rejection(firing), reason)
      else assert.deepInclude(await firing, { proceed: false, verdict: "ask" })
      assert.isTrue(asked?.aborted)
    }
  })

  it("resolves with what was stopped where the host wants the report, which never proceeds", async () => {
    const abort = new AbortController()
    const allow = { on: "pre_tool_use", run: () => ({ verdict: "allow" }) }
    const hang = { on: "pre_tool_use", run: () => (queueMicrotask(() => abort.abort(reason)), new Promise(() => {})) }
    await using hooks = await createHooks({ hooks: [allow, hang, allow], cwd: folder })
    const options = { signal: abort.signal, whenAborted: "report" } as const
    const report = await hooks.fire("pre_tool_use", bash("ls"), options)
    assert.deepInclude(report, { proceed: false, verdict: "allow" })
    assert.deepStrictEqual(report.halt, { hook: "host", reason: "the fire was cancelled" })
    assert.deepStrictEqual(
      report.outcomes.map(({ reason }) => reason),
      [null, "cancelled", "cancelled"]
    )
  })

  it("during the start of an execution: runs the end hooks with outcome aborted, then rejects", async () => {
    const abort = new AbortController()
    const seen: Array<string> = []
    const hang = { on: "execution_start", run: () => (abort.abort(reason), new Promise(() => {})) }
    const end = { on: "execution_end", run: ({ outcome }: any) => void seen.push(outcome) }
    await using hooks = await createHooks({ hooks: [hang, end], cwd: folder })
    assert.strictEqual(await rejection(hooks.startExecution({}, { signal: abort.signal })), reason)
    assert.deepStrictEqual(seen, ["aborted"])
    assert.strictEqual(await rejection(hooks.startExecution({}, { signal: abort.signal })), reason)
    assert.deepStrictEqual(seen, ["aborted"])
  })
})

describe("execution", () => {
  const events = (seen: Array<string>) => [
    { on: "execution_start", run: ({ executionId }: any) => void seen.push(`start ${typeof executionId}`) },
    {
      on: "execution_end",
      run: ({ outcome, error }: any) => void seen.push(`end ${outcome}${error === undefined ? "" : ` ${error}`}`)
    }
  ]

  it("runs start hooks, the work and end hooks, and gives the work's value", async () => {
    const seen: Array<string> = []
    await using hooks = await createHooks({ hooks: events(seen), cwd: folder })
    const value = await hooks.execution(async ({ fire }) => {
      seen.push(`work ${(await fire("stop")).event}`)
      return 42
    })
    assert.strictEqual(value, 42)
    assert.deepStrictEqual(seen, ["start string", "work stop", "end success"])
  })

  it("runs end hooks when the work throws, and throws what it threw", async () => {
    const seen: Array<string> = []
    await using hooks = await createHooks({ hooks: events(seen), cwd: folder })
    const error = await rejection(
      hooks.execution(() => {
        throw new Error("disk full")
      })
    )
    assert.strictEqual(error.message, "disk full")
    assert.deepStrictEqual(seen, ["start string", "end error disk full"])
  })

  it("does not run work that a start hook refused; its end hooks still run", async () => {
    const seen: Array<string> = []
    const refuse = { on: "execution_start", run: () => ({ verdict: "deny", reason: "not today" }) }
    await using hooks = await createHooks({ hooks: [refuse, ...events(seen)], cwd: folder })
    const error = await rejection(hooks.execution(() => assert.fail("ran")))
    assert.instanceOf(error, ExecutionRefused)
    assert.match(error.message, /not today/)
    assert.deepStrictEqual(seen, ["start string", "end aborted"])
  })

  it("may go on in another process: its start hooks do not run again, its end hooks do", async () => {
    const seen: Array<string> = []
    const sleeping = { on: "stop", run: "sleep 300 > /dev/null 2>&1 &" }
    const env = { PATH: process.env["PATH"]!, MARK: markOf("resumed") }
    await using hooks = await createHooks({ hooks: [...events(seen), sleeping], cwd: folder, env })
    const execution = await hooks.resumeExecution({ executionId: "ex_1", sessionId: "s1" })
    assert.strictEqual(execution.id, "ex_1")
    assert.strictEqual((await execution.fire("stop")).outcomes[0]!.leftRunning, 1)
    const how = { outcome: "aborted", error: "lease ran out" } as const
    const end = await execution.end(how)
    assert.strictEqual(end.event, "execution_end")
    assert.strictEqual(processesWith(`MARK=${markOf("resumed")}`), 0)
    assert.strictEqual(await execution.end(how), end)
    assert.deepStrictEqual(seen, ["end aborted lease ran out"])
    assert.match((await rejection(hooks.resumeExecution({} as never))).message, /context\.executionId: expected the id/)
  })

  it("whose end was rejected may be ended again", async () => {
    const seen: Array<string> = []
    await using hooks = await createHooks({ hooks: events(seen), cwd: folder })
    const execution = await hooks.startExecution()
    const bad = { outcome: "success", cwd: 3 } as never
    assert.include((await rejection(execution.end(bad))).message, "context.cwd")
    const end = await execution.end({ outcome: "success" })
    assert.strictEqual(await execution.end(bad), end)
    assert.deepStrictEqual(seen, ["start string", "end success"])
  })

  it("that nobody ended leaves nothing running when the hooks are closed", async () => {
    const env = { PATH: process.env["PATH"]!, MARK: markOf("unended") }
    const hooks = await createHooks({
      hooks: [{ on: "execution_start", run: "sleep 300 > /dev/null 2>&1 &" }],
      cwd: folder,
      env
    })
    await hooks.startExecution()
    assert.strictEqual(processesWith(`MARK=${markOf("unended")}`), 1)
    await hooks.close()
    assert.strictEqual(processesWith(`MARK=${markOf("unended")}`), 0)
  })

  it("ends what a hook left running, and only then", async () => {
    await using hooks = await createHooks({
      hooks: [{ on: "execution_start", run: "sleep 300 > /dev/null 2>&1 &" }],
      cwd: folder,
      env: { PATH: process.env["PATH"]!, MARK: markOf("left") }
    })
    const alive = () => processesWith(`MARK=${markOf("left")}`)
    await hooks.execution((execution) => {
      assert.strictEqual(execution.start.outcomes[0]!.leftRunning, 1)
      assert.strictEqual(alive(), 1)
    })
    assert.strictEqual(alive(), 0)
  })
})
