/**
 * The pre-execute hook as a compose file sets it: a service's environment, its script mapped back to the host's folder.
 * A map of the variables alone is read as such an environment.
 */
import type { ConfigProblem, LoadNotice } from "@tenterhook/core"
import { type ConfigPath, type Document, noticeAt, problemAt, show, unknownText } from "../config/Document.ts"
import { resolvePath } from "../config/path.ts"
import { interpolate, isTemplate, volumeParts } from "./interpolate.ts"
import {
  defaultTimeoutSeconds,
  scriptOf,
  scriptVariable,
  type Settings,
  timeoutSecondsOf,
  timeoutVariable,
  timeoutWarning
} from "./Settings.ts"

export interface Compose {
  readonly notices: ReadonlyArray<LoadNotice>
  /** Where the script is set; null where no service does. */
  readonly place: ConfigPath | null
  /** Whether a value is taken from the host's environment. */
  readonly dynamic: boolean
  /** The hook for a host's environment; undefined where it is disabled. */
  readonly settings: (env: Environment) => Settings | undefined
}

export type Environment = Readonly<Record<string, string>>

export const readCompose = (document: Document, folder: string): Compose | ReadonlyArray<ConfigProblem> => {
  const problems: Array<ConfigProblem> = []
  const services = servicesOf(document, problems)
  if (problems.length > 0) return problems

  const setting = services.filter((service) => service.environment.has(scriptVariable))
  const [service] = setting
  if (service === undefined)
    return { notices: [nobodySets(document, services)], place: null, dynamic: false, settings: () => undefined }

  const badTemplates = templateProblems(document, service)
  if (badTemplates.length > 0) return badTemplates

  const script = service.environment.get(scriptVariable)!
  const notices = noticesOf(document, folder, service)
  for (const other of setting.slice(1)) {
    const at = other.environment.get(scriptVariable)!.path
    notices.push(
      noticeAt(document, at, `"${service.name}" sets ${scriptVariable} too and comes first; this one is not used`)
    )
  }
  const values = [...service.environment.values()].map(({ value }) => value)
  const dynamic =
    values.some((value) => value === null || value.includes("$")) ||
    (service.volumes ?? []).some(
      ({ source, target }) => source.startsWith("~") || source.includes("$") || target.includes("$")
    )
  return { notices, place: script.path, dynamic, settings: (env) => settingsOf(service, folder, env) }
}

interface Service {
  readonly name: string
  /** A variable without a value is passed on from the host's environment. */
  readonly environment: ReadonlyMap<string, Variable>
  /** Null where there is no container. */
  readonly volumes: ReadonlyArray<Volume> | null
  readonly hasEnvFile: boolean
}

interface Variable {
  readonly value: string | null
  readonly path: ConfigPath
}

interface Volume {
  readonly source: string
  readonly target: string
  readonly path: ConfigPath
}

const settingsOf = (service: Service, folder: string, env: Environment): Settings | undefined => {
  const environment: Record<string, string> = {}
  const missing: Array<string> = []
  const fill = (value: string) => {
    const filled = interpolate(value, env)
    missing.push(...filled.missing)
    return filled.text
  }
  for (const [name, { value }] of service.environment) {
    const text = value === null ? ownValue(env, name) : fill(value)
    if (text !== undefined && name !== "PATH") environment[name] = text
  }
  for (const { source, target } of service.volumes ?? []) [source, target].forEach(fill)
  const written = service.environment.get(scriptVariable)!.value ?? undefined
  const script = scriptOf(environment[scriptVariable]) ?? (missing.length > 0 ? written : undefined)
  if (script === undefined) return undefined
  const timeout = timeoutWarning(environment[timeoutVariable])
  return {
    script: onHost(script, service, folder, env) ?? script,
    timeoutSeconds: timeoutSecondsOf(environment[timeoutVariable]) ?? defaultTimeoutSeconds,
    environment,
    warnings: timeout === undefined ? [] : [`${timeoutVariable}: ${timeout}`],
    ...(missing.length === 0 ? {} : { refused: [...new Set(missing)].join("; ") })
  }
}

/** Compose refuses a file with a `$` that begins no variable. */
const templateProblems = (document: Document, { environment, volumes }: Service): ReadonlyArray<ConfigProblem> => {
  const values = [...environment.values()].flatMap(({ value, path }) => (value === null ? [] : [{ value, path }]))
  const places = (volumes ?? []).flatMap(({ source, target, path }) => [
    { value: source, path },
    { value: target, path }
  ])
  return [...values, ...places]
    .filter(({ value }) => !isTemplate(value))
    .map(({ value, path }) =>
      problemAt(document, path, `expected $NAME, \${NAME} or, for the character itself, $$, got ${show(value)}`)
    )
}

/** The host's path for one in the container: the volume with the longest target that holds it; undefined where none does. */
const onHost = (path: string, service: Service, folder: string, env: Environment): string | undefined => {
  let best: { readonly target: string; readonly source: string } | undefined
  const wanted = resolvePath("/", path)
  for (const volume of service.volumes ?? []) {
    const target = resolvePath("/", interpolate(volume.target, env).text)
    const source = interpolate(volume.source, env).text.replace(/^~(?=\/|$)/, () => env.HOME ?? "~")
    const holds = wanted === target || wanted.startsWith(target === "/" ? target : `${target}/`)
    if (holds && /^[./]/.test(source) && target.length > (best?.target.length ?? -1)) best = { target, source }
  }
  return path.startsWith("/") && best !== undefined
    ? resolvePath(resolvePath(folder, best.source), `./${wanted.slice(best.target.length)}`)
    : undefined
}

