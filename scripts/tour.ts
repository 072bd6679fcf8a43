/**
 * `npm start`: five products' own example configs, each with real commands, and what every hook did.
 * Takes the folder to play in. Ends with 1 when anything came out otherwise than it should.
 */
import { createHooks, type FireReport, type HooksOptions } from "@tenterhook/sdk"
import { generateSecret } from "@tenterhook/webhook/signature"
import { mkdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { errata } from "./tour/errata.ts"
import { snapshot, write, type Written, writtenSince } from "./tour/Files.ts"
import { oats } from "./tour/oats.ts"
import * as print from "./tour/print.ts"
import { openReceiver, type Received, type Receiver } from "./tour/Receiver.ts"
import type { Act, Scene } from "./tour/Scene.ts"
import { wacht } from "./tour/wacht.ts"
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

  const secret = generateSecret()
  const receiver = scene.receiver === undefined ? null : await openReceiver(secret)
  const host: Host = {
    ...(scene.shared === undefined ? {} : { tools: { folder: join(folder, scene.shared) } }),
    ...(receiver === null
      ? {}
      : {
          endpoints: [{ url: receiver.url, secret, ...scene.receiver }],
          dataFolder: `${folder}.data`,
          allow: [receiver.place]
        })
  }
  const problems: Array<string> = []
  try {
    problems.push(...(await playActs(scene, folder, host, receiver)))
  } finally {
    await receiver?.close()
  }
  return problems
}

/** What the host has beside its hooks. */
type Host = Pick<HooksOptions, "tools" | "endpoints" | "dataFolder" | "allow">

const playActs = async (scene: Scene, folder: string, host: Host, receiver: Receiver | null) => {
  const problems: Array<string> = []
  let shown: string | undefined = ""
  for (const act of scene.acts(folder)) {
    if (act.config !== shown) print.config(act, folder, act.config === undefined ? undefined : scene.files[act.config])
    if (shown === "")
      for (const script of scene.scripts)
        print.file(
          scene.files[script]!.startsWith("#!") ? "The script" : "The file",
          join(folder, script),
          scene.files[script]!
        )
    shown = act.config
    const before = snapshot(folder)
    print.event(act)
    const report = await fire(act, folder, host)
    const received = receiver?.take() ?? []
    const written = writtenSince(folder, before)
    print.report(report)
    print.files(folder, written)
    print.received(received)
    problems.push(...differences(scene, act, report, written, received))
  }
  return problems
}

const fire = async (act: Act, folder: string, host: Host) => {
  const { dialect, config } = act
  const env = { ...process.env, ...act.env } as Record<string, string>
  const named = config === undefined ? {} : { config }
  await using hooks = await createHooks({ dialect, cwd: folder, env, ...named, ...host })
  const report = await hooks.fire(act.event, act.context)
  await hooks.deliver()
  return report
}

const differences = (
  scene: Scene,
  act: Act,
  report: FireReport,
  written: ReadonlyArray<Written>,
  came: ReadonlyArray<Received>
) => {
  const got = {
    proceed: report.proceed,
    hooks: report.outcomes.map(({ status }) => status),
    wrote: written.map(({ name }) => name),
    received: came.map(({ type }) => type)
  }
  const { proceed, hooks, wrote, received = [] } = act.expect
  const [expected, found] = [JSON.stringify({ proceed, hooks, wrote, received }), JSON.stringify(got)]
  return expected === found ? [] : [`${scene.system}, ${act.event}: expected ${expected}, got ${found}`]
}

// The documents' own scripts do not expect white space in a path.
const playground = /\s/.test(root) ? join(tmpdir(), "tenterhook-tour") : within(".tour")

const wrong = await tour([wegent, youbencha, wacht, errata, oats], process.argv[2] ?? playground)
process.exitCode = wrong === 0 ? 0 : 1
