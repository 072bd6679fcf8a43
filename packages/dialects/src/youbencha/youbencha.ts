/** youBencha's hooks: scripts before the agent runs, exports after its evaluation. Source: youBencha, pre-execution hooks. */
import {
  ConfigError,
  type ConfigSource,
  type Dialect,
  type Hook,
  hookName,
  type HookSet,
  type LoadOptions,
  named,
  type Policy
} from "@tenterhook/core"
import { Effect } from "effect"
import { type Document, readDocument, valueDocument } from "../config/Document.ts"
import { type Entry, readConfig, type TestCase } from "./Config.ts"
import { databaseKind } from "./database.ts"
import type { EntryOf, Kind, Setting } from "./Kind.ts"
import { scriptKind } from "./script.ts"
import { webhookKind } from "./webhook.ts"

export const youbencha: Dialect = {
  id: "youbencha",
  title: "youBencha, pre-execution hooks",
  modes: ["documented", "upstream"],
  events: {
    pre_execution: { event: "execution_start", class: "gate" },
    post_evaluation: { event: "post_evaluation", class: "observe" }
  },

  discover: () => Effect.succeed([]),

  recognizes: (source) =>
    source._tag === "text" && /^[ \t{]*["']?(pre_execution|post_evaluation)["']?[ \t]*:/m.test(source.text),

  load: Effect.fnUntraced(function* (source: ConfigSource, { mode }: LoadOptions) {
    const document = yield* readDocument("youbencha", source)
    const config = readConfig(source._tag === "value" ? whole(document) : document)
    if (!("notices" in config)) return yield* new ConfigError({ dialect: "youbencha", problems: config })
    return {
      dialect: "youbencha",
      mode,
      file: document.file,
      hooks: config.entries.map((entry) => hookOf(entry, config.testCase, document, mode)),
      policy: mode === "upstream" ? runAll : stopAtFailure,
      policies: { post_evaluation: allAtOnce },
      trust: named,
      notices: config.notices
    } satisfies HookSet
  }),

  encode: (hook, fire) => {
    const { kind, setting } = extOf(hook)
    return kind.encode(setting, fire)
  },

  decode: (hook, fire, end) => {
    const { kind, setting } = extOf(hook)
    return kind.decode(setting, fire, end)
  }
}

/** Documented: execution stops at the first hook that fails, and the agent does not run. */
const stopAtFailure: Policy = { order: "sequential", halting: "failure", dedupe: "none", rewrite: "lastInOrder" }
/** What the product does: every hook runs, then it fails. */
const runAll: Policy = { ...stopAtFailure, halting: "never" }
const allAtOnce: Policy = { ...stopAtFailure, order: "parallel", halting: "never" }

/** In code the list of pre-execution hooks may stand alone. */
const whole = (document: Document): Document =>
  Array.isArray(document.value) ? valueDocument({ pre_execution: document.value }) : document

const hookOf = (entry: Entry, testCase: TestCase, document: Document, mode: string): Hook => {
  const kind = kinds[entry.name] as Kind<Entry>
  const setting = { entry, testCase }
  return {
    name: hookName(`${entry.list}[${entry.index}]`),
    index: entry.index,
    events: [entry.list === "pre_execution" ? "execution_start" : "post_evaluation"],
    nativeEvent: entry.list,
    action: kind.planned(setting, mode),
    timeoutMs: kind.timeoutMs(setting),
    onFailure: entry.list === "pre_execution" ? "block" : "continue",
    enabled: true,
    source: { file: document.file, line: document.place(entry.path).line },
    ext: { kind, setting } satisfies Ext
  }
}

/** What a hook's entry says, and who understands it. */
interface Ext {
  readonly kind: Kind<Entry>
  readonly setting: Setting<Entry>
}

const extOf = (hook: Hook): Ext => hook.ext as Ext

const kinds: { readonly [Name in Entry["name"]]: Kind<EntryOf<Name>> } = {
  script: scriptKind,
  webhook: webhookKind,
  database: databaseKind
}
