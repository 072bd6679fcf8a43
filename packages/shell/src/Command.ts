/** What exactly is executed: file, arguments, folder, environment and input, all checked before anything starts. */
import { existsSync, mkdirSync } from "node:fs"
import { dirname, isAbsolute, resolve } from "node:path"
import { type EventContext, type Invocation, Missing, type Notice, type ShellAction, Spawn } from "@tenterhook/core"
import { environmentOf } from "./Environment.ts"
import { pathOf, scriptTrouble } from "./Script.ts"
import { hostFolder, troubleWith, workingFolder } from "./WorkingFolder.ts"

export interface Command {
  /** How an error names it. */
  readonly what: string
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  /** Without the adapter's own marks. */
  readonly env: Record<string, string>
  readonly fireId: string
  /** Null: it has an empty stdin. */
  readonly input: Uint8Array | null
  /** For the hook's owner, whatever comes of it. */
  readonly notices: ReadonlyArray<Notice>
}

/**
 * Makes the folders, then looks for the working folder and for the file that must exist. `emptyFolder` makes one to run in
 * where all others are gone.
 * A name without a slash is looked up in the PATH of its own environment, or in the system's default path without one;
 * a name with a slash is taken from the working folder.
 */
export const commandOf = (
  invocation: Invocation<ShellAction>,
  context: EventContext,
  emptyFolder: () => string
): Command | Missing | Spawn => {
  const { action, fireId, payload } = invocation
  const [file, ...args] = "argv" in action.run ? action.run.argv : ["/bin/sh", "-c", "--", action.run.command]
  const what = "argv" in action.run ? action.run.argv.join(" ") : action.run.command
  const refused = (why: string) => new Spawn({ what: excerpt(what), why })

  const planned = resolve(context.cwd ?? hostFolder() ?? "/", action.cwd ?? ".")
  for (const folder of action.mkdir) {
    const path = resolve(planned, folder)
    try {
      mkdirSync(path, { recursive: true })
    } catch (error) {
      return refused(`its folder ${path} could not be made: ${codeOf(error)}`)
    }
  }
  const place = workingFolder(invocation, context, emptyFolder)
  const cwd = typeof place === "string" ? planned : place.path
  if (action.mustExist !== undefined && !existsSync(resolve(cwd, action.mustExist))) {
    return new Missing({
      name: action.mustExist,
      place: isAbsolute(action.mustExist) ? dirname(action.mustExist) : cwd
    })
  }
  if (typeof place === "string") return refused(place)
  return {
    what: excerpt(what),
    file,
    args,
    cwd,
    env: environmentOf(action.env, context.env ?? process.env, cwd),
    fireId,
    input: action.stdin === "payload" && payload !== undefined && payload.length > 0 ? payload : null,
    notices: place.notices
  }
}

/** Why a command could not be started, in words, from the system's error code. */
export const whyNot = (command: Command, code: string | undefined, message: string): string => {
  const trouble = troubleWith(command.cwd)
  if (trouble !== null) return `its working folder ${command.cwd} ${trouble}`
  switch (code) {
    case "ENOENT": {
      const script = scriptTrouble(command.file, pathOf(command.file, command.cwd, command.env["PATH"]))
      if (script !== null) return script
      if (command.file.includes("/"))
        return `there is no ${command.file}, or the interpreter that its first line names is missing`
      const path = command.env["PATH"]
      return `command not found: ${command.file} is in no folder of ${path === undefined ? "the system's default path (it has no PATH)" : `PATH=${path}`}`
    }
    case "EACCES":
      return `${command.file} is not an executable file`
    case "E2BIG":
      return tooLong(command)
    case "EMFILE":
    case "ENFILE":
      return "no file descriptors are left"
    case "EAGAIN":
    case "ENOMEM":
      return "the system has no room for another process"
    default:
      return message
  }
}

/** Linux takes no longer argument or variable, and about 2 MB of all of them together. */
const longestBytes = 128 * 1024 - 1

const tooLong = ({ args, env }: Command): string => {
  const variables = Object.entries(env).map(([name, value]) => [`the variable ${name}`, `${name}=${value}`] as const)
  const words = args.map((word, index) => [`argument ${index + 1}`, word] as const)
  const found = [...variables, ...words].find(([, text]) => Buffer.byteLength(text) > longestBytes)
  const what =
    found === undefined
      ? "its arguments and environment are longer than the system allows"
      : `${found[0]} is longer than ${longestBytes} bytes, which is the most that the system takes`
  return `${what}; read large values from stdin`
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error)

const excerpt = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text)