const noticesOf = (document: Document, folder: string, service: Service): Array<LoadNotice> => {
  const notices: Array<LoadNotice> = []
  const script = service.environment.get(scriptVariable)!
  const timeout = service.environment.get(timeoutVariable)
  if (script.value !== null && !script.value.includes("$")) {
    const path = scriptOf(script.value)
    if (path === undefined)
      notices.push(noticeAt(document, script.path, `${scriptVariable} is blank: the hook is disabled`))
    else if (
      service.volumes !== null &&
      path.startsWith("/") &&
      onHost(path, service, folder, { HOME: "/~" }) === undefined
    ) {
      notices.push(
        noticeAt(document, script.path, `no volume of "${service.name}" holds ${path}; it is looked for on this host`)
      )
    }
  }
  const wrong = timeout?.value?.includes("$") ? undefined : timeoutWarning(timeout?.value ?? undefined)
  if (wrong !== undefined) notices.push(noticeAt(document, timeout!.path, wrong))
  for (const [name, { path }] of service.environment) {
    if (name.startsWith("WEGENT_HOOK_") && name !== scriptVariable && name !== timeoutVariable) {
      notices.push(noticeAt(document, path, unknownText("variable", name, [scriptVariable, timeoutVariable])))
    }
  }
  return notices
}

const nobodySets = (document: Document, services: ReadonlyArray<Service>): LoadNotice => {
  for (const { environment } of services) {
    for (const [name, { path }] of environment) {
      if (name.startsWith("WEGENT_HOOK_")) {
        return noticeAt(
          document,
          path,
          `no service sets ${scriptVariable}: the hook is disabled; ${unknownText("variable", name, [scriptVariable])}`
        )
      }
    }
  }
  const fromFile = services.find(({ hasEnvFile }) => hasEnvFile)
  const hint = fromFile === undefined ? "" : `; the env_file of "${fromFile.name}" is not read`
  return noticeAt(document, ["services"], `no service sets ${scriptVariable}: the hook is disabled${hint}`)
}

const servicesOf = (document: Document, problems: Array<ConfigProblem>): ReadonlyArray<Service> => {
  const problem = (path: ConfigPath, text: string) => void problems.push(problemAt(document, path, text))
  const root = document.value
  if (!isRecord(root)) {
    problem([], `expected a compose file with "services", got ${show(root)}`)
    return []
  }
  if (Object.hasOwn(root, scriptVariable) && root.services === undefined) {
    return [{ name: "environment", environment: environmentOf(root, [], problem), volumes: null, hasEnvFile: false }]
  }
  if (!isRecord(root.services)) {
    problem(["services"], `expected a map of services, got ${show(root.services)}`)
    return []
  }
  return Object.entries(root.services).flatMap(([name, value]): ReadonlyArray<Service> => {
    const path = ["services", name]
    if (value === null) return []
    if (!isRecord(value)) {
      problem(path, `expected a service with an "environment", got ${show(value)}`)
      return []
    }
    const environment = environmentOf(value.environment, [...path, "environment"], problem)
    const wanted = environment.has(scriptVariable)
    const volumes = volumesOf(value.volumes, [...path, "volumes"], wanted ? problem : () => undefined)
    return [{ name, environment, volumes, hasEnvFile: value.env_file !== undefined }]
  })
}

type Complain = (path: ConfigPath, text: string) => void

const environmentOf = (value: unknown, path: ConfigPath, problem: Complain): ReadonlyMap<string, Variable> => {
  const variables = new Map<string, Variable>()
  if (value === undefined || value === null) return variables
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      const at = [...path, index]
      if (typeof item !== "string" || !/^[^=\0]+(=|$)/.test(item))
        return problem(at, `expected "NAME=value", got ${show(item)}`)
      const equals = item.indexOf("=")
      if (equals < 0) variables.set(item, { value: null, path: at })
      else variables.set(item.slice(0, equals), { value: item.slice(equals + 1), path: at })
    })
    return variables
  }
  if (!isRecord(value)) {
    problem(path, `expected a list of "NAME=value" or a map, got ${show(value)}`)
    return variables
  }
  for (const [name, item] of Object.entries(value)) {
    const at = [...path, name]
    const ours = name === scriptVariable || name === timeoutVariable
    if (typeof item === "string" || (typeof item === "number" && name !== scriptVariable))
      variables.set(name, { value: String(item), path: at })
    else if (item === null) variables.set(name, { value: null, path: at })
    else if (ours)
      problem(
        at,
        `expected ${name === scriptVariable ? "the path of a script" : "a whole number of seconds"}, got ${show(item)}`
      )
  }
  return variables
}

const volumesOf = (value: unknown, path: ConfigPath, problem: Complain): ReadonlyArray<Volume> => {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    problem(path, `expected a list of volumes, got ${show(value)}`)
    return []
  }
  return value.flatMap((item: unknown, index): ReadonlyArray<Volume> => {
    const at = [...path, index]
    if (typeof item === "string") {
      const [source, target] = volumeParts(item)
      return target === undefined || source === undefined ? [] : [{ source, target, path: at }]
    }
    if (isRecord(item) && typeof item.target === "string") {
      return typeof item.source === "string" && (item.type ?? "bind") === "bind"
        ? [{ source: item.source, target: item.target, path: at }]
        : []
    }
    problem(at, `expected "host:container" or a map with "source" and "target", got ${show(item)}`)
    return []
  })
}

const ownValue = (env: Environment, name: string): string | undefined =>
  Object.hasOwn(env, name) ? env[name] : undefined

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
