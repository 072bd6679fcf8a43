/** The clone, and how its own tools are started: with its own Node, and without telemetry. Runs on any Node. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { constants } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url))
export const within = (...path) => join(root, ...path)
export const node = within("node_modules", ".bin", "node")

export const pnpm = () => {
  const { packageManager } = JSON.parse(readFileSync(within("package.json"), "utf8"))
  return ["npx", "--yes", packageManager]
}

/**
 * Starts a command and resolves to its exit code (128 + n for signal n) and, if captured, to what it said.
 * `stdin: "inherit"` gives it the terminal: signals are its business, and are passed on.
 */
export const run = ([command, ...args], { capture = false, stdin = "ignore", stdout = 1 } = {}) =>
  new Promise((resolve, reject) => {
    const outputs = capture ? ["pipe", "pipe"] : [stdout, 2]
    const child = spawn(command, args, { cwd: root, env: environment(), stdio: [stdin, ...outputs] })

    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (said += text))

    const forward = (signal) => {
      // A terminal sends SIGINT to the child as well; twice would mean "at once".
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal)
    }
    if (stdin === "inherit") for (const signal of forwarded) process.on(signal, forward)

    child.on("error", reject)
    child.on("close", (code, signal) => {
      for (const each of forwarded) process.off(each, forward)
      resolve({ code: code ?? 128 + constants.signals[signal], said })
    })
  })

/** Words for the person, never data: stdout stays free for the command. */
export const say = (line) => process.stderr.write(`${line}\n`)

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"]

const environment = () => ({
  ...process.env,
  PATH: [within("node_modules", ".bin"), process.env.PATH].join(delimiter),
  DO_NOT_TRACK: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1"
})
