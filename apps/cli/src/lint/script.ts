/** Scripts that a command names and that are not there, or cannot be executed. */
import { type Hook, ShellAction } from "@tenterhook/core"
import * as Schema from "effect/Schema"
import { accessSync, constants, statSync } from "node:fs"
import { resolve } from "node:path"

export const scriptRemarks = ({ action }: Hook): ReadonlyArray<string> => {
  if (!Schema.is(ShellAction)(action)) return []
  const folder = resolve(action.cwd ?? ".")
  const remarks: Array<string> = []
  const missing = (file: string) => `${file} is not there; looked for ${resolve(folder, file)}`
  if (action.mustExist !== undefined) {
    const path = resolve(folder, action.mustExist)
    if (!isFile(path)) remarks.push(missing(action.mustExist))
    else if (!isExecutable(path)) remarks.push(`${action.mustExist} is not executable (chmod +x); it runs all the same`)
    return remarks
  }
  const script = scriptOf("argv" in action.run ? action.run.argv : wordsOf(action.run.command))
  if (script === null) return remarks
  const path = resolve(folder, script.file)
  if (!isFile(path)) remarks.push(missing(script.file))
  else if (script.direct && !isExecutable(path))
    remarks.push(`${script.file} is not executable: chmod +x ${script.file}`)
  return remarks
}

interface Script {
  readonly file: string
  /** Executed itself, not read by an interpreter. */
  readonly direct: boolean
}

/** A path that is executed, or the file that an interpreter is given first. Names that the shell would fill in are left alone. */
const scriptOf = ([program, first]: ReadonlyArray<string>): Script | null => {
  if (program === undefined) return null
  if (isPath(program)) return { file: program, direct: true }
  if (!interpreters.includes(program) || first === undefined || first.startsWith("-")) return null
  return isPath(first) || scriptEnding.test(first) ? plain(first) : null
}

const plain = (file: string): Script | null => (shellCharacters.test(file) ? null : { file, direct: false })

const isPath = (word: string) => word.includes("/") && !shellCharacters.test(word)

/** The words of a command line up to the first that only a shell can read. */
const wordsOf = (line: string): ReadonlyArray<string> => {
  const words = line.trim().split(/\s+/)
  const end = words.findIndex((word) => shellCharacters.test(word))
  return end < 0 ? words : words.slice(0, end)
}

const interpreters = ["sh", "bash", "dash", "zsh", "node", "python", "python3", "ruby", "perl", "deno", "bun"]
const scriptEnding = /\.(sh|bash|m?js|cjs|ts|py|rb|pl)$/
const shellCharacters = /[$`"'\\|&;<>(){}*?[\]~#!=]/

const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
