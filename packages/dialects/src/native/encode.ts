/** Fills a fire's values into a native hook's action. Values go to arguments, variables, tool input and headers; never into a shell's text. */
import {
  type Action,
  EncodeError,
  type Encoded,
  type Fire,
  type Hook,
  type HttpAction,
  type ShellAction,
  type ToolAction
} from "@tenterhook/core"
import { Effect } from "effect"
import { resolvePath } from "../config/path.ts"
import type { HookConfig } from "./Config.ts"
import { fillIn, type Template, template, valueAtPath, type Values } from "./Template.ts"

/** Where relative paths of a config are taken from. */
export interface Place {
  readonly folder: string
}

/** A hook's action with its templates parsed: what `encode` needs to know of the config. */
export interface Prepared {
  readonly configDir: string
  readonly fill: (action: any, values: Values) => Action
}

export const prepare = (config: HookConfig, action: Action, { folder }: Place): Prepared => {
  if (config.run !== undefined && action.kind === "shell")
    return { configDir: folder, fill: fillShell(action as ShellAction, folder) }
  if (config.call !== undefined) return { configDir: folder, fill: fillTool }
  if (config.post !== undefined) return { configDir: folder, fill: fillHttp(action as HttpAction) }
  const placed = action.kind === "shell" ? inFolder(action as ShellAction, folder) : action
  return { configDir: folder, fill: () => placed }
}

export const encode = (hook: Hook<any>, fire: Fire): Effect.Effect<Encoded, EncodeError> =>
  Effect.try({
    try: () => {
      const { configDir, fill } = hook.ext as Prepared
      const action = fill(hook.action, { fire, hook: hook.name, configDir })
      const { value, bytes } = payloadOf(fire)
      return action.kind === "function" ? { action, value } : { action, payload: bytes(), value }
    },
    catch: (error) =>
      error instanceof EncodeError ? error : new EncodeError({ reason: "decode", text: String(error) })
  })

const fillShell = (action: ShellAction, folder: string) => {
  const argv = "argv" in action.run ? action.run.argv.map(wholeOnly) : undefined
  const set = Object.entries(action.env.set).map(([name, text]) => [name, template(text)] as const)
  const cwd = template(action.cwd ?? ".")
  return (_: unknown, values: Values): ShellAction => {
    const { context } = values.fire
    const own = Object.fromEntries(set.map(([name, text]) => [name, word(text.text(values), name)]))
    return {
      ...action,
      ...(argv === undefined
        ? {}
        : { run: { argv: argv.map((one) => word(one(values), "an argument")) as [string, ...Array<string>] } }),
      env: environment(action.env.base, context.env, { ...about(values), ...own }),
      cwd: resolvePath(folder, cwd.text(values)),
      ...(cwd.paths.length === 0 ? {} : { fallback: folder })
    }
  }
}

/** A command in the words of its adapter starts in the config's folder as well. */
const inFolder = (action: ShellAction, folder: string): ShellAction => ({
  ...action,
  cwd: resolvePath(folder, action.cwd ?? ".")
})

/** An argument is filled in only where it is one place and nothing else: parts of words may belong to a script. */
const wholeOnly = (text: string): ((values: Values) => string) => {
  const parsed: Template = template(text)
  if (parsed.whole !== undefined) return (values) => parsed.text(values)
  const literal = /^\$\$\{[^{}]*\}$/.test(text) ? text.slice(1) : text
  return () => literal
}

/** The environment is always spelled out where the host said what it is. */
const environment = (
  base: ShellAction["env"]["base"],
  host: Readonly<Record<string, string>> | undefined,
  set: Readonly<Record<string, string>>
): ShellAction["env"] => {
  if (host === undefined || base === "closed") return { base, set }
  if (base === "inherit") return { base: "closed", set: { ...host, ...set } }
  return {
    base: "closed",
    set: {
      ...Object.fromEntries(base.flatMap((name) => (host[name] === undefined ? [] : [[name, host[name]]]))),
      ...set
    }
  }
}

/** Variables that every hook has. A value that no variable can hold is left out. */
const about = ({ fire: { event, context }, configDir }: Values): Record<string, string> => ({
  TENTERHOOK_EVENT: event.name,
  ...variable("TENTERHOOK_TOOL", context.tool?.name),
  ...variable("TENTERHOOK_CWD", context.cwd),
  TENTERHOOK_CONFIG_DIR: configDir
})

const variable = (name: string, value: string | undefined): Record<string, string> =>
  value === undefined || value.includes("\0") || value.length > longestValue ? {} : { [name]: value }

const longestValue = 4096
/** Linux takes no longer argument or variable. */
const longestWord = 128 * 1024 - 1

const word = (text: string, what: string): string => {
  if (text.includes("\0"))
    throw new EncodeError({ reason: "decode", text: `${what} cannot hold the NUL character that this value has` })
  if (text.length * 3 > longestWord && new TextEncoder().encode(text).length + what.length + 1 > longestWord) {
    throw new EncodeError({
      reason: "oversize",
      text: `${what} cannot hold more than ${longestWord} bytes; read the value from stdin`
    })
  }
  return text
}

const fillTool = (action: ToolAction, values: Values): ToolAction => ({
  ...action,
  args: fillIn(action.args, values) as ToolAction["args"]
})

const fillHttp = ({ url, headers }: HttpAction) => {
  const address = template(url)
  const lines = Object.entries(headers).map(([name, text]) => [name, template(text)] as const)
  const typed = lines.some(([name]) => name.toLowerCase() === "content-type")
  return (action: HttpAction, values: Values): HttpAction => {
    if (action.secret !== undefined && values.fire.context.env !== undefined)
      valueAtPath(`env.${action.secret.env}`, values)
    return {
      ...action,
      url: address.text(values, urlPart),
      headers: {
        ...(typed ? {} : { "content-type": "application/json" }),
        ...Object.fromEntries(lines.map(([name, text]) => [name, headerLine(name, text.text(values))]))
      }
    }
  }
}

const urlPart = (value: string): string => {
  if (value === "." || value === "..")
    throw new EncodeError({ reason: "decode", text: `"${value}" cannot be a part of an address` })
  try {
    return encodeURIComponent(value)
  } catch {
    throw new EncodeError({ reason: "decode", text: "a value with half a character cannot be a part of an address" })
  }
}

const headerLine = (name: string, value: string): string => {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new EncodeError({
      reason: "decode",
      text: `the header ${name} takes one line of Latin letters, and the value is none`
    })
  }
  return value
}

/** What hooks read: the event and its context, without the environment. Written once for all hooks of a fire. */
const payloadOf = (fire: Fire) => {
  const known = payloads.get(fire)
  if (known !== undefined) return known
  const { env: _, ...context } = fire.context
  const value = { event: fire.event.name, fireId: fire.fireId, ...context }
  let written: Uint8Array | undefined
  const bytes = () => (written ??= new TextEncoder().encode(json(value)))
  const payload = { value, bytes }
  payloads.set(fire, payload)
  return payload
}

const payloads = new WeakMap<Fire, { readonly value: object; readonly bytes: () => Uint8Array }>()

const json = (value: unknown): string => {
  try {
    return `${JSON.stringify(value)}\n`
  } catch (error) {
    throw new EncodeError({
      reason: "decode",
      text: `the context cannot be written as JSON: ${(error as Error).message}`
    })
  }
}
