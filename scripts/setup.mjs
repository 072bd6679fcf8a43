/** Makes a clone ready: installs what the lockfile names, then builds what changed. */
import { existsSync, readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { node, pnpm, run, say, seconds, within } from "./workspace.mjs"

/** Fails with a sentence that names the command which failed. */
export const setUp = async () => {
  await install()
  await build()
}

export const install = async () => {
  if (installed()) return
  await step("Installing packages", [...pnpm(), "install", "--frozen-lockfile"], { stdout: 2 })
}

/** turbo starts each package's build through pnpm, which npx puts on the PATH for it. */
export const build = () =>
  step("Building", [...pnpm(), "exec", "turbo", "run", "build", "--output-logs=errors-only"], { capture: true })

/** pnpm keeps a copy of the lockfile that it last installed. */
const installed = () => {
  const last = within("node_modules", ".pnpm", "lock.yaml")
  if (![last, node, within("node_modules", ".bin", "tenterhook")].every(existsSync)) return false
  return readFileSync(last, "utf8") === readFileSync(within("pnpm-lock.yaml"), "utf8")
}

const step = async (name, command, options) => {
  const since = performance.now()
  say(`${name} …`)
  const { code, said } = await run(command, options)
  if (code !== 0) throw new Error(`${said}${name}: \`${command.join(" ")}\` failed with exit code ${code}`)
  say(`${name} … ${seconds(since)}`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setUp().catch((error) => {
    say(error.message)
    process.exitCode = 1
  })
}
