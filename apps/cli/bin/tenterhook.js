#!/usr/bin/env node
/** Starts the command line. An older Node than it needs hands over to the Node that the workspace installed. */
import { existsSync, mkdirSync } from "node:fs"
import * as nodeModule from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

const start = async () => {
  if (!existsSync(here("../dist/main.js"))) return refuse("not built yet: run `npm start` in the clone once")
  if (hasCacheFolder()) nodeModule.enableCompileCache?.()
  await import("../dist/main.js")
}

/**
 * Whether Node's compile cache has a folder. Node would make it with all its parents, and never returns from that where
 * the parent exists and mkdir still fails with ENOENT, as in /proc.
 */
const hasCacheFolder = () => {
  try {
    mkdirSync(join(tmpdir(), "node-compile-cache"))
    return true
  } catch (error) {
    return error.code === "EEXIST"
  }
}

const handOver = async () => {
  const newer = here("../../../node_modules/.bin/node")
  // A project's own Node may be as old.
  if (!existsSync(newer) || process.execArgv.includes(handedOver))
    return refuse(`needs Node 22.19 or later, and this is Node ${process.versions.node}`)

  const { spawn } = await import("node:child_process")
  const args = [handedOver, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(newer, args, { stdio: "inherit" })
  // What a terminal sends reaches the child as well; it counts the same signal within a moment once.
  const forward = (signal) => child.kill(signal)
  for (const signal of forwarded) process.on(signal, forward)
  child.on("error", (error) => refuse(`could not start ${newer}: ${error.message}`))
  child.on("exit", (code, signal) => {
    for (const each of forwarded) process.off(each, forward)
    if (signal === null) process.exitCode = code ?? 1
    else process.kill(process.pid, signal)
  })
}

const refuse = (why) => {
  process.stderr.write(`tenterhook: ${why}\n`)
  process.exitCode = 1
}

/** Not a variable of the environment: the program's own children would inherit it. */
const handedOver = "--title=tenterhook"
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]
const [major, minor] = process.versions.node.split(".").map(Number)

await (major > 22 || (major === 22 && minor >= 19) ? start() : handOver())
