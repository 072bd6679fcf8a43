import { assert, describe, it } from "@effect/vitest"
import {
  type ConfigError,
  type ConfigSource,
  emptyReply,
  type End,
  type EventContext,
  FireId,
  type Fire,
  type HookSet,
  type ShellAction
} from "@tenterhook/core"
import { Effect, Schema } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  errata,
  type ErrataEvent,
  type ErrataHook,
  hooksFromContext,
  matchesEvent,
  withHooks
} from "../../src/index.ts"
import { Hostile } from "../hostile.ts"

const load = (source: ConfigSource, mode = "documented") => errata.load(source, { mode, adapters: [] })
const loadText = (file: string, text: string) => load({ _tag: "text", file, folder: "/project", text })
const loadHooks = (value: unknown) => load({ _tag: "value", value, folder: "/project" })
const problemsOf = (loading: Effect.Effect<HookSet, ConfigError>) =>
  Effect.map(Effect.flip(loading), ({ problems }) => problems.map(({ line, path, text }) => `${line} ${path}: ${text}`))

const fire = (context: EventContext, mode = "documented"): Fire => ({
  fireId: FireId.make("fire_1"),
  event: { name: "pre_tool_use", class: "gate" },
  context,
  mode
})

const bytes = (text: string) => new TextEncoder().encode(text)
const reply = (parts: Partial<Extract<End, { _tag: "reply" }>>): End => ({
  _tag: "reply",
  ...emptyReply,
  status: 0,
  ...parts
})

const actionOf = Effect.fnUntraced(function* (command: string, context: EventContext, mode?: string) {
  const { hooks } = yield* loadHooks([{ event: "pre_tool_use", command }])
  const { action } = yield* errata.encode(hooks[0]!, fire(context, mode))
  return action as ShellAction
})

