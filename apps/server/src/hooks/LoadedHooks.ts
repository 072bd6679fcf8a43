/** Uploads as hooks that can be fired: loaded once, shared by all who fire them, closed when nobody has for a while. */
import { type Announcement, ConfigError, type JournalEntry, NoDialect } from "@tenterhook/core"
import { createHooks, type Hooks } from "@tenterhook/sdk"
import { Context, Effect, Layer, RcMap, type Scope } from "effect"
import { isAbsolute } from "node:path"
import type { HookSetUpload } from "../api/hookSets.ts"
import { about, Unacceptable } from "../api/Problem.ts"
import type { Loaded } from "../store/HookSets.ts"
import { digestOf, Uploads } from "../store/Uploads.ts"
import { Ground } from "./Ground.ts"
import { Toolkits } from "./Toolkits.ts"

export interface LiveHooks {
  readonly hooks: Hooks
  /** What the fire's hooks announced, once. */
  readonly takeAnnouncements: (fireId: string) => ReadonlyArray<Announcement>
  /** What was taken and could not be kept, for whoever gets the same report again. */
  readonly giveBack: (fireId: string, announcements: ReadonlyArray<Announcement>) => void
}

export class LoadedHooks extends Context.Service<
  LoadedHooks,
  {
    /**
     * Of what was kept. It stays loaded as long as the scope at least. Fails where an older version accepted what this one
     * refuses, and where its plug-in is not there any more.
     */
    readonly ofDigest: (digest: string) => Effect.Effect<LiveHooks, Unacceptable, Scope.Scope>
    /** Of what came along, kept or not. */
    readonly ofUpload: (upload: HookSetUpload) => Effect.Effect<LiveHooks, Unacceptable, Scope.Scope>
    /** Whether it can be loaded, and what its owner should know. */
    readonly check: (upload: HookSetUpload) => Effect.Effect<Loaded, Unacceptable>
    /** For whoever watches all fires. */
    readonly listen: (listener: (entry: JournalEntry) => void) => () => void
  }
>()("@tenterhook/server/hooks/LoadedHooks") {
  static readonly layer = Layer.effect(
    LoadedHooks,
    Effect.gen(function* () {
      const ground = yield* Ground
      const toolkits = yield* Toolkits
      const uploads = yield* Uploads
      const listeners = new Set<(entry: JournalEntry) => void>()
      // Uploads that came along with a fire, for as long as it takes to load them.
      const atHand = new Map<string, HookSetUpload>()

      const load = (upload: HookSetUpload) =>
        Effect.acquireRelease(
          Effect.tryPromise({
            try: () =>
              createHooks({
                config: upload.configs.map((config) => ({ ...config, folder: config.folder ?? ground.shared })),
                ...(upload.dialect === undefined ? {} : { dialect: upload.dialect }),
                ...(upload.mode === undefined ? {} : { mode: upload.mode }),
                ...(upload.lenient === undefined ? {} : { lenient: upload.lenient }),
                cwd: folderOf(upload) ?? ground.shared,
                env: ground.env,
                adapters: ground.adapters.some(({ kind }) => kind === "tool")
                  ? ground.adapters
                  : [toolkits.adapter(upload.tools ?? {}), ...ground.adapters],
                dialects: ground.dialects,
                // Whoever may send a config must not thereby choose the code of this process.
                configPlugins: false,
                allow: upload.allow ?? ground.allow
              }),
            catch: refusal
          }),
          (hooks) => Effect.promise(() => hooks.close())
        )

      const live = yield* RcMap.make({
        lookup: Effect.fnUntraced(function* (digest: string) {
          const upload = atHand.get(digest) ?? (yield* Effect.orDie(uploads.get(digest)))
          const hooks = yield* load(upload)
          const announced = new Map<string, Array<Announcement>>()
          hooks.listen((entry) => {
            if (entry._tag === "announced") {
              const list = announced.get(entry.fireId)
              if (list === undefined) announced.set(entry.fireId, [entry.announcement])
              else list.push(entry.announcement)
            }
            for (const listener of listeners) listener(entry)
          })
          const takeAnnouncements = (fireId: string): ReadonlyArray<Announcement> => {
            const list = announced.get(fireId)
            if (list === undefined) return nothing
            announced.delete(fireId)
            return list
          }
          const giveBack = (fireId: string, list: ReadonlyArray<Announcement>) => void announced.set(fireId, [...list])
          const loaded: LiveHooks = { hooks, takeAnnouncements, giveBack }
          return loaded
        }),
        idleTimeToLive: "1 minute"
      })

      // One that could not be loaded is not remembered, so that the next request gets the reason as well.
      const ofDigest = (digest: string) =>
        Effect.tapError(RcMap.get(live, digest), () => RcMap.invalidate(live, digest))

      const ofUpload = Effect.fnUntraced(function* (upload: HookSetUpload) {
        const problems = uploadProblems(upload)
        if (problems !== null) return yield* problems
        const digest = digestOf(upload)
        atHand.set(digest, upload)
        return yield* Effect.ensuring(
          ofDigest(digest),
          Effect.sync(() => atHand.delete(digest))
        )
      })

      return LoadedHooks.of({
        ofDigest,
        ofUpload,
        check: (upload) =>
          Effect.scoped(
            Effect.map(ofUpload(upload), ({ hooks: { sets, notices } }) => ({
              dialect: only(sets.map((set) => set.dialect)) ?? upload.dialect ?? "native",
              mode: only(sets.map((set) => set.mode)) ?? upload.mode ?? "",
              hooks: sets.reduce((count, set) => count + set.hooks.length, 0),
              notices
            }))
          ),
        listen: (listener) => {
          listeners.add(listener)
          return () => void listeners.delete(listener)
        }
      })
    })
  )
}

const nothing: ReadonlyArray<Announcement> = []

/** What all of them are; of several, all of them. */
const only = (names: ReadonlyArray<string>): string | undefined =>
  names.length === 0 ? undefined : [...new Set(names)].join(", ")

/** The folder that all its configs name; undefined where they differ, or one of them names none. */
const folderOf = ({ configs }: HookSetUpload): string | undefined => {
  const folders = new Set(configs.map(({ folder }) => folder))
  return folders.size === 1 ? configs[0]!.folder : undefined
}

const uploadProblems = ({ configs, dialect }: HookSetUpload): Unacceptable | null => {
  if (configs.length === 0 && dialect === undefined) {
    return new Unacceptable(about("payload.configs", "expected a config, or a dialect that needs none, got neither"))
  }
  const errors = configs.flatMap(({ folder }, index) =>
    folder === undefined || isAbsolute(folder)
      ? []
      : [
          {
            field: `payload.configs[${index}].folder`,
            message: `expected an absolute path, got ${JSON.stringify(folder)}`
          }
        ]
  )
  return errors.length === 0 ? null : new Unacceptable({ detail: errors[0]!.message, errors })
}

const refusal = (error: unknown): Unacceptable => {
  if (error instanceof ConfigError) {
    const errors = error.problems.map(({ path, text, file, line, column }) => ({
      field: path === "" ? "payload.configs" : path,
      message: text,
      file,
      line,
      column
    }))
    return new Unacceptable({ detail: error.message, errors })
  }
  const message = error instanceof Error ? error.message : String(error)
  const field = error instanceof NoDialect ? "payload.dialect" : "payload.allow"
  return new Unacceptable({ detail: message, errors: [{ field, message }] })
}
