/** What a dialect promises of the bytes between host and hook, and of never throwing: DIA-10 to DIA-15. */
import {
  type Decoded,
  type Dialect,
  EncodeError,
  type End,
  type Fire,
  FunctionAction,
  type Hook,
  HttpAction,
  ShellAction,
  ToolAction,
  failureReasons
} from "@tenterhook/core"
import { Effect, Exit, Schema } from "effect"
import { expect, type Rule, Violation } from "../Rule.ts"
import { firstDifference, show, view } from "../view.ts"
import { chance, damagedText, junkText, junkValues } from "./Chance.ts"
import { DialectBench, type DialectFixtures } from "./DialectBench.ts"
import { ends, malformed, outcomeReport, reply } from "./ends.ts"
import { loadedGood, pairs } from "./loading.ts"

type DialectRule = Rule<DialectBench>

const encodesOrSaysWhyNot: DialectRule = {
  id: "DIA-10",
  title: "encode fills in an action of the hook's kind or fails with EncodeError, for any context, the same each time",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    for (const { dialect, hook, fire, name } of yield* pairs) {
      for (const context of oddContexts(fire.context)) {
        const odd: Fire = { ...fire, context }
        const exit = yield* Effect.exit(Effect.suspend(() => dialect.encode(hook, odd)))
        if (Exit.isFailure(exit)) {
          const typed = exit.cause.reasons.every(
            (reason) => reason._tag === "Fail" && reason.error instanceof EncodeError
          )
          yield* expect(
            typed,
            `${name}: ${hook.name} to be encoded, or an EncodeError`,
            `${exit.cause} for ${show(context)}`,
            "what a context lacks is a typed failure"
          )
          continue
        }
        const { action } = exit.value
        yield* expect(
          action.kind === hook.action.kind,
          `${name}: an action of kind ${hook.action.kind}`,
          show(action.kind),
          "encode fills in values, it does not change the adapter"
        )
        const schema = schemaOf(action.kind, bench)
        const valid = schema === undefined || Exit.isSuccess(Schema.decodeUnknownExit(schema)(action))
        yield* expect(
          valid,
          `${name}: an action that its adapter's schema accepts`,
          show(action),
          "fill in the whole action"
        )
        const again = yield* Effect.exit(Effect.suspend(() => dialect.encode(hook, odd)))
        const repeats = Exit.isSuccess(again) && view(again.value) === view(exit.value)
        yield* expect(
          repeats,
          `${name}: the same invocation twice`,
          Exit.isSuccess(again) ? firstDifference(view(exit.value), view(again.value)) : `${again.cause}`,
          "encode reads the hook and the fire and nothing else"
        )
      }
    }
  })
}

const keepsSecrets: DialectRule = {
  id: "DIA-11",
  title: "encode takes the environment from the context alone, never from the process",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const planted = namesIn(bench).filter((name) => process.env[name] === undefined)
    yield* Effect.acquireRelease(
      Effect.sync(() => planted.forEach((name) => (process.env[name] = canary))),
      () => Effect.sync(() => planted.forEach((name) => delete process.env[name]))
    )
    for (const { dialect, hook, fire, name } of yield* pairs) {
      const exit = yield* Effect.exit(Effect.suspend(() => dialect.encode(hook, fire)))
      if (Exit.isFailure(exit)) continue
      const leak = view(exit.value).includes(canary)
      yield* expect(
        !leak,
        `${name}: only what context.env holds`,
        `a value of process.env in the invocation of ${hook.name}`,
        "read context.env; the host decides what is in it"
      )
    }
  })
}

const decodesAnything: DialectRule = {
  id: "DIA-12",
  title: "decode is total and pure: any reply and any failure becomes a well-formed outcome, the same each time",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const luck = chance(12)
    for (const { dialect, hook, fire, name } of yield* pairs) {
      for (const end of ends(bench.outputs, luck)) {
        const first = yield* decoded(dialect, hook, fire, end, name)
        const wrong = malformed(first)
        yield* expect(
          wrong === null,
          `${name}: a well-formed outcome for ${show(end)}`,
          `${wrong} in ${show(first)}`,
          "see Outcome and Output in core"
        )
        const second = yield* decoded(dialect, hook, fire, end, name)
        yield* expect(
          view(first) === view(second),
          `${name}: the same outcome twice`,
          firstDifference(view(first), view(second)),
          "decode is pure"
        )
      }
    }
  })
}

const failsClosed: DialectRule = {
  id: "DIA-13",
  title: "a failure never becomes a permission: no success where the hook blocks, nowhere an allow",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    for (const { dialect, hook, fire, name } of yield* pairs) {
      for (const reason of failureReasons) {
        for (const said of ["", ...bench.outputs]) {
          const end: End = {
            _tag: "failure",
            reason,
            message: `it failed: ${reason}`,
            reply: reply({ output: Buffer.from(said) })
          }
          for (const onFailure of ["block", "continue"] as const) {
            const { outcome } = yield* decoded(dialect, { ...hook, onFailure }, fire, end, name)
            const actual = `${outcome.status}${outcome.status === "succeeded" ? ` with ${outcome.output.verdict ?? "abstain"}` : ""}`
            const permits =
              outcome.status === "succeeded" && (onFailure === "block" || outcome.output.verdict === "allow")
            yield* expect(
              !permits,
              `${name}: ${hook.name} (onFailure ${onFailure}) to fail at ${reason}`,
              `${actual}, after saying ${show(said)}`,
              "partial output is no answer: return failed(reason), and the engine does what onFailure says"
            )
          }
        }
      }
    }
  })
}