/** What a real shell makes of a command, and what it left in its folder. */
const runs = Effect.fnUntraced(function* (command: string, context: EventContext, mode?: string) {
  const { run, env } = yield* actionOf(command, context, mode)
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-errata-"))
  try {
    const { stdout } = spawnSync("/bin/sh", ["-c", "command" in run ? run.command : ""], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...env.set },
      encoding: "utf8",
      timeout: 10_000
    })
    return { stdout, left: readdirSync(folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

describe("substitution, by a real shell", () => {
  it.live("$NAME and ${NAME} are the value; a longer name is another", () =>
    Effect.gen(function* () {
      const context = { tool: { name: "bash" }, extra: { env: { N: 3 } } }
      const command = 'echo "$TOOL_NAME ${TOOL_NAME}_x $TOOL_NAME_EXT[$N]"'
      assert.strictEqual((yield* runs(command, context)).stdout, "bash bash_x [3]\n")
      assert.strictEqual((yield* runs(command, context, "upstream")).stdout, "bash _x bash_EXT[3]\n")
    })
  )

  it.live.each([
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "&& touch pwned #",
    "x\ntouch pwned\n",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "\\'; touch pwned",
    "${TOOL_NAME:=$(touch pwned)}",
    "$TOOL_NAME",
    "🧵\u2028'\"\\"
  ])("%j is never read as shell", (value) =>
    Effect.gen(function* () {
      const context = { tool: { name: value }, extra: { env: { ARG: value } } }
      const plain = yield* runs(`printf '%s|%s' "$ARG" "\${TOOL_NAME}"`, context)
      assert.deepStrictEqual(plain, { stdout: `${value}|${value}`, left: [] })
      assert.deepStrictEqual((yield* runs("echo $ARG ${TOOL_NAME} '$ARG'", context)).left, [])
    })
  )

  it.live("in upstream a value is shell, as it is there", () =>
    Effect.gen(function* () {
      const { stdout, left } = yield* runs("echo $ARG", { extra: { env: { ARG: "x; touch pwned" } } }, "upstream")
      assert.deepStrictEqual({ stdout, left }, { stdout: "x\n", left: ["pwned"] })
    })
  )

  it.effect.prop("no value ever becomes part of the command", [Hostile, Hostile, Hostile], ([name, variable, value]) =>
    Effect.gen(function* () {
      const context = { tool: { name }, extra: { env: { [variable]: value } } }
      const { run, env } = yield* actionOf("echo $TOOL_NAME $ARG", context)
      assert.deepStrictEqual(run, { command: "echo $TOOL_NAME $ARG" })
      assert.strictEqual(env.base, "inherit")
      if (/^\w+$/.test(variable) && variable !== "TOOL_NAME") assert.strictEqual(env.set[variable], value)
      for (const key of Object.keys(env.set)) assert.notMatch(key, /[=\0]/)
    })
  )

  it.effect("upstream: the longest name first, and patterns in a value mean nothing", () =>
    Effect.gen(function* () {
      const command = (of: Record<string, unknown>) =>
        Effect.map(actionOf("$TOOL_INPUT $TOOL", { extra: { env: of } }, "upstream"), ({ run, env }) => {
          assert.deepStrictEqual(env.set, {})
          return "command" in run ? run.command : ""
        })
      assert.strictEqual(yield* command({ TOOL: "a", TOOL_INPUT: "b" }), "b a")
      assert.strictEqual(yield* command({ TOOL_INPUT: "$& $$ $1", TOOL: "a" }), "$& $$ $1 a")
      assert.strictEqual(yield* command({ TOOL: null, TOOL_INPUT: { a: 1 } }), '{"a":1} $TOOL')
    })
  )

  it.effect("what is unknown is absent; the host's own TOOL_NAME wins", () =>
    Effect.gen(function* () {
      const set = (context: EventContext) => Effect.map(actionOf("a", context), ({ env }) => env.set)
      assert.deepStrictEqual(yield* set({}), {})
      assert.deepStrictEqual(yield* set({ tool: { name: "" } }), {})
      assert.deepStrictEqual(yield* set({ extra: { env: { A: null, B: undefined, "": "x", C: "" } } }), { C: "" })
      const given = { tool: { name: "bash" }, extra: { env: { TOOL_NAME: "given" } } }
      assert.deepStrictEqual(yield* set(given), { TOOL_NAME: "given" })
    })
  )
})

describe("a recipe", () => {
  const example = [
    "# My recipe",
    "",
    "version: 1",
    "",
    "## Models",
    "command: not a hook",
    "",
    "## Hooks",
    "### post_edit_vet",
    "event: post_tool_use",
    "- Matcher: edit_file",
    "command: go vet ./... 2>&1 | head -20",
    "timeout: 30s",
    "inject_output: TRUE",
    "",
    "### check",
    "event: session_start",
    "command: echo a: b",
    "",
    "## Tools",
    "command: not a hook either",
    ""
  ]

  it.effect("knows where each hook stands, whatever ends its lines", () =>
    Effect.gen(function* () {
      for (const end of ["\n", "\r\n"]) {
        const { hooks, notices } = yield* loadText("recipe.md", example.join(end))
        assert.deepStrictEqual(
          hooks.map(({ name, source, nativeEvent, timeoutMs }) => [name, source.line, nativeEvent, timeoutMs]),
          [
            ["post_edit_vet", 9, "post_tool_use", 30_000],
            ["check", 16, "session_start", 30_000]
          ] as unknown as Array<never>
        )
        assert.deepStrictEqual(
          hooks.map(({ action }) => (action as ShellAction).run),
          [{ command: "go vet ./... 2>&1 | head -20" }, { command: "echo a: b" }]
        )
        assert.deepInclude(hooks[0], { ext: { injectOutput: true } })
        assert.deepStrictEqual(notices, [])
      }
    })
  )

  it.effect("a problem stands at its line, and all are told at once", () =>
    Effect.gen(function* () {
      const text =
        "version: 1\n## Hooks\n### a\nevent: session_start\ntimeout: soon\n### b\ncommand: x\naction: prompt\n"
      assert.deepStrictEqual(
        (yield* problemsOf(loadText("recipe.md", text))).map((problem) => problem.split(":")[0]),
        ["3 hooks[0].command", "5 hooks[0].timeout", "6 hooks[1].event", "8 hooks[1].action"]
      )
    })
  )

  it.effect.prop(
    "any lines are hooks or problems with a line that is there",
    [Schema.Array(Schema.Literals(example))],
    ([lines]) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(loadText("recipe.md", lines.join("\n")))
        const places =
          exit._tag === "Success"
            ? exit.value.hooks.map(({ source }) => source.line)
            : exit.cause.reasons.flatMap((reason) =>
                reason._tag === "Fail" ? reason.error.problems.map(({ line }) => line) : [null]
              )
        for (const line of places) assert.isTrue(line !== null && line >= 1 && line <= Math.max(1, lines.length))
      })
  )

  it.effect("is found where errata looks, and without hooks there is nothing to load", () =>
    Effect.gen(function* () {
      const found = (files: Record<string, string>) =>
        Effect.map(
          errata.discover({ path: "/p", env: { HOME: "/h" }, read: (file) => Effect.succeed(files[file] ?? null) }),
          (sources) => sources.map((source) => (source._tag === "text" ? source.file : source))
        )
      const recipe = example.join("\n")
      assert.deepStrictEqual(yield* found({ "recipe.md": recipe, ".errata/recipe.md": recipe }), ["recipe.md"])
      assert.deepStrictEqual(yield* found({ ".errata/recipe.md": recipe }), [".errata/recipe.md"])
      assert.deepStrictEqual(yield* found({ "/h/.errata/default.recipe.md": recipe }), ["/h/.errata/default.recipe.md"])
      assert.deepStrictEqual(yield* found({ "recipe.md": "version: 1\n", ".errata/recipe.md": recipe }), [])
    })
  )
})

describe("a list", () => {
  it.effect("timeouts are Go durations or seconds; none, 0 and 0s are the default", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [unknown, number]> = [
        ["1m30s", 90_000],
        ["45", 45_000],
        [0.3, 300],
        [undefined, 30_000],
        [null, 30_000],
        [0, 30_000],
        ["0s", 30_000],
        ["-5s", -5_000],
        [-1, -1_000]
      ]
      for (const [timeout, ms] of cases) {
        const { hooks } = yield* loadHooks([{ event: "session_start", command: "a", timeout }])
        assert.strictEqual(hooks[0]!.timeoutMs, ms, String(timeout))
      }
    })
  )

  it.effect.prop("any value in code loads or is refused, and never breaks anything", [Schema.Json], ([value]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(loadHooks(value))
      if (exit._tag === "Failure") assert.isTrue(exit.cause.reasons.every(({ _tag }) => _tag === "Fail"))
    })
  )
})

