import { assert, describe, it } from "@effect/vitest"
import {
  type ConfigSource,
  emptyReply,
  type End,
  FireId,
  type Fire,
  type Hook,
  type HttpAction,
  type ShellAction
} from "@tenterhook/core"
import { Effect, Schema } from "effect"
import { youbencha } from "../../src/index.ts"
import { Hostile } from "../hostile.ts"

const load = (value: unknown, mode = "documented") =>
  youbencha.load({ _tag: "value", value, folder: "/project" }, { mode, adapters: [] })
const script = (config: object) => ({ name: "script", config })

const fire = (context: Fire["context"], mode = "documented"): Fire => ({
  fireId: FireId.make("fire_1"),
  event: { name: "execution_start", class: "gate" },
  context,
  mode
})

const encode = Effect.fnUntraced(function* (value: unknown, context: Fire["context"], mode = "documented") {
  const { hooks } = yield* load(value, mode)
  return yield* youbencha.encode(hooks[0]!, fire(context, mode))
})

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

describe("youbencha", () => {
  it.effect.prop(
    "with arguments, no shell reads anything: one argument in, one argument out",
    [Schema.NonEmptyArray(Hostile), Hostile, Hostile],
    ([args, command, branch]) =>
      Effect.gen(function* () {
        if (command.trim() === "" || branch.trim() === "") return
        const hooks = [script({ command, args: [...args, "${BRANCH}"] })]
        const { run } = (yield* encode(hooks, { cwd: "/w", task: { branch } })).action as ShellAction
        assert.isTrue("argv" in run)
        if (!("argv" in run)) return
        assert.strictEqual(run.argv.length, args.length + 2)
        assert.strictEqual(run.argv.at(-1), branch)
        args.forEach((arg, index) => {
          if (!arg.includes("${")) assert.strictEqual(run.argv[index + 1], arg)
        })
      })
  )

  it.effect("without arguments the command is a line for the shell, in which values arrive as variables", () =>
    Effect.gen(function* () {
      for (const hooks of [[script({ command: "echo $BRANCH" })], [script({ command: "echo $BRANCH", args: [] })]]) {
        const action = (yield* encode(hooks, { cwd: "/w", task: { branch: "$(id)" } })).action as ShellAction
        assert.deepStrictEqual(action.run, { command: "echo $BRANCH" })
        assert.deepStrictEqual(action.env, {
          base: ["PATH", "HOME", "USER"],
          set: { WORKSPACE_DIR: "/w", REPO_DIR: "/w", BRANCH: "$(id)" }
        })
        assert.strictEqual(action.cwd, "/w")
      }
    })
  )

  it.effect("upstream joins command and arguments into one line", () =>
    Effect.gen(function* () {
      const action = (yield* encode(
        [script({ command: "echo", args: ["a b", "${BRANCH}"] })],
        { task: { branch: "x" } },
        "upstream"
      )).action
      assert.deepStrictEqual((action as ShellAction).run, { command: "echo a b x" })
    })
  )

  it.effect("pre-execution stops at a failure and blocks; post-evaluation runs at once and never blocks", () =>
    Effect.gen(function* () {
      const both = { pre_execution: [script({ command: "a" })], post_evaluation: [script({ command: "b" })] }
      const set = yield* load(both)
      assert.deepInclude(set.policy, { order: "sequential", halting: "failure" })
      assert.deepInclude(set.policies?.post_evaluation, { order: "parallel", halting: "never" })
      assert.deepStrictEqual(
        set.hooks.map(
          ({ name, events, onFailure, timeoutMs }) => [name, events, onFailure, timeoutMs] as ReadonlyArray<unknown>
        ),
        [
          ["pre_execution[0]", ["execution_start"], "block", 30_000],
          ["post_evaluation[0]", ["post_evaluation"], "continue", 30_000]
        ]
      )
      assert.deepInclude((yield* load(both, "upstream")).policy, { order: "sequential", halting: "never" })
    })
  )

  it.effect("words its outcomes as the product does", () =>
    Effect.gen(function* () {
      const { hooks } = yield* load([script({ command: "x", timeout_ms: 200 })])
      const hook = hooks[0] as Hook
      const decode = (end: End) => {
        const { outcome, message } = youbencha.decode(hook, fire({}), end)
        return [outcome.status, message]
      }
      const failure = (reason: "timeout" | "spawn" | "missing", message: string): End => ({
        _tag: "failure",
        reason,
        message,
        reply: emptyReply
      })
      assert.deepStrictEqual(decode({ _tag: "reply", ...emptyReply, status: 0 }), [
        "succeeded",
        "Script completed successfully"
      ])
      assert.deepStrictEqual(decode({ _tag: "reply", ...emptyReply, status: 3 }), [
        "failed",
        "Script exited with code 3"
      ])
      assert.deepStrictEqual(decode({ _tag: "reply", ...emptyReply, signal: "SIGTERM" }), [
        "failed",
        "Script was ended by SIGTERM"
      ])
      assert.deepStrictEqual(decode(failure("timeout", "late")), ["failed", "Script timed out after 200ms"])
      assert.deepStrictEqual(decode(failure("spawn", "ENOENT")), ["failed", "Failed to execute script"])
    })
  )

  it.effect("an env value without a value is named, and none of it is started", () =>
    Effect.gen(function* () {
      const hooks = [script({ command: "x", env: { API_KEY: "${SECRET_API_KEY}", A: "${ARTIFACTS_DIR}" } })]
      const error = yield* Effect.flip(encode(hooks, { env: { OTHER: "x" } }))
      assert.deepInclude(error, { _tag: "EncodeError", reason: "missing" })
      assert.match(
        error.message,
        /env\.API_KEY: expected a value for \$\{SECRET_API_KEY\}, found none in the host's environment/
      )
      assert.match(error.message, /env\.A: expected a value for \$\{ARTIFACTS_DIR\}, but nothing is known of it/)
    })
  )

  it.effect("a webhook is a request with the product's headers, body and three tries", () =>
    Effect.gen(function* () {
      const config = {
        url: "https://e.com/${TOKEN}",
        headers: { "content-type": "text/x", "X-Key": "${TOKEN}" },
        include_artifacts: true
      }
      const post = { post_evaluation: [{ name: "webhook", config }] }
      const context = { env: { TOKEN: "t" }, results: { a: 1 }, task: { artifactsDir: "/a" } }
      const encoded = yield* encode(post, context)
      assert.deepStrictEqual(encoded.action as HttpAction, {
        kind: "http",
        url: "https://e.com/t",
        method: "POST",
        headers: { "User-Agent": "youBencha/0.1.0", "content-type": "text/x", "X-Key": "t" },
        tries: { delaysMs: [1000, 2000], timeoutMs: 5000 }
      })
      assert.strictEqual(text(encoded.payload), `{"results":{"a":1},"artifacts_path":"/a"}`)
      assert.strictEqual(
        ((yield* encode(post, context, "upstream")).action as HttpAction).url,
        "https://e.com/${TOKEN}"
      )
      assert.match((yield* Effect.flip(encode(post, {}))).message, /^url: expected a value for \$\{TOKEN\}/)

      const { hooks } = yield* load(post)
      assert.isAbove(hooks[0]!.timeoutMs, 3 * 5000 + 3000)
      const answered = (status: number, attempts: number) =>
        youbencha.decode(hooks[0]!, fire(context), { _tag: "reply", ...emptyReply, value: { status, attempts } })
          .message
      assert.strictEqual(answered(204, 3), "Successfully posted results to https://e.com/${TOKEN}")
      assert.strictEqual(answered(302, 3), "Failed to post results after 3 attempts")
      const once = { post_evaluation: [{ name: "webhook", config: { url: "https://e.com", retry_on_failure: false } }] }
      assert.notProperty((yield* encode(once, {})).action, "tries")
      assert.strictEqual((yield* load(once)).hooks[0]!.timeoutMs, 5000)
    })
  )

  it.effect("a database line goes in by stdin, so that a path or a result is never read by the shell", () =>
    Effect.gen(function* () {
      const database = (append: boolean) => ({
        post_evaluation: [{ name: "database", config: { type: "json-file", output_path: "a/$(id);b", append } }]
      })
      const encoded = yield* encode(database(true), { cwd: "/w", results: { x: "'$(id)'" } })
      const action = encoded.action as ShellAction
      assert.deepStrictEqual(action.run, { argv: ["/bin/sh", "-c", `cat >> "$1"`, "sh", "/w/a/$(id);b"] })
      assert.deepStrictEqual(action.mkdir, ["/w/a"])
      assert.strictEqual(action.stdin, "payload")
      assert.strictEqual(JSON.parse(text(encoded.payload)).x, "'$(id)'")
      const truncating = (yield* encode(database(false), { cwd: "/w" })).action as ShellAction
      assert.deepStrictEqual("argv" in truncating.run && truncating.run.argv[2], `cat > "$1"`)
    })
  )

  it.effect("results that have no JSON fail the export, not the process", () =>
    Effect.gen(function* () {
      const hook = { post_evaluation: [{ name: "database", config: { type: "json-file", output_path: "a" } }] }
      const error = yield* Effect.flip(encode(hook, { cwd: "/w", results: { big: 10n } }))
      assert.deepInclude(error, { _tag: "EncodeError", reason: "decode" })
    })
  )

  it("is recognized by its lists", () => {
    const recognizes = (text: string) =>
      youbencha.recognizes({ _tag: "text", file: "x", folder: "/", text } satisfies ConfigSource)
    for (const text of [
      "pre_execution:\n",
      `{"post_evaluation": []}`,
      `{\n  "pre_execution" : []\n}`,
      "name: x\npre_execution: []"
    ]) {
      assert.isTrue(recognizes(text), text)
    }
    for (const text of ["hooks: []", "# pre_execution", "x: pre_execution"]) assert.isFalse(recognizes(text), text)
  })
})
