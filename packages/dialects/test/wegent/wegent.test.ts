import { assert, describe, it } from "@effect/vitest"
import {
  type ConfigSource,
  emptyReply,
  type End,
  FireId,
  type Fire,
  type HookSet,
  type ShellAction
} from "@tenterhook/core"
import { Effect, Schema } from "effect"
import { wegent } from "../../src/index.ts"
import { Hostile } from "../hostile.ts"

const load = (source: ConfigSource, mode = "documented") => wegent.load(source, { mode, adapters: [] })
const environment = { _tag: "environment", folder: "/project" } as const
const compose = (text: string) => ({ _tag: "text", file: "docker-compose.yml", folder: "/project", text }) as const

const fire = (context: Fire["context"], mode = "documented"): Fire => ({
  fireId: FireId.make("fire_1"),
  event: { name: "execution_start", class: "gate" },
  context,
  mode
})

const encodeFirst = Effect.fnUntraced(function* (set: HookSet, context: Fire["context"], mode?: string) {
  const { action } = yield* wegent.encode(set.hooks[0]!, fire(context, mode))
  return action as ShellAction
})

const reply = (parts: object): End => ({ _tag: "reply", ...emptyReply, status: 0, ...parts })
const bytes = (text: string) => new TextEncoder().encode(text)