const testsAnything: DialectRule = {
  id: "DIA-14",
  title: "matchers, conditions, recognizes and announce never throw",
  check: Effect.gen(function* () {
    const bench = yield* DialectBench
    const { dialect } = bench
    for (const { name, set } of yield* loadedGood(bench.good)) {
      for (const hook of set.hooks) {
        for (const value of [undefined, ...junkText])
          yield* calm(`${name}: the matcher of ${hook.name} on ${show(value)}`, () => hook.matcher?.test(value))
        for (const { context } of [{ context: {} }, ...bench.fires])
          yield* calm(`${name}: the condition of ${hook.name}`, () => hook.condition?.test(context))
      }
    }
    const texts = [...bench.good, ...bench.bad].flatMap(({ source }) => (source._tag === "text" ? [source.text] : []))
    const luck = chance(14)
    for (const text of [...junkText, ...texts.map((text) => damagedText(text, luck))]) {
      yield* calm(`recognizes on ${show(text)}`, () =>
        dialect.recognizes({ _tag: "text", file: "some.yaml", folder: "/", text })
      )
    }
    for (const junk of junkValues)
      yield* calm("recognizes on a value", () => dialect.recognizes({ _tag: "value", value: junk(), folder: "/" }))
    yield* calm("recognizes on the environment", () => dialect.recognizes({ _tag: "environment", folder: "/" }))
    for (const { hook, fire, name } of yield* pairs) {
      for (const status of ["succeeded", "failed", "skipped"] as const) {
        yield* calm(`${name}: announce`, () => dialect.announce?.(hook, fire, outcomeReport(dialect, hook, status), 0))
      }
    }
  })
}

const discoversNothing: DialectRule = {
  id: "DIA-15",
  title: "in a folder where nothing can be read, it discovers nothing and does not fail",
  check: Effect.gen(function* () {
    const { dialect } = yield* DialectBench
    const folder = { path: "/nowhere", env: {}, read: () => Effect.succeed(null) }
    const exit = yield* Effect.exit(Effect.suspend(() => dialect.discover(folder)))
    const texts = Exit.isSuccess(exit) ? exit.value.filter((source) => source._tag === "text") : []
    yield* expect(
      Exit.isSuccess(exit) && texts.length === 0,
      "no configs",
      Exit.isSuccess(exit) ? show(texts) : `${exit.cause}`,
      "read returns null for what is not there"
    )
  })
}

/** In the order of their numbers. */
export const firingRules: ReadonlyArray<DialectRule> = [
  encodesOrSaysWhyNot,
  keepsSecrets,
  decodesAnything,
  failsClosed,
  testsAnything,
  discoversNothing
]

const decoded = (dialect: Dialect, hook: Hook, fire: Fire, end: End, name: string): Effect.Effect<Decoded, Violation> =>
  Effect.try({
    try: () => dialect.decode(hook, fire, end),
    catch: (error) =>
      new Violation({
        expected: `${name}: an outcome for ${show(end)}`,
        actual: `a throw: ${error}`,
        hint: "what cannot be read is failed(decode)"
      })
  })

/** What comes back is not looked at: only that something does. */
const calm = (what: string, call: () => unknown) =>
  Effect.try({
    try: () => void call(),
    catch: (error) =>
      new Violation({ expected: `${what}: an answer`, actual: `a throw: ${error}`, hint: "no is an answer" })
  })

/** The context itself, one with nothing but what every host fills in, and some with texts in it that mean something to somebody. */
const oddContexts = (context: Fire["context"]): ReadonlyArray<Fire["context"]> => {
  const odd = [`a "b" 'c'`, "$&", "${CASE}", "$(id)", "`id`", "a\nb", ""]
  const { cwd = "/", env = {} } = context
  return [
    context,
    { cwd, env },
    ...odd.map((text) => ({
      ...context,
      prompt: text,
      tool: { name: text, input: text },
      task: { ...context.task, id: text, name: text, branch: text }
    }))
  ]
}

const schemaOf = (kind: string, { adapters }: DialectFixtures): Schema.Decoder<unknown> | undefined =>
  adapters.find((adapter) => adapter.kind === kind)?.action ?? coreActions[kind]

const coreActions: Record<string, Schema.Decoder<unknown>> = {
  shell: ShellAction,
  tool: ToolAction,
  http: HttpAction,
  function: FunctionAction
}

/** Words in the configs that could be environment variables, and one that is in none. */
const namesIn = ({ good }: DialectFixtures): ReadonlyArray<string> => {
  const texts = good.map(({ source }) => (source._tag === "text" ? source.text : view(source)))
  return [...new Set(["TENTERHOOK_CANARY", ...texts.flatMap((text) => text.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? [])])]
}

const canary = "canary-8f1d2c"
