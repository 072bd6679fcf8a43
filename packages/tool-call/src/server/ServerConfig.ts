/** MCP servers as configs name them: the `mcpServers` JSON that most products share. */
import { readJson } from "@tenterhook/core"
import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { ToolsError } from "../ToolsError.ts"

/** Started as a process that speaks on its stdin and stdout. */
export interface StdioServer {
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** On top of the host's environment. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute; absent: the host's. */
  readonly cwd?: string
}

/** Reached over streamable HTTP. */
export interface HttpServer {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export type ServerConfig = StdioServer | HttpServer

export type Servers = Readonly<Record<string, ServerConfig>>

export interface ParseOptions {
  /** Named in errors. Default: `mcpServers`. */
  readonly source?: string
  /** Where a relative `cwd` starts; default: the process's. */
  readonly folder?: string
  /** What `${NAME}` is replaced from; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Reads a config file. A server that has no `cwd` starts in the file's folder. Throws `ToolsError`. */
export const readServers = (file: string, env: ParseOptions["env"] = process.env): Servers => {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    throw new ToolsError({ source: file, problems: [`cannot be read: ${messageOf(error)}`] })
  }
  const read = readJson(text)
  if (!read.ok) {
    const path = read.path === "" ? "" : `${read.path}: `
    throw new ToolsError({ source: `${file}:${read.line}:${read.column}`, problems: [`${path}${read.text}`] })
  }
  const { value } = read
  if (!isRecord(value) || !("mcpServers" in value)) {
    const found = isRecord(value) ? `the keys ${Object.keys(value).join(", ") || "of an empty object"}` : kindOf(value)
    throw new ToolsError({ source: file, problems: [`expected {"mcpServers": {…}}, found ${found}`] })
  }
  const folder = dirname(resolve(file))
  const servers = parseServers(value, { source: file, folder, ...(env === undefined ? {} : { env }) })
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, "command" in server ? { cwd: folder, ...server } : server])
  )
}

/**
 * Takes `{mcpServers: {name: …}}` or its inner object. `${NAME}` and `${NAME:-default}` in any text of a server are
 * replaced from the environment; servers with `disabled: true` are left out; unknown keys are let be, for every product
 * has its own. Throws one `ToolsError` with all problems.
 */
export const parseServers = (value: unknown, options: ParseOptions = {}): Servers => {
  const { source = "mcpServers", folder = ".", env = process.env } = options
  const problems: Array<string> = []
  const inner = isRecord(value) && "mcpServers" in value ? value["mcpServers"] : value
  if (!isRecord(inner)) {
    throw new ToolsError({
      source,
      problems: [`mcpServers: expected an object of servers by name, found ${kindOf(inner)}`]
    })
  }
  const servers: Record<string, ServerConfig> = Object.create(null)
  for (const [name, given] of Object.entries(inner)) {
    const at = `mcpServers.${name}`
    const server = parseServer(at, given, problems, { folder, env })
    if (name.trim() === "") problems.push(`${at}: a server needs a name`)
    else if (server !== null) servers[name] = server
  }
  if (problems.length > 0) throw new ToolsError({ source, problems })
  return servers
}

const parseServer = (
  at: string,
  given: unknown,
  problems: Array<string>,
  { folder, env }: Required<Pick<ParseOptions, "folder" | "env">>
): ServerConfig | null => {
  const wrong = (key: string, expected: string, found: unknown) => {
    problems.push(`${at}${key}: expected ${expected}, found ${kindOf(found)}`)
    return null
  }
  if (!isRecord(given)) return wrong("", `an object with "command" or "url"`, given)
  if (given["disabled"] === true) return null
  const filled = (key: string, text: string) => {
    const missing: Array<string> = []
    const result = text.replace(variable, (whole, name: string, fallback: string | undefined) => {
      const found = env[name] ?? fallback
      if (found === undefined) missing.push(name)
      return found ?? whole
    })
    for (const name of missing) {
      problems.push(`${at}${key}: the environment has no ${name}; set it, or write \${${name}:-default}`)
    }
    return result
  }
  const text = (key: string) => {
    const found = given[key]
    return typeof found === "string" && found.trim() !== ""
      ? filled(`.${key}`, found)
      : wrong(`.${key}`, "a text", found)
  }
  const texts = (key: string): Record<string, string> => {
    const found = given[key] ?? {}
    if (!isRecord(found)) {
      wrong(`.${key}`, "an object of texts", found)
      return {}
    }
    return Object.fromEntries(
      Object.entries(found).flatMap(([name, one]) => {
        if (typeof one !== "string" && typeof one !== "number" && typeof one !== "boolean") {
          wrong(`.${key}.${name}`, "a text", one)
          return []
        }
        return [[name, filled(`.${key}.${name}`, String(one))]]
      })
    )
  }

  const type = given["type"] ?? given["transport"]
  if (type === "sse") {
    problems.push(
      `${at}.type: "sse" is the transport that streamable HTTP replaced; give the server's streamable HTTP url`
    )
    return null
  }
  if ("command" in given && "url" in given) {
    problems.push(`${at}: "command" starts a server, "url" calls one; it must have one of them, not both`)
    return null
  }
  if ("url" in given) {
    const url = text("url")
    if (url === null) return null
    const parsed = URL.canParse(url) ? new URL(url) : null
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      problems.push(`${at}.url: expected an http or https address, found "${url}"`)
      return null
    }
    return { url, headers: texts("headers") }
  }
  if (!("command" in given)) {
    problems.push(
      `${at}: expected "command" (a program) or "url" (streamable HTTP), found ${Object.keys(given).join(", ") || "neither"}`
    )
    return null
  }
  const command = text("command")
  const list = given["args"] ?? []
  const args = Array.isArray(list) ? list : []
  if (!Array.isArray(list)) wrong(".args", "a list of texts", list)
  args.forEach((one, index) => {
    if (typeof one !== "string") wrong(`.args[${index}]`, "a text", one)
  })
  const extra = texts("env")
  const cwd = given["cwd"] === undefined || given["cwd"] === null ? null : text("cwd")
  if (command === null) return null
  return {
    command,
    args: args.map((one, index) => filled(`.args[${index}]`, String(one))),
    env: extra,
    ...(cwd === null ? {} : { cwd: resolve(folder, cwd) })
  }
}

const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return "a list"
  if (value === "") return "an empty text"
  return typeof value === "object"
    ? "an object"
    : typeof value === "string"
      ? `"${value}"`
      : `${typeof value} ${String(value)}`
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