describe("wegent", () => {
  it.effect("is one set for one environment, and another for another", () =>
    Effect.gen(function* () {
      const { at } = yield* load(environment)
      const env = { WEGENT_HOOK_PRE_EXECUTE: "/a.sh", WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: "45" }
      const set = at!({ env })
      assert.strictEqual(at!({ env: { ...env, OTHER: "x" } }), set)
      assert.strictEqual(set.hooks[0]!.timeoutMs, 45_000)
      assert.strictEqual(at!({ env: { ...env, WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: "abc" } }).hooks[0]!.timeoutMs, 30_000)
      assert.deepStrictEqual(at!({}).hooks, [])
      for (let count = 0; count < 200; count++) at!({ env: { WEGENT_HOOK_PRE_EXECUTE: `/${count}.sh` } })
      assert.strictEqual(at!({ env }).hooks[0]!.timeoutMs, 45_000)
    })
  )

  it.effect.prop(
    "folder, id and URL reach bash as they are, whatever they say",
    [Hostile, Hostile, Hostile],
    ([dir, id, repoUrl]) =>
      Effect.gen(function* () {
        const { at } = yield* load(environment)
        const set = at!({ env: { WEGENT_HOOK_PRE_EXECUTE: "/hook.sh" } })
        const action = yield* encodeFirst(set, { cwd: "/work", task: { dir, id, repoUrl } })
        const known = (text: string, otherwise: string | undefined) => (text.trim() === "" ? otherwise : text)
        assert.deepStrictEqual(action.run, { argv: ["bash", "/hook.sh", known(dir, "/work")!] })
        assert.strictEqual(action.env.base, "inherit")
        assert.strictEqual(action.env.set.WEGENT_TASK_DIR, known(dir, "/work"))
        assert.strictEqual(action.env.set.WEGENT_TASK_ID, known(id, undefined))
        assert.strictEqual(action.env.set.WEGENT_GIT_URL, known(repoUrl, undefined))
      })
  )

  it.effect("a path that looks like an option is still a path", () =>
    Effect.gen(function* () {
      const { at } = yield* load(environment)
      const action = yield* encodeFirst(at!({ env: { WEGENT_HOOK_PRE_EXECUTE: "-c" } }), { cwd: "/work" })
      assert.deepStrictEqual(action.run, { argv: ["bash", "./-c", "/work"] })
      assert.strictEqual(action.mustExist, "-c")
    })
  )

  it.effect("upstream does not look for the script itself", () =>
    Effect.gen(function* () {
      const { at } = yield* load(environment, "upstream")
      const set = at!({ env: { WEGENT_HOOK_PRE_EXECUTE: "/a.sh" } })
      assert.notProperty(yield* encodeFirst(set, { cwd: "/" }, "upstream"), "mustExist")
    })
  )

  it.effect("tells a failure by its reason, and never blocks", () =>
    Effect.gen(function* () {
      const { at } = yield* load(environment)
      const [hook] = at!({ env: { WEGENT_HOOK_PRE_EXECUTE: "/a.sh", WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: "2" } }).hooks
      const said = { output: bytes(" out\n"), diagnostics: bytes("err\n") }
      const failure = (reason: "timeout" | "missing" | "spawn" | "cancelled", message: string): End => ({
        _tag: "failure",
        reason,
        message,
        reply: { ...emptyReply, ...said }
      })
      const decode = (end: End, mode?: string) => wegent.decode(hook!, fire({}, mode), end)
      assert.strictEqual(hook!.onFailure, "continue")
      assert.deepInclude(decode(failure("timeout", "late")), {
        exitCode: -1,
        stdout: "",
        stderr: "pre-execute hook timed out after 2s",
        message: "pre-execute hook timed out after 2s"
      })
      assert.deepInclude(decode(failure("missing", "expected /a.sh in /, found nothing")), {
        exitCode: -1,
        stderr: "script not found: /a.sh",
        message: "pre-execute hook failed: script not found: /a.sh"
      })
      const noAdapter = `no adapter for "shell"; this host has none`
      assert.strictEqual(decode(failure("missing", noAdapter)).message, `pre-execute hook failed: ${noAdapter}`)
      assert.deepInclude(decode(reply({ status: null, signal: "SIGKILL" })), {
        exitCode: -1,
        message: "pre-execute hook failed"
      })
      assert.deepInclude(decode(reply({ status: 42 })), { exitCode: 42, message: "pre-execute hook failed" })
      assert.deepInclude(decode(reply({ status: 7, ...said }), "upstream"), { stdout: "out", stderr: "err" })
      assert.notProperty(decode(reply({ status: 7, ...said })), "stdout")
    })
  )

  it.effect.prop(
    "a script below a volume's target is looked for below its source",
    [Schema.NonEmptyArray(Schema.String.check(Schema.isPattern(/^[a-z0-9_-]{1,8}$/)))],
    ([parts]) =>
      Effect.gen(function* () {
        const script = `/mnt/hooks/${parts.join("/")}`
        const service = {
          environment: { WEGENT_HOOK_PRE_EXECUTE: script },
          volumes: ["/elsewhere:/mnt", "./hooks:/mnt/hooks:ro", "named:/mnt/hooks/x"]
        }
        const set = yield* load(compose(JSON.stringify({ services: { executor: service } })))
        const action = yield* encodeFirst(set, { cwd: "/" })
        assert.strictEqual(action.mustExist, `/project/hooks/${parts.join("/")}`)
        assert.deepStrictEqual(set.notices, [])
      })
  )

  it.effect("a script that no volume holds is looked for on the host, with a notice", () =>
    Effect.gen(function* () {
      const set = yield* load(
        compose(
          "services:\n  e:\n    environment: [WEGENT_HOOK_PRE_EXECUTE=/hooksy/a.sh]\n    volumes: [./hooks:/hooks]\n"
        )
      )
      assert.strictEqual((yield* encodeFirst(set, { cwd: "/" })).mustExist, "/hooksy/a.sh")
      assert.deepInclude(set.notices[0]!, { line: 3, column: 19 })
      assert.match(set.notices[0]!.text, /no volume of "e" holds \/hooksy\/a\.sh/)
    })
  )

  it.effect("what the compose file sets for the service reaches the script, its PATH does not", () =>
    Effect.gen(function* () {
      const set = yield* load(
        compose("services:\n  e:\n    environment: { WEGENT_HOOK_PRE_EXECUTE: /a.sh, TEAM: red, PATH: /app/bin }\n")
      )
      const action = yield* encodeFirst(set, { cwd: "/", env: { PATH: "/bin" } })
      assert.deepInclude(action.env.set, { TEAM: "red" })
      assert.notProperty(action.env.set, "PATH")
    })
  )

  it.effect("a merge key that leads to itself ends", () =>
    Effect.gen(function* () {
      const text = "services:\n  e: &e\n    environment: &v\n      <<: *v\n      WEGENT_HOOK_PRE_EXECUTE: /a.sh\n"
      const exit = yield* Effect.exit(load(compose(text)))
      assert.isFalse(exit._tag === "Failure" && exit.cause.reasons.some((reason) => reason._tag === "Die"))
    })
  )

  it.effect("takes the variables or a compose file in code, alone or as the only one of a list", () =>
    Effect.gen(function* () {
      const variables = { WEGENT_HOOK_PRE_EXECUTE: "/a.sh", WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: 5 }
      for (const value of [variables, [variables], { services: { e: { environment: variables } } }]) {
        const { hooks } = yield* load({ _tag: "value", value, folder: "/project" })
        assert.strictEqual(hooks[0]!.timeoutMs, 5000)
        assert.deepStrictEqual(hooks[0]!.source, { file: null, line: null })
      }
    })
  )

  it.effect("is found by its variable, and recognized by it", () =>
    Effect.gen(function* () {
      const folder = (env: Record<string, string>) => ({ path: "/project", env, read: () => Effect.succeed(null) })
      assert.deepStrictEqual(yield* wegent.discover(folder({})), [])
      assert.deepStrictEqual(yield* wegent.discover(folder({ WEGENT_HOOK_PRE_EXECUTE: " " })), [])
      assert.deepStrictEqual(yield* wegent.discover(folder({ WEGENT_HOOK_PRE_EXECUTE: "/a.sh" })), [environment])
      assert.isTrue(wegent.recognizes(compose("x: WEGENT_HOOK_PRE_EXECUTE=/a.sh")))
      assert.isFalse(wegent.recognizes(compose("services: {}")))
    })
  )
})
