/** What exactly is executed: file, arguments, folder, environment and input, all checked before anything starts. */
import { mkdirSync, statSync } from "node:fs"
import { dirname, isAbsolute, resolve } from "node:path"
import { type EventContext, type Invocation, Missing, type ShellAction, Spawn } from "@tenterhook/core"
import { environmentOf } from "./Environment.ts"

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
}

/**
 * Makes the folders, then looks for the file that must exist, then for the working folder, in this order.
 * A name without a slash is looked up in the PATH of its own environment, or in the system's default path without one;
 * a name with a slash is taken from the working folder.
 */
export const commandOf = (
  { action, fireId, payload }: Invocation<ShellAction>,
  context: EventContext
): Command | Missing | Spawn => {
  const [file, ...args] = "argv" in action.run ? action.run.argv : ["/bin/sh", "-c", "--", action.run.command]
  const what = "argv" in action.run ? action.run.argv.join(" ") : action.run.command
  const refused = (why: string) => new Spawn({ what: excerpt(what), why })

  const base = context.cwd ?? hostFolder()
  if (base === null) return refused("the host's own working folder is gone")
  const cwd = resolve(base, action.cwd ?? ".")
  for (const folder of action.mkdir) {
    const path = resolve(cwd, folder)
    try {
      mkdirSync(path, { recursive: true })
    } catch (error) {
      return refused(`its folder ${path} could not be made: ${codeOf(error)}`)
    }
  }
  if (action.mustExist !== undefined && kindOf(resolve(cwd, action.mustExist)) === null) {
    return new Missing({
      name: action.mustExist,
      place: isAbsolute(action.mustExist) ? dirname(action.mustExist) : cwd
    })
  }
  const place = kindOf(cwd)
  if (place !== "folder") {
    return refused(`its working folder ${cwd} ${place === null ? "does not exist" : "is not a folder"}`)
  }
  return {
    what: excerpt(what),
    file,
    args,
    cwd,
    env: environmentOf(action.env, context.env ?? process.env),
    fireId,
    input: action.stdin === "payload" && payload !== undefined && payload.length > 0 ? payload : null
  }
}

/** Why a command could not be started, in words, from the system's error code. */
export const whyNot = (command: Command, code: string | undefined, message: string): string => {
  switch (code) {
    case "ENOENT": {
      if (command.file.includes("/"))
        return `there is no ${command.file}, or the interpreter that its first line names is missing`
      const path = command.env["PATH"]
      return `command not found: ${command.file} is in no folder of ${path === undefined ? "the system's default path (it has no PATH)" : `PATH=${path}`}`
    }
    case "EACCES":
      return `${command.file} is not an executable file`
    case "E2BIG":
      return "its arguments and environment are longer than the system allows"
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

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error)

const kindOf = (path: string): "folder" | "file" | null => {
  try {
    return statSync(path).isDirectory() ? "folder" : "file"
  } catch {
    return null
  }
}

const hostFolder = () => {
  try {
    return process.cwd()
  } catch {
    return null
  }
}

const excerpt = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text)
