/**
 * `npm start`: four products' own example configs, each with real commands, and what every hook did.
 * Takes the folder to play in. Ends with 1 when anything came out otherwise than it should.
 */
import { createHooks, type FireReport } from "@tenterhook/sdk"
import { mkdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { errata } from "./tour/errata.ts"
import { snapshot, write, type Written, writtenSince } from "./tour/Files.ts"
import { oats } from "./tour/oats.ts"
import * as print from "./tour/print.ts"
import type { Act, Scene } from "./tour/Scene.ts"
import { wegent } from "./tour/wegent.ts"
import { youbencha } from "./tour/youbencha.ts"
import { root, within } from "./workspace.mjs"

const tour = async (scenes: ReadonlyArray<Scene>, folder: string) => {
  rmSync(folder, { recursive: true, force: true })
  const problems: Array<string> = []
  for (const [at, scene] of scenes.entries()) {
    print.heading(scene, at + 1, scenes.length)
    const home = join(folder, scene.system.toLowerCase())
    problems.push(...(await play(scene, home).catch((error: Error) => [`${scene.system}: ${error.message}`])))
  }
  print.end(scenes, folder, problems)
  return problems.length
}

const play = async (scene: Scene, folder: string) => {
  mkdirSync(folder, { recursive: true })
  write(folder, scene.files)

  const problems: Array<string> = []
  let shown: string | undefined = ""
  for (const act of scene.acts(folder)) {
    if (act.config !== shown) print.config(act, folder, act.config === undefined ? undefined : scene.files[act.config])
    if (shown === "")
      for (const script of scene.scripts) print.file("The script", join(folder, script), scene.files[script]!)
    shown = act.config
    const before = snapshot(folder)
    print.event(act)
    const report = await fire(act, folder)
    const written = writtenSince(folder, before)
    print.report(report)
    print.files(folder, written)
    problems.push(...differences(scene, act, report, written))
  }
  return problems
}

const fire = async (act: Act, folder: string) => {
  const { dialect, config } = act
  const env = { ...process.env, ...act.env } as Record<string, string>
  await using hooks = await createHooks({ dialect, cwd: folder, env, ...(config === undefined ? {} : { config }) })
  return await hooks.fire(act.event, act.context)
}

const differences = (scene: Scene, act: Act, report: FireReport, written: ReadonlyArray<Written>) => {
  const got = {
    proceed: report.proceed,
    hooks: report.outcomes.map(({ status }) => status),
    wrote: written.map(({ name }) => name)
  }
  const { proceed, hooks, wrote } = act.expect
  const [expected, came] = [JSON.stringify({ proceed, hooks, wrote }), JSON.stringify(got)]
  return expected === came ? [] : [`${scene.system}, ${act.event}: expected ${expected}, got ${came}`]
}

// The documents' own scripts do not expect white space in a path.
const playground = /\s/.test(root) ? join(tmpdir(), "tenterhook-tour") : within(".tour")

const wrong = await tour([wegent, youbencha, errata, oats], process.argv[2] ?? playground)
process.exitCode = wrong === 0 ? 0 : 1
