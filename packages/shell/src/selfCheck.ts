/** Whether commands work on a runtime that is not Node: their input, both of their outputs and their exit code. */
import { textOf } from "@tenterhook/core"
import type { Command } from "./Command.ts"
import { defaultLimits, openHost } from "./Host.ts"
import { startRun } from "./Run.ts"

/** Why they do not; null if they do. Runs one short command, once in a process. */
export const selfCheck = (): Promise<string | null> => (checking ??= check())

let checking: Promise<string | null> | undefined

const check = async (): Promise<string | null> => {
  const host = openHost(defaultLimits)
  try {
    while (!host.pipes.ready()) await host.pipes.more()
    const run = startRun(host, command(), { linger: "end", execution: null })
    if (!("reply" in run)) return await run
    const { promise, resolve } = Promise.withResolvers<string | null>()
    run.reply((reply, unread) => {
      const came = `${reply.status} ${textOf(reply.output)} ${textOf(reply.diagnostics)}`
      resolve(unread ?? (came === "3 out err" ? null : `a command that answers "3 out err" gave "${came}"`))
    })
    const late = setTimeout(() => resolve(`a short command did not end within ${lateMs} ms`), lateMs)
    const why = await promise
    clearTimeout(late)
    return why
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await host.close()
  }
}

const command = (): Command => ({
  what: "the self-check",
  file: "/bin/sh",
  args: ["-c", "cat; printf err >&2; exit 3"],
  cwd: "/",
  env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
  fireId: "self-check",
  input: new TextEncoder().encode("out"),
  notices: []
})

const lateMs = 10_000