describe("how a hook ended", () => {
  const [quiet, inject] = Effect.runSync(
    loadHooks([
      { event: "pre_tool_use", command: "a" },
      { event: "pre_tool_use", command: "a", inject_output: true }
    ])
  ).hooks
  const decode = (end: End, hook = inject!) => errata.decode(hook, fire({}), end)

  it("stdout is context where inject_output says so, as it is", () => {
    const good = reply({ output: bytes("all good\n") })
    assert.deepStrictEqual(decode(good), {
      outcome: { status: "succeeded", output: { context: ["all good\n"] } },
      decisive: false
    })
    assert.deepStrictEqual(decode(good, quiet).outcome, { status: "succeeded", output: {} })
    assert.deepStrictEqual(decode(reply({})).outcome, { status: "succeeded", output: {} })
  })

  it("a failed hook injects nothing; the code is -1 where the process gave none", () => {
    const half = { output: bytes("half") }
    assert.deepStrictEqual(decode(reply({ ...half, status: 42 })), {
      outcome: { status: "failed", reason: "exit" },
      decisive: false
    })
    assert.deepStrictEqual(decode(reply({ ...half, status: null, signal: "SIGKILL" })), {
      outcome: { status: "failed", reason: "signal" },
      decisive: false,
      exitCode: -1
    })
    for (const reason of ["timeout", "cancelled", "spawn"] as const) {
      assert.deepStrictEqual(decode({ _tag: "failure", reason, message: "m", reply: { ...emptyReply, ...half } }), {
        outcome: { status: "failed", reason },
        decisive: false,
        exitCode: -1
      })
    }
  })

  it.effect.prop("no output is ever a verdict", [Hostile, Schema.NullOr(Schema.Int)], ([output, status]) =>
    Effect.sync(() => {
      const { outcome, decisive } = decode(reply({ output: bytes(output), status }))
      assert.isFalse(decisive)
      if (outcome.status === "succeeded") assert.doesNotHaveAnyKeys(outcome.output, ["verdict", "rewrite", "halt"])
      else assert.strictEqual(outcome.status, "failed")
    })
  )
})

describe("the package's contract", () => {
  const hook = (parts: Partial<ErrataHook> = {}): ErrataHook => ({ event: "pre_tool_use", command: "a", ...parts })

  it.each([
    ["the same event", hook(), "pre_tool_use", "bash", true],
    ["another event", hook(), "post_tool_use", "bash", false],
    ["disabled", hook({ enabled: false }), "pre_tool_use", "bash", false],
    ["an exact name", hook({ matcher: "bash" }), "pre_tool_use", "bash", true],
    ["another name", hook({ matcher: "bash" }), "pre_tool_use", "edit_file", false],
    ["a glob", hook({ matcher: "edit_*" }), "pre_tool_use", "edit_file", true],
    ["a star and a slash", hook({ matcher: "*" }), "pre_tool_use", "a/b", false],
    ["an empty matcher", hook({ matcher: "" }), "pre_tool_use", "", true],
    ["a malformed pattern", hook({ matcher: "[" }), "pre_tool_use", "bash", false],
    ["a malformed pattern's own name", hook({ matcher: "[" }), "pre_tool_use", "[", true],
    ["a matcher without a tool", hook({ matcher: "bash" }), "pre_tool_use", "", false],
    ["a matcher elsewhere", hook({ event: "session_start", matcher: "bash" }), "session_start", "", true]
  ] satisfies ReadonlyArray<[string, ErrataHook, ErrataEvent, string, boolean]>)(
    "matchesEvent: %s",
    (_, one, event, tool, fits) => {
      assert.strictEqual(matchesEvent(one, event, tool), fits)
    }
  )

  it.effect.prop("matchesEvent and a loaded hook agree", [Hostile, Hostile], ([matcher, tool]) =>
    Effect.gen(function* () {
      const { hooks } = yield* loadHooks([hook({ matcher })])
      const loaded = hooks[0]!.matcher?.test(tool) ?? true
      assert.strictEqual(matchesEvent(hook({ matcher }), "pre_tool_use", tool), loaded)
    })
  )

  it("a context carries hooks, and the one it was made from stays as it was", () => {
    const bare = {}
    const hooks = [hook()]
    const carrying = withHooks(bare, hooks)
    assert.strictEqual(hooksFromContext(carrying), hooks)
    assert.isUndefined(hooksFromContext(bare))
    assert.strictEqual(hooksFromContext(withHooks(carrying, []))!.length, 0)
    const { signal } = new AbortController()
    assert.strictEqual(withHooks({ signal }, hooks).signal, signal)
  })
})
