/** Runs one case on one subject, in a folder of its own. */
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises"
import { randomBytes, randomUUID } from "node:crypto"
import { userInfo } from "node:os"
import { dirname, join, resolve } from "node:path"
import { type Case, type CaseEndpoint, type FileExpectation, kindOf, type Step } from "../case/Case.ts"
import type { LoadedCase } from "../case/loadCases.ts"
import { isRecord } from "../case/Matcher.ts"
import { match, type Mismatch, nothing } from "../case/match.ts"
import { expandRepeats, fileOf, substitute } from "../case/substitute.ts"
import { type HostTools, hostTools } from "../host/HostTools.ts"
import { openReceivers, type Receivers } from "../host/Receivers.ts"
import { temporaryFolder } from "../host/temporaryFolder.ts"
import { deliveryMismatches } from "./deliveries.ts"
import { endProcesses, processesOf } from "./processes.ts"
import { reportMismatches } from "./reportRules.ts"
import { skipReason } from "./skipReason.ts"
import type { CaseSetup, LoadResult, Session, SetupEndpoint, Subject } from "./Subject.ts"
import type { CaseFailure, CaseResult } from "./SuiteResult.ts"

export interface CaseLimits {
  /** How long one case may take. Default: 60 seconds. */
  readonly caseLimitMs?: number
  /** How long a step waits for what receivers are to get. Default: 20 seconds. */
  readonly deliveryLimitMs?: number
}

export const runCase = async (
  loaded: LoadedCase,
  subject: Subject,
  { caseLimitMs = 60_000, deliveryLimitMs = 20_000 }: CaseLimits = {}
): Promise<CaseResult> => {
  const started = performance.now()
  const about = (title: string) => ({ file: loaded.file, title, durationMs: Math.round(performance.now() - started) })
  if (loaded._tag === "broken") {
    const failure = { step: null, message: loaded.problems.join("\n"), mismatches: [] }
    return { ...about(loaded.file), status: "failed", failure }
  }
  const { title } = loaded.case
  const reason = skipReason(loaded.case, subject)
  if (reason !== null) return { ...about(title), status: "skipped", reason }
  const failure = await inFolder(loaded, subject, caseLimitMs, deliveryLimitMs)
  return failure === null ? { ...about(title), status: "passed" } : { ...about(title), status: "failed", failure }
}

type Loaded = Extract<LoadedCase, { _tag: "case" }>

/** What a case is at while it runs, so that a failure can say where. */
interface Progress {
  step: CaseFailure["step"]
  readonly fireIds: Array<string>
}

