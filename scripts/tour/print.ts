/** How the tour looks: plain text, with colour on a terminal only. */
import type { FireReport } from "@tenterhook/sdk"
import { styleText } from "node:util"
import { root } from "../workspace.mjs"
import type { Written } from "./Files.ts"
import type { Received } from "./Receiver.ts"
import type { Act, Scene } from "./Scene.ts"

export const heading = (scene: Scene, at: number, of: number) => {
  print("", bold(`${at} of ${of}  ${scene.system}`) + dim(`  (${scene.document})`), `  ${scene.about}`)
}

export const config = (act: Act, folder: string, text: string | undefined) => {
  print("")
  if (text === undefined) {
    print("  The config, in the environment:")
    block(Object.entries(act.env ?? {}).map(([name, value]) => `${name}=${here(value)}`))
    return
  }
  file("The config", `${folder}/${act.config}`, text)
}

export const file = (what: string, path: string, text: string) => {
  print(`  ${what}, ${here(path)}:`)
  block(here(text).trimEnd().split("\n"))
}

export const event = (act: Act) => print("", `  ${bold(act.event)}: ${act.says}.`)

export const report = (report: FireReport) => {
  for (const outcome of report.outcomes) {
    const { exitCode, reason } = outcome
    const end = exitCode === null ? (reason === null ? "" : `: ${reason}`) : `: exit code ${exitCode}`
    print(`    hook ${outcome.hook} ${outcome.status}${end}, ${Math.round(outcome.durationMs)} ms`)
    block(lines(outcome.stdout), "      ")
    block(lines(outcome.stderr), "      ")
  }
  for (const { text } of report.context)
    print("    → the model reads:", ...lines(text).map((line) => `        ${line}`))
  if (report.rewrite !== null)
    print(`    → the ${report.rewrite.target} becomes ${JSON.stringify(report.rewrite.value)}`)
  const because = report.reasons.map(({ text }) => here(text)).join("; ")
  if (report.resume !== null) print(green(`    → the agent goes on working: ${here(report.resume.reason)}`))
  else
    print(
      report.proceed ? green("    → the agent goes on") : red(`    → the agent does not: ${because || report.verdict}`)
    )
}

export const files = (folder: string, written: ReadonlyArray<Written>) => {
  for (const { name, text } of written) {
    print(`    the hook wrote ${here(`${folder}/${name}`)}${text === "" ? " (an empty file)" : ":"}`)
    block(shortened(lines(text)), "      ")
  }
}

export const received = (received: ReadonlyArray<Received>) => {
  for (const { type, id, signature, data } of received) {
    print(`    the receiver got ${type}, and its signature is right:`)
    block(
      [`webhook-id ${id}`, `webhook-signature ${signature}`, JSON.stringify(data)].map((line) => shortened([line])[0]!),
      "      "
    )
  }
}

export const end = (scenes: ReadonlyArray<Scene>, folder: string, problems: ReadonlyArray<string>) => {
  const systems = scenes.map(({ system }) => system).join(", ")
  print("")
  for (const problem of problems) print(red(`Not as it should be: ${problem}`))
  if (problems.length > 0) return
  print(
    `All of it was real: the hooks of ${systems} ran as their own documents say.`,
    `What they wrote is in ${here(folder)}. Next:`,
    "  npx tenterhook --help",
    `  npx tenterhook explain pre_tool_use --config ${here(folder)}/oats/coder.json`
  )
}

/** Paths of the clone are shown relative to it. */
const here = (text: string) => text.replaceAll(root, "")

const print = (...lines: ReadonlyArray<string>) => process.stdout.write(`${lines.join("\n")}\n`)

const block = (lines: ReadonlyArray<string>, indent = "    ") => {
  if (lines.length > 0) print(...lines.map((line) => `${indent}${dim("│")} ${line}`.trimEnd()))
}

const lines = (text: string) => (text.trim() === "" ? [] : here(text).trimEnd().split("\n"))

const shortened = (lines: ReadonlyArray<string>) =>
  [...lines.slice(0, shown), ...(lines.length > shown ? [`… ${lines.length - shown} more lines`] : [])].map((line) =>
    line.length > 110 ? `${line.slice(0, 110)} …` : line
  )

const shown = 6

const styled = (style: "bold" | "dim" | "green" | "red") => (text: string) => styleText(style, text)
const bold = styled("bold")
const dim = styled("dim")
const green = styled("green")
const red = styled("red")
