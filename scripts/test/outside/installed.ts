/** A package that the clone does not depend on, for tests that need another version or another runtime. */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { within } from "../../workspace.mjs"
import { hostEnvironment, npmSettings } from "./environment.ts"

/** Path of a folder whose `node_modules` has this version: installed once, into `node_modules/.cache`. */
export const installedOnce = (name: string, version: string): Promise<string> =>
  (installing[`${name}@${version}`] ??= install(name, version))

const installing: Record<string, Promise<string>> = {}

const install = async (name: string, version: string): Promise<string> => {
  const home = within("node_modules", ".cache", `${name}-${version}`)
  if (existsSync(home)) return home
  await mkdir(dirname(home), { recursive: true })
  const scratch = await mkdtemp(`${home}-`)
  await writeFile(`${scratch}/package.json`, "{}\n")
  await npmInstall(scratch, `${name}@${version}`)
  // Another test file may have been faster: its folder has the same.
  await rename(scratch, home).catch(() => rm(scratch, { recursive: true, force: true }))
  return home
}

const npmInstall = (folder: string, spec: string) =>
  new Promise<void>((done, failed) => {
    const env = { ...hostEnvironment(), ...npmSettings }
    const child = spawn("npm", ["install", spec], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] })
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text))
    child.on("error", failed)
    child.on("close", (code) => (code === 0 ? done() : failed(new Error(`npm install ${spec}: ${stderr}`))))
  })
