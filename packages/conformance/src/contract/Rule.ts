/** A promise with a number, the check that holds somebody to it, and what became of the check. */
import { Cause, Effect, Exit, Fiber, Layer, Schema, type Scope } from "effect"

export interface Rule<out R> {
  /** Quoted by documentation, tests and failures: `ADP-3`. Never given to another promise. */
  readonly id: string
  /** The promise, as a sentence. */
  readonly title: string
  /** Fails with a `Violation`, or `Unchecked` where it could not find out. Any other failure or defect breaks the promise too. */
  readonly check: Effect.Effect<void, unknown, R | Scope.Scope>
}

/** A broken promise, told to whoever has to mend it. */
export class Violation extends Schema.TaggedError<Violation>()("Violation", {
  expected: Schema.String,
  actual: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `expected ${this.expected}\n  but got ${this.actual}\n  hint: ${this.hint}`
  }
}

/** A bound of time was passed. A busy machine does that too, so the check is made again: only the third time is a violation. */
export class Late extends Schema.TaggedError<Late>()("Late", { violation: Violation }) {
  override get message() {
    return this.violation.message
  }
}

export const expect = (
  holds: boolean,
  expected: string,
  actual: string,
  hint: string
): Effect.Effect<void, Violation> => (holds ? Effect.void : Effect.fail(new Violation({ expected, actual, hint })))

/** The rule could not be checked: the bench failed, not its subject. */
export class Unchecked extends Schema.TaggedError<Unchecked>()("Unchecked", { why: Schema.String }) {
  override get message() {
    return `could not be checked: ${this.why}`
  }
}

export type RuleResult = { readonly id: string; readonly title: string } & (
  | { readonly status: "kept" }
  | { readonly status: "broken"; readonly violation: Violation }
  | { readonly status: "unchecked"; readonly why: string }
  /** Broken, and known to be. */
  | { readonly status: "gap"; readonly why: string; readonly violation: Violation }
  /** A known gap that is none any more: it has to be taken off the list. */
  | { readonly status: "gap closed"; readonly why: string }
)

/** Rules that are broken today by id, each with the reason. They still run, and a pass is an error. */
export type KnownGaps = Readonly<Record<string, string>>

export interface AuditOptions {
  readonly knownGaps?: KnownGaps
  /** The time limit of one rule, of which a process that stands still loses little. Default: 20 seconds. */
  readonly limitMs?: number
}

/** Checks every rule, each with a subject built afresh, so that one broken promise does not break the next. */
export const auditRules = <R, E>(
  rules: ReadonlyArray<Rule<R>>,
  layer: Layer.Layer<R, E>,
  options: AuditOptions = {}
): Effect.Effect<ReadonlyArray<RuleResult>> =>
  Effect.gen(function* () {
    unknownGaps(rules, options.knownGaps)
    return yield* Effect.forEach(rules, (rule) => auditRule(rule, layer, options))
  })

export const auditRule = <R, E>(
  rule: Rule<R>,
  layer: Layer.Layer<R, E>,
  options: AuditOptions = {}
): Effect.Effect<RuleResult> => {
  const { id, title } = rule
  const gap = options.knownGaps?.[id]
  const again = { until: (failure: Failure) => !(failure instanceof Late), times: 2 }
  const check = Effect.repeat(checkRule(rule, layer, options.limitMs ?? 20_000), again)
  return Effect.map(check, (failed): RuleResult => {
    const failure = failed instanceof Late ? failed.violation : failed
    if (failure instanceof Unchecked) return { id, title, status: "unchecked", why: failure.why }
    if (failure === null)
      return gap === undefined ? { id, title, status: "kept" } : { id, title, status: "gap closed", why: gap }
    return gap === undefined
      ? { id, title, status: "broken", violation: failure }
      : { id, title, status: "gap", why: gap, violation: failure }
  })
}

/** Whether nobody has to do anything. */
export const holds = (result: RuleResult): boolean => result.status === "kept" || result.status === "gap"

/** One result as a person reads it. */
export const formatRuleResult = (result: RuleResult): string => {
  const head = `${result.id} ${result.title}`
  switch (result.status) {
    case "kept":
      return `kept: ${head}`
    case "broken":
      return `broken: ${head}\n  ${result.violation.message}`
    case "unchecked":
      return `unchecked: ${head}\n  ${result.why}`
    case "gap":
      return `known gap: ${head}\n  ${result.why}`
    case "gap closed":
      return `closed: ${head}\n  it is kept now; take it off the known gaps (${result.why})`
  }
}

/** A misspelt gap would excuse nothing and look as if it did. */
export const unknownGaps = (rules: ReadonlyArray<{ readonly id: string }>, knownGaps: KnownGaps = {}): void => {
  const known = rules.map((rule) => rule.id)
  const unknown = Object.keys(knownGaps).filter((id) => !known.includes(id))
  if (unknown.length > 0)
    throw new Error(`known gaps that are no rules: ${unknown.join(", ")}; rules are ${known.join(", ")}`)
}

/** Whoever is late is left behind: a subject that cannot be interrupted does not hold up the audit. */
const checkRule = <R, E>(rule: Rule<R>, layer: Layer.Layer<R, E>, limitMs: number): Effect.Effect<Failure> =>
  Effect.gen(function* () {
    const built = Layer.build(layer).pipe(
      Effect.mapError((error) => new Unchecked({ why: `its layer could not be built: ${messageOf(error)}` }))
    )
    const check = Effect.scoped(Effect.flatMap(built, (context) => Effect.provide(Effect.scoped(rule.check), context)))
    const fiber = yield* Effect.forkDetach(check)
    const exit = yield* Effect.raceFirst(Fiber.await(fiber), Effect.as(passed(limitMs), null))
    if (exit !== null) return failureOf(exit)
    fiber.interruptUnsafe()
    return new Violation({
      expected: `the check to be over within ${limitMs / 1000} s`,
      actual: "no end of it",
      hint: "something never settles, or cannot be interrupted"
    })
  })

/** In steps, between which others have their turn: one long pause of the machine is not the whole time of a rule. */
const passed = (ms: number) => Effect.repeat(Effect.sleep(ms / waits), { times: waits - 1 })
const waits = 20

type Failure = Violation | Late | Unchecked | null

const failureOf = (exit: Exit.Exit<void, unknown>): Failure => {
  if (Exit.isSuccess(exit)) return null
  const error = Cause.squash(exit.cause)
  if (error instanceof Violation || error instanceof Late || error instanceof Unchecked) return error
  return new Violation({
    expected: "no error",
    actual: messageOf(error),
    hint: Cause.hasDies(exit.cause)
      ? "a defect is a bug; what can go wrong is a typed failure"
      : "this failure was not called for"
  })
}

const messageOf = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error))
