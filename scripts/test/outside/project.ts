/**
 * An empty project outside of the clone, where `npm install tenterhook` and its like install the packages of this clone
 * as they would be published, on a Node of one's choice. Nothing of the clone is on its PATH.
 */
import { spawn } from "node:child_process"
import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { node } from "../../workspace.mjs"
import { hostEnvironment, npmSettings } from "./environment.ts"
import { installedOnce } from "./installed.ts"
import { publishedRegistry } from "./registry.ts"

/** The oldest Node that the packages promise to run on, and the one that the clone comes with. */
export type NodeVersion = "22.19.0" | "24"

export interface OutsideProject {
  readonly folder: string
  /** For processes started here: PATH begins with that Node and ends with the host's; npm uses the packed packages. */
  readonly env: Readonly<Record<string, string>>
  /** Runs a command line with `/bin/sh -e`. Fails on another exit code than the expected one, with all that was printed. */
  readonly sh: (line: string, options?: { readonly code?: number }) => Promise<Output>
  /** Ends what still runs, and deletes the folder. */
  readonly remove: () => Promise<void>
}

export interface Output {
  readonly stdout: string
  readonly stderr: string
}

export const outsideProject = async (version: NodeVersion): Promise<OutsideProject> => {
  const [registry, nodeFile] = await Promise.all([publishedRegistry(), nodeOf(version)])
  const room = await realpath(await mkdtemp(join(tmpdir(), "tenterhook-outside-")))
  const folder = join(room, "project")
  const bin = join(room, "bin")
  for (const each of [folder, bin]) await mkdir(each)
  await symlink(nodeFile, join(bin, "node"))
  const host = hostEnvironment()
  const env = {
    ...host,
    ...npmSettings,
    npm_config_registry: registry,
    PATH: [bin, host["PATH"]].join(delimiter)
  }

  const leaders = new Set<number>()
  const sh: OutsideProject["sh"] = (line, { code: expected = 0 } = {}) =>
    new Promise((done, failed) => {
      const child = spawn("/bin/sh", ["-e", "-c", line], {
        cwd: folder,
        env,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true
      })
      const leader = child.pid
      if (leader !== undefined) leaders.add(leader)
      const late = setTimeout(() => leader !== undefined && endGroup(leader), lateMs)
      const output = { stdout: "", stderr: "" }
      child.stdout.setEncoding("utf8").on("data", (text) => (output.stdout += text))
      child.stderr.setEncoding("utf8").on("data", (text) => (output.stderr += text))
      child.on("error", failed)
      child.on("close", (code, signal) => {
        clearTimeout(late)
        if (code === expected) done(output)
        else failed(new Error(`${line}\nended with ${code ?? signal}\n${output.stdout}${output.stderr}`))
      })
    })

  const remove = async () => {
    for (const leader of leaders) endGroup(leader)
    await rm(room, { recursive: true, force: true })
  }
  return { folder, env, sh, remove }
}

/** Path of that Node. One that the clone does not come with is installed once, into `node_modules/.cache`. */
const nodeOf = async (version: NodeVersion): Promise<string> =>
  version === "24" ? realpath(node) : join(await installedOnce("node", version), "node_modules/node/bin/node")

/** Below the timeout of a test, which would leave processes running. */
const lateMs = 100_000

const endGroup = (leader: number) => {
  try {
    process.kill(-leader, "SIGKILL")
  } catch {
    // Nothing of it runs any more.
  }
}
