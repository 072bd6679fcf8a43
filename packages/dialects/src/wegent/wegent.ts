/** Wegent's pre-execute hook: one script before each task, configured by environment. Source: Wegent, pre-execute hooks. */
import {
  ConfigError,
  type ConfigSource,
  type Decoded,
  defaultPolicy,
  type Dialect,
  EncodeError,
  type End,
  type EventContext,
  failed,
  type Fire,
  type Hook,
  hookName,
  type HookSet,
  type HookSource,
  type LoadNotice,
  type LoadOptions,
  named,
  type ShellAction,
  succeeded,
  textOf
} from "@tenterhook/core"
import { Effect } from "effect"
import { type Document, noticeAt, readDocument, valueDocument } from "../config/Document.ts"
import { readCompose } from "./Compose.ts"
import {
  defaultTimeoutSeconds,
  scriptOf,
  scriptVariable,
  type Settings,
  timeoutSecondsOf,
  timeoutVariable,
  timeoutWarning
} from "./Settings.ts"

export const wegent: Dialect = {
  id: "wegent",
  title: "Wegent, pre-execute hooks",
  modes: ["documented", "upstream"],
  events: { pre_execute: { event: "execution_start" } },

  discover: (from) =>
    Effect.succeed(
      scriptOf(from.env[scriptVariable]) === undefined ? [] : [{ _tag: "environment", folder: from.path }]
    ),

  recognizes: (source) =>
    source._tag === "environment" || (source._tag === "text" && source.text.includes(scriptVariable)),

  load: Effect.fnUntraced(function* (source: ConfigSource, { mode }: LoadOptions) {
    if (source._tag === "environment") return environmentSet(mode)
    const document = yield* readDocument("wegent", source, { tags: composeTags })
    return yield* composeSet(mode, source._tag === "value" ? onlyOne(document) : document, source)
  }),

  encode: (hook, fire) => {
    const { refused } = settingsOf(hook)
    return refused === undefined
      ? Effect.succeed({ action: actionOf(settingsOf(hook), fire) })
      : Effect.fail(new EncodeError({ reason: "missing", text: refused }))
  },

  decode: (hook, fire, end) =>
    end._tag === "reply" ? ended(settingsOf(hook), fire, end) : stopped(settingsOf(hook), end)
}

/** Of Compose's own, for files that are merged. */
const composeTags = ["!reset", "!override"]

const actionOf = ({ script, environment }: Settings, { context, mode }: Fire): ShellAction => {
  const { cwd = ".", task = {} } = context
  const taskDir = known(task.dir) ?? cwd
  const taskId = known(task.id)
  const gitUrl = known(task.repoUrl)
  return {
    kind: "shell",
    run: { argv: ["bash", script.startsWith("-") ? `./${script}` : script, taskDir] },
    env: {
      base: "inherit",
      set: {
        ...environment,
        WEGENT_TASK_DIR: taskDir,
        ...(taskId === undefined ? {} : { WEGENT_TASK_ID: taskId }),
        ...(gitUrl === undefined ? {} : { WEGENT_GIT_URL: gitUrl })
      }
    },
    ...(context.cwd === undefined ? {} : { cwd }),
    stdin: "empty",
    mkdir: [taskDir],
    ...(mode === "upstream" ? {} : { mustExist: script })
  }
}

/** It ended by itself. Any code but 0 is a warning, and the task goes on. */
const ended = ({ warnings }: Settings, { mode }: Fire, reply: Extract<End, { _tag: "reply" }>): Decoded => {
  const text =
    mode === "upstream" ? { stdout: textOf(reply.output).trim(), stderr: textOf(reply.diagnostics).trim() } : {}
  if (reply.status === 0) {
    const output = warnings.length === 0 ? {} : { notices: warned(warnings) }
    return { outcome: succeeded(output), decisive: false, message: "pre-execute hook finished", ...text }
  }
  const [reason, how, exitCode] =
    reply.status === null
      ? (["signal", `ended by ${reply.signal ?? "a signal"}`, -1] as const)
      : (["exit", `exit code ${reply.status}`, reply.status] as const)
  return {
    outcome: failed(reason, warned([...warnings, `pre-execute hook failed: ${how}`])),
    decisive: false,
    message: "pre-execute hook failed",
    exitCode,
    ...text
  }
}