const inFolder = async (
  loaded: Loaded,
  subject: Subject,
  limitMs: number,
  deliveryLimitMs: number
): Promise<CaseFailure | null> => {
  const progress: Progress = { step: null, fireIds: [] }
  const failed = (error: unknown): CaseFailure => ({ step: progress.step, message: messageOf(error), mismatches: [] })
  let root: string | undefined
  let session: Session | undefined
  let receivers: Receivers | undefined
  try {
    root = await freshFolder()
    receivers = await openReceivers(loaded.case.receivers ?? {})
    const values = { CASE_DIR: join(root, "case"), CASE_ID: randomUUID(), ...receivers.values }
    const it = substitute({ ...loaded.case, title: "" }, values)
    const tools = hostTools(it.tools ?? [])
    const moved = it.steps.some((step) => "clock" in step)
    const setup = {
      ...(await prepare(it, values.CASE_DIR, join(root, "home"))),
      ...(it.tools === undefined ? {} : { tools: tools.tools }),
      ...(it.endpoints === undefined ? {} : { endpoints: it.endpoints.map(endpointOf(moved)) }),
      ...(receivers.places.length === 0 ? {} : { allow: receivers.places })
    }
    receivers.trust(secretsIn(setup))
    const late = `still running after ${limitMs / 1000} s`
    const left = deadline(limitMs, late)
    const opening = subject.open(setup)
    session = await left.race(opening).catch((error) => {
      opening.then((tooLate) => tooLate.close()).catch(() => {})
      throw error
    })
    const stage: Stage = { setup, session, tools, receivers, deliveryLimitMs, moved }
    return await left.race(runSteps(it.steps, loaded.stepLines, stage, progress))
  } catch (error) {
    return failed(error)
  } finally {
    await deadline(closeLimitMs, "")
      .race(session?.close())
      .catch(() => {})
    await receivers?.close()
    if (root !== undefined) {
      await endProcesses(progress.fireIds, join(root, "case")).catch(() => {})
      await rm(root, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
    }
  }
}

/** Real, so that a hook's `pwd` prints the same; and without spaces, so that commands may name it unquoted. */
const freshFolder = async () => {
  const folder = await realpath(await temporaryFolder("tenterhook-case-"))
  if (!/\s/.test(folder)) return folder
  await rm(folder, { recursive: true })
  return realpath(await mkdtemp("/tmp/tenterhook-case-"))
}

const prepare = async (it: Case, folder: string, home: string): Promise<CaseSetup> => {
  await mkdir(folder)
  await mkdir(home)
  for (const [name, file] of Object.entries(it.files ?? {})) {
    const { content, mode } = fileOf(file)
    const path = resolve(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    await chmod(path, mode)
  }
  const user = process.env["USER"] ?? userInfo().username
  const own = Object.fromEntries(Object.entries(it.env ?? {}).map(([name, value]) => [name, String(value)]))
  return {
    folder,
    dialect: it.dialect,
    ...(it.mode === undefined ? {} : { mode: it.mode }),
    ...(it.lenient === undefined ? {} : { lenient: it.lenient }),
    config: it.config === undefined ? [] : typeof it.config === "string" ? [it.config] : it.config,
    env: { PATH: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", HOME: home, USER: user, ...own }
  }
}

/** With a secret where the case does not choose one, and with the format's own rules where it names none. */
const endpointOf =
  (moved: boolean) =>
  ({ mode, ...endpoint }: CaseEndpoint): SetupEndpoint => ({
    ...endpoint,
    secret: endpoint.secret ?? `whsec_${randomBytes(32).toString("base64")}`,
    concurrency: 1,
    mode: mode ?? "wacht-upstream",
    ...(mode === undefined && !moved ? { rules: soon } : {})
  })

/** For only Wacht's dialect announces, and a step does not wait half a minute. */
const soon = { delaysMs: [1000, 2000, 3000] }

/** What signs requests to a receiver: the secrets of its endpoints; else those in the case's environment. */
const secretsIn =
  ({ endpoints = [], env }: CaseSetup) =>
  (origin: string): ReadonlyArray<string> => {
    const own = endpoints.filter(({ url }) => url === origin || url.startsWith(`${origin}/`))
    const inEnv = Object.values(env).filter((value) => value.startsWith("whsec_"))
    return [...own.map(({ secret }) => secret), ...inEnv]
  }

/** What the steps of a case play on. */
interface Stage {
  readonly setup: CaseSetup
  readonly session: Session
  readonly tools: HostTools
  readonly receivers: Receivers
  readonly deliveryLimitMs: number
  readonly moved: boolean
}

/** Stops at the first step that fails, with all that is wrong there. */
const runSteps = async (
  steps: ReadonlyArray<Step>,
  lines: ReadonlyArray<number>,
  stage: Stage,
  progress: Progress
): Promise<CaseFailure | null> => {
  const { setup, session } = stage
  for (const [index, step] of steps.entries()) {
    progress.step = { number: index + 1, line: lines[index] ?? 1, what: wordsOf(step) }
    if ("clock" in step) stage.receivers.advance(millisecondsOf(step.clock))
    const { result, reports, mismatches } = await doStep(step, setup, session)
    const fireIds = reports.flatMap((report) =>
      isRecord(report) && typeof report["fireId"] === "string" ? [report["fireId"]] : []
    )
    progress.fireIds.push(...fireIds)
    const all = [...mismatches, ...(await afterStep(step, stage, fireIds))]
    if (all.length > 0) return { step: progress.step, message: null, mismatches: all, report: result }
  }
  return null
}

interface StepDone {
  readonly result: unknown
  readonly reports: ReadonlyArray<unknown>
  readonly mismatches: ReadonlyArray<Mismatch>
}

const doStep = async (step: Step, setup: CaseSetup, session: Session): Promise<StepDone> => {
  if ("fire" in step) {
    const report = asJson(await session.fire(step.fire, contextOf(step.context, setup.folder)))
    return {
      result: report,
      reports: [report],
      mismatches: [...reportMismatches(report), ...expected(step.expect, report)]
    }
  }
  if ("exec" in step) {
    const result = asJson(await session.exec(step.exec.map(String), contextOf(step.context, setup.folder)))
    const { start = null, end = null } = (result ?? {}) as { start?: unknown; end?: unknown }
    const reports = { start, end }
    const wrong = Object.entries(reports).flatMap(([name, report]) =>
      report === null ? [] : reportMismatches(report).map((it) => ({ ...it, path: `${name}.${it.path}` }))
    )
    return { result, reports: [start, end], mismatches: [...wrong, ...expected(step.expect, result)] }
  }
  if ("load" in step) {
    const result = await session.load()
    return { result, reports: [], mismatches: loadMismatches(step.load, result) }
  }
  await session.clock!(millisecondsOf(step.clock))
  return { result: null, reports: [], mismatches: [] }
}

const expected = (matcher: unknown, result: unknown) => (matcher === undefined ? [] : match(matcher, result))

const loadMismatches = (
  load: { readonly ok?: boolean; readonly error?: unknown; readonly notices?: unknown },
  result: LoadResult
) => {
  const ok = load.error === undefined
  return match({ ok, ...load }, result)
}

const afterStep = async (
  step: Step,
  { setup, session, tools, receivers, deliveryLimitMs, moved }: Stage,
  fireIds: ReadonlyArray<string>
): Promise<ReadonlyArray<Mismatch>> => {
  const mismatches: Array<Mismatch> = []
  for (const [name, expectation] of Object.entries(step.files ?? {})) {
    mismatches.push(...(await fileMismatches(`files.${name}`, resolve(setup.folder, name), expectation)))
  }
  const calls = asJson(tools.takeCalls())
  if (step.calls !== undefined) mismatches.push(...match(step.calls, calls, nothing, "calls"))
  if (step.deliveries !== undefined)
    mismatches.push(...(await deliveryMismatches(step.deliveries, receivers, session, deliveryLimitMs, moved)))
  receivers.mark()
  if (step.processes !== undefined) mismatches.push(...(await processMismatches(step.processes, fireIds)))
  return mismatches
}

const fileMismatches = async (
  place: string,
  path: string,
  expectation: FileExpectation
): Promise<ReadonlyArray<Mismatch>> => {
  const content = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) =>
    error.code === "EISDIR" ? "" : null
  )
  const exists = content !== null
  const shouldExist = expectation.exists ?? true
  if (exists !== shouldExist) return match(shouldExist, exists, nothing, `${place}.exists`)
  return expectation.content === undefined
    ? []
    : match(expectation.content, content ?? nothing, nothing, `${place}.content`)
}

/** A process that was just killed is still there for a moment. */
const processMismatches = async (
  matcher: unknown,
  fireIds: ReadonlyArray<string>
): Promise<ReadonlyArray<Mismatch>> => {
  const until = performance.now() + settleMs
  for (;;) {
    const mismatches = match(matcher, (await processesOf(fireIds)).length, nothing, "processes")
    if (mismatches.length === 0 || performance.now() > until) return mismatches
    await new Promise((done) => setTimeout(done, 20))
  }
}

/** The step's context with its long strings written out; `cwd` and `task.dir` are the case's folder where it says nothing. */
const contextOf = (context: Readonly<Record<string, unknown>> | undefined, folder: string): object => {
  const full = expandRepeats(context ?? {}) as Record<string, unknown>
  const task = full["task"] ?? {}
  return {
    ...full,
    cwd: full["cwd"] ?? folder,
    task: isRecord(task) ? { ...task, dir: task["dir"] ?? folder } : task
  }
}

const wordsOf = (step: Step) => {
  if ("fire" in step) return `fire ${step.fire}`
  if ("exec" in step) return `exec ${step.exec.join(" ")}`
  return "clock" in step ? `clock ${step.clock}` : kindOf(step)
}

/** What a reader of the wire would get: no `undefined`, no classes. */
const asJson = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)))

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const millisecondsOf = (duration: string) => {
  const [, number, unit] = /^([\d.]+)(ms|s|m|h|d)$/.exec(duration)!
  return Number(number) * units[unit as keyof typeof units]
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** One time limit for several waits. */
const deadline = (limitMs: number, message: string) => {
  const end = performance.now() + limitMs
  const race = <A>(work: Promise<A> | undefined): Promise<A | undefined> =>
    new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(message)), Math.max(0, end - performance.now()))
      Promise.resolve(work)
        .then(done, fail)
        .finally(() => clearTimeout(timer))
    })
  return { race: race as <A>(work: Promise<A> | undefined) => Promise<A> }
}

const settleMs = 2000
const closeLimitMs = 15_000
