/**
 * A small engine for a part of the oats dialect, written without any of Tenterhook's own parts: what the cases are tried
 * on. Each fault is one way in which an engine can be wrong.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { CaseSetup, Session, Subject } from "../src/index.ts"

export type Fault =
  | "loses a deny"
  | "says proceed where it must not"
  | "runs what does not match"
  | "goes on after a block"
  | "reverses the outcomes"
  | "drops stderr"
  | "drops the exit code"
  | "sends nothing on stdin"
  | "runs elsewhere"
  | "leaves late hooks running"
  | "forgets the mark"
  | "takes any config"
  | "hides its notices"
  | "executes in spite of a deny"
  | "forgets the end hooks"
  | "reports without an id"

export const plainEngine = (fault?: Fault): Subject => ({
  name: fault === undefined ? "plain" : `plain that ${fault}`,
  needs: ["shell", "exec"],
  open: async (setup) => sessionOf(setup, fault)
})

interface PlainHook {
  readonly event: string
  readonly matcher?: string
  readonly command: string
  readonly timeout?: number
}

const sessionOf = (setup: CaseSetup, fault: Fault | undefined): Session => {
  const started = new Set<ChildProcess>()
  const fire = async (event: string, context: object) =>
    fireHooks(await readHooks(setup, fault), event, context as Context, setup, started, fault)
  return {
    fire,
    load: async () => {
      try {
        const hooks = await readHooks(setup, fault)
        const unknown = hooks.filter((hook) => !events.includes(hook.event))
        return {
          ok: true,
          notices: fault === "hides its notices" ? [] : unknown.map((hook) => `unknown event "${hook.event}"`)
        }
      } catch (error) {
        return { ok: false, error: (error as Error).message }
      }
    },
    exec: async (argv, context) => {
      const start = await fire("session_start", context)
      const ended = async (outcome: string) =>
        fault === "forgets the end hooks" ? null : fire("assistant_response", { ...context, outcome })
      if (!start.proceed && fault !== "executes in spite of a deny") {
        return { exitCode: 3, stdout: "", stderr: "", start, end: await ended("aborted") }
      }
      const ran = await run(argv, setup, {}, "", 60_000, started)
      const exitCode = start.proceed ? (ran.exitCode ?? 1) : 3
      return {
        exitCode,
        stdout: ran.stdout,
        stderr: ran.stderr,
        start,
        end: await ended(exitCode === 0 ? "success" : "error")
      }
    },
    close: async () => {
      for (const child of started) end(child)
    }
  }
}

const events = ["pre_tool_use", "post_tool_use", "user_prompt_submit", "session_start", "assistant_response"]

const readHooks = async (setup: CaseSetup, fault: Fault | undefined): Promise<ReadonlyArray<PlainHook>> => {
  const file = setup.config[0]!
  const parsed = JSON.parse(await readFile(join(setup.folder, file), "utf8")) as { hooks: unknown }
  if (fault === "takes any config") return Array.isArray(parsed.hooks) ? parsed.hooks : []
  if (!Array.isArray(parsed.hooks))
    throw new Error(`${file}: hooks: expected a list, got ${JSON.stringify(parsed.hooks)}`)
  for (const [index, hook] of parsed.hooks.entries()) {
    if (typeof hook.timeout === "string")
      throw new Error(`${file}: hooks[${index}].timeout: expected a number, got "${hook.timeout}"`)
  }
  return parsed.hooks as ReadonlyArray<PlainHook>
}

interface Context {
  readonly cwd: string
  readonly tool?: { readonly name: string }
}

const fireHooks = async (
  hooks: ReadonlyArray<PlainHook>,
  event: string,
  context: Context,
  setup: CaseSetup,
  started: Set<ChildProcess>,
  fault: Fault | undefined
) => {
  const fireId = crypto.randomUUID()
  const outcomes = []
  const reasons = []
  let verdict = "abstain"
  const ofEvent = hooks.filter((hook) => hook.event === event)
  for (const [index, hook] of ofEvent.entries()) {
    const name = context.tool?.name ?? ""
    const fits = hook.matcher === undefined || new RegExp(`^${hook.matcher.replaceAll("*", ".*")}$`).test(name)
    if (!fits && fault !== "runs what does not match") continue
    const hookName = `${event}[${index}]`
    if (verdict === "deny" && fault !== "goes on after a block") {
      outcomes.push(outcome(hookName, index, setup, { status: "skipped", reason: "halted" }))
      continue
    }
    const stdin = fault === "sends nothing on stdin" ? "" : JSON.stringify({ event, tool_name: name })
    const mark = fault === "forgets the mark" ? {} : { TENTERHOOK_FIRE: fireId }
    const cwd = fault === "runs elsewhere" ? "/" : context.cwd
    const ran = await run(
      ["sh", "-c", hook.command],
      { ...setup, folder: cwd },
      mark,
      stdin,
      (hook.timeout ?? 30) * 1000,
      started,
      fault !== "leaves late hooks running"
    )
    const answer = answerOf(ran.stdout)
    const blocks = ran.exitCode === 0 && answer.action === "block"
    const own = blocks && fault !== "loses a deny" ? "deny" : "abstain"
    if (own === "deny") {
      verdict = "deny"
      if (answer.message !== undefined) reasons.push({ hook: hookName, text: answer.message })
    }
    outcomes.push(
      outcome(hookName, index, setup, {
        status: ran.exitCode === 0 ? "succeeded" : "failed",
        reason: ran.timedOut ? "timeout" : ran.exitCode === 0 ? null : "exit",
        verdict: own,
        exitCode: fault === "drops the exit code" ? 0 : ran.exitCode,
        signal: ran.signal,
        timedOut: ran.timedOut,
        stdout: ran.stdout,
        stderr: fault === "drops stderr" ? "" : ran.stderr
      })
    )
  }
  if (fault === "reverses the outcomes") outcomes.reverse()
  return {
    fireId: fault === "reports without an id" ? undefined : fireId,
    event,
    dialect: setup.dialect,
    proceed: verdict !== "deny" || fault === "says proceed where it must not",
    verdict,
    reasons,
    rewrite: null,
    context: [],
    notices: [],
    halt: null,
    resume: null,
    losses: [],
    outcomes
  }
}

const outcome = (hook: string, index: number, setup: CaseSetup, more: object) => ({
  hook,
  index,
  dialect: setup.dialect,
  source: { file: setup.config[0] ?? null, line: null },
  adapter: "shell",
  status: "succeeded",
  reason: null,
  message: null,
  verdict: "abstain",
  exitCode: null,
  signal: null,
  timedOut: false,
  stdout: "",
  stderr: "",
  truncated: false,
  leftRunning: 0,
  output: null,
  durationMs: 1,
  ...more
})

const answerOf = (stdout: string): { action?: string; message?: string } => {
  try {
    return JSON.parse(stdout)
  } catch {
    return {}
  }
}

const run = (
  argv: ReadonlyArray<string>,
  setup: CaseSetup,
  mark: Record<string, string>,
  stdin: string,
  timeoutMs: number,
  started: Set<ChildProcess>,
  endsLate = true
) =>
  new Promise<{ exitCode: number | null; signal: string | null; stdout: string; stderr: string; timedOut: boolean }>(
    (done) => {
      const child = spawn(argv[0]!, argv.slice(1), {
        cwd: setup.folder,
        env: { ...setup.env, ...mark },
        detached: true
      })
      started.add(child)
      let [stdout, stderr, timedOut] = ["", "", false]
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk))
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk))
      child.stdin.on("error", () => {})
      child.stdin.end(stdin)
      const timer = setTimeout(() => {
        timedOut = true
        if (endsLate) end(child)
        else done({ exitCode: null, signal: null, stdout, stderr, timedOut })
      }, timeoutMs)
      child.on("close", (exitCode, signal) => {
        clearTimeout(timer)
        done({ exitCode, signal, stdout, stderr, timedOut })
      })
    }
  )

const end = (child: ChildProcess) => {
  try {
    process.kill(-child.pid!, "SIGKILL")
  } catch {
    // over already
  }
}