/** It was ended, or never began: -1, and no output of its own. */
const stopped = (
  { script, timeoutSeconds, warnings, refused }: Settings,
  end: Extract<End, { _tag: "failure" }>
): Decoded => {
  const why =
    end.reason === "timeout"
      ? `pre-execute hook timed out after ${timeoutSeconds}s`
      : end.reason === "missing" && refused === undefined && end.message.includes(script)
        ? `script not found: ${script}`
        : end.message
  const message = end.reason === "timeout" ? why : `pre-execute hook failed: ${why}`
  const outcome = failed(end.reason, warned([...warnings, message]))
  return { outcome, decisive: false, message, exitCode: -1, stdout: "", stderr: why }
}

const warned = (texts: ReadonlyArray<string>) => texts.map((text) => ({ level: "warn" as const, text }))

/** Reads the two variables anew at each fire. */
const environmentSet = (mode: string): HookSet => {
  const disabled = setOf(mode, null, [], [])
  const sets = new Map<string, HookSet>()
  const at = ({ env = {} }: EventContext): HookSet => {
    const script = scriptOf(env[scriptVariable])
    if (script === undefined) return disabled
    const timeout = env[timeoutVariable]
    return cached(sets, `${timeout ?? ""}\0${script}`, () => {
      const wrong = timeoutWarning(timeout)
      const warnings = wrong === undefined ? [] : [`${timeoutVariable}: ${wrong}`]
      const timeoutSeconds = timeoutSecondsOf(timeout) ?? defaultTimeoutSeconds
      const notices = warnings.map((text) => ({ file: null, line: null, column: null, text }))
      return setOf(mode, null, [hookOf({ script, timeoutSeconds, environment: {}, warnings }, nowhere)], notices)
    })
  }
  return { ...disabled, at }
}

/** In code the environment or the compose file may stand alone in a list. */
const onlyOne = (document: Document): Document =>
  Array.isArray(document.value) && document.value.length === 1 ? valueDocument(document.value[0]) : document

const composeSet = (mode: string, document: Document, source: ConfigSource): Effect.Effect<HookSet, ConfigError> => {
  const compose = readCompose(document, source.folder)
  if (!("settings" in compose)) return Effect.fail(new ConfigError({ dialect: "wegent", problems: compose }))
  const place = { file: document.file, line: compose.place === null ? null : document.place(compose.place).line }
  const set = (settings: Settings | undefined, notices: ReadonlyArray<LoadNotice> = []) =>
    setOf(mode, document.file, settings === undefined ? [] : [hookOf(settings, place)], [
      ...compose.notices,
      ...notices
    ])
  const noticesFor = (settings: Settings | undefined) =>
    [...(settings?.warnings ?? []), ...(settings?.refused === undefined ? [] : [settings.refused])]
      .filter((text) => !compose.notices.some((told) => text.endsWith(told.text)))
      .map((text) => noticeAt(document, compose.place ?? [], text))
  if (!compose.dynamic) return Effect.succeed(set(compose.settings({})))
  const sets = new Map<string, HookSet>()
  return Effect.succeed({
    ...set(compose.settings({})),
    at: ({ env = {} }) => {
      const settings = compose.settings(env)
      return cached(sets, JSON.stringify(settings ?? null), () => set(settings, noticesFor(settings)))
    }
  })
}

const hookOf = (settings: Settings, source: HookSource): Hook<ShellAction> => ({
  name: hookName("pre_execute[0]"),
  index: 0,
  events: ["execution_start"],
  nativeEvent: "pre_execute",
  action: {
    kind: "shell",
    run: { argv: ["bash", settings.script, "TASK_DIR"] },
    env: { base: "inherit", set: {} },
    stdin: "empty",
    mkdir: [],
    mustExist: settings.script
  },
  timeoutMs: settings.timeoutSeconds * 1000,
  onFailure: "continue",
  enabled: true,
  source,
  ext: settings
})

const setOf = (
  mode: string,
  file: string | null,
  hooks: ReadonlyArray<Hook>,
  notices: ReadonlyArray<LoadNotice>
): HookSet => ({
  dialect: "wegent",
  mode,
  file,
  hooks,
  policy: defaultPolicy,
  trust: named,
  notices
})

const settingsOf = (hook: Hook): Settings => hook.ext as Settings

/** A value that is there and not blank. */
const known = (text: string | undefined) => (text === undefined || text.trim() === "" ? undefined : text)

/** The same object for the same values; a host whose environment keeps changing does not make it grow. */
const cached = (sets: Map<string, HookSet>, key: string, make: () => HookSet): HookSet => {
  let set = sets.get(key)
  if (set === undefined) {
    if (sets.size >= 64) sets.clear()
    sets.set(key, (set = make()))
  }
  return set
}

const nowhere: HookSource = { file: null, line: null }
