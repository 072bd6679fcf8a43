/** Commands whose program or script is not there, looked for from the folder in which the hook would run here. */
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { interpreters, scriptLike } from "./commandFiles.ts"
import type { Remark, Rule } from "./Finding.ts"

export const missingScript: Rule = ({ trial }) => {
  if (trial._tag !== "command") return []
  const { action, cwd } = trial
  if (action.mustExist !== undefined) return scriptFindings(action.mustExist, cwd)
  if ("argv" in action.run) {
    const [program, ...args] = action.run.argv
    const there = program.includes("/") ? programFindings(program, cwd) : onPath(program)
    return [...there, ...interpreted(program, args, cwd)]
  }
  const [program, ...args] = wordsOf(action.run.command)
  if (program === undefined) return []
  return [...(program.includes("/") ? programFindings(program, cwd) : []), ...interpreted(program, args, cwd)]
}

const remark = (script: string, what: string): Remark => ({ text: `its script ${script} ${what}`, about: script })

/** A script that an interpreter reads needs no x bit. */
const scriptFindings = (script: string, cwd: string): ReadonlyArray<Remark> => {
  const path = resolve(cwd, script)
  if (!isFile(path)) return [remark(script, `is not there${lookedIn(script, cwd)}`)]
  return isExecutable(path) ? [] : [remark(script, "has no x bit; it runs all the same, as bash reads it")]
}

const programFindings = (program: string, cwd: string): ReadonlyArray<Remark> => {
  const path = resolve(cwd, program.replace(/^~(?=\/)/, process.env["HOME"] ?? "~"))
  if (!isFile(path)) return [remark(program, `is not there${lookedIn(program, cwd)}`)]
  return isExecutable(path) ? [] : [remark(program, `is not executable: chmod +x ${program}`)]
}

const onPath = (program: string): ReadonlyArray<Remark> =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => isExecutable(join(folder, program)))
    ? []
    : [{ text: `its program ${program} is not on the PATH`, about: program }]

/** `bash hooks/guard.sh`: the first argument that is no flag, where it looks like a file. */
const interpreted = (program: string, args: ReadonlyArray<string>, cwd: string): ReadonlyArray<Remark> => {
  if (!interpreters.test(program) || args.some((word) => /^-\w*[ce]$|^--eval$/.test(word))) return []
  const first = args.find((word) => !word.startsWith("-"))
  if (first === undefined || !scriptLike.test(first)) return []
  return isFile(resolve(cwd, first)) ? [] : [remark(first, `is not there${lookedIn(first, cwd)}`)]
}

/** The words with which a command line begins, as far as a shell would take them as they stand. */
const wordsOf = (command: string): ReadonlyArray<string> => {
  const words: Array<string> = []
  for (const word of command.trim().split(/\s+/)) {
    const plain = /^"([^"$`\\]+)"$|^'([^']+)'$|^([\w./@+:,=~-]+)$/.exec(word)
    if (plain === null) break
    words.push(plain[1] ?? plain[2] ?? plain[3]!)
  }
  return words.slice(words.findIndex((word) => !/^\w+=/.test(word)))
}

const lookedIn = (script: string, cwd: string) => (/^[/~]/.test(script) ? "" : ` (looked for in ${cwd})`)

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

const isExecutable = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return isFile(path)
  } catch {
    return false
  }
}
