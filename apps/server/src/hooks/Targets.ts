/** Whose hooks a request means: an agent's, a hook set's, or those that come along. */
import { Context, Effect, Layer } from "effect"
import type { Agent } from "../api/agents.ts"
import { type Caller, has } from "../api/Authorization.ts"
import type { HookSetUpload } from "../api/hookSets.ts"
import { about, Forbidden, InvalidRequest, NotFound, Unacceptable } from "../api/Problem.ts"
import { Agents } from "../store/Agents.ts"
import type { FireTarget } from "../store/Fires.ts"
import { HookSets } from "../store/HookSets.ts"
import type { StoreError } from "../store/StoreError.ts"

export interface TargetRequest {
  readonly agentId?: string
  readonly hookSetId?: string
  readonly version?: number
  readonly hooks?: HookSetUpload
}

/** By digest where it was kept before. */
export interface Target extends FireTarget {
  readonly kept: string | null
  readonly upload: HookSetUpload | null
}

export class Targets extends Context.Service<
  Targets,
  {
    readonly find: (
      request: TargetRequest,
      caller: Caller
    ) => Effect.Effect<Target, StoreError | NotFound | InvalidRequest | Forbidden>
  }
>()("@tenterhook/server/hooks/Targets") {
  static readonly layer = Layer.effect(
    Targets,
    Effect.gen(function* () {
      const agents = yield* Agents
      const hookSets = yield* HookSets

      const find = Effect.fnUntraced(function* (request: TargetRequest, caller: Caller) {
        const { agentId, hookSetId, version, hooks } = request
        const named = [agentId, hookSetId, hooks].filter((one) => one !== undefined).length
        if (named !== 1) {
          const text = `expected exactly one of agentId, hookSetId and hooks, got ${named === 0 ? "none" : "more than one"}`
          return yield* new InvalidRequest({
            detail: text,
            errors: [{ field: "payload.hookSetId", message: text }]
          })
        }
        if (version !== undefined && hookSetId === undefined) {
          return yield* new InvalidRequest(about("payload.version", "expected hookSetId beside version, got none"))
        }
        if (hooks !== undefined) {
          if (!has(caller, "hooks:write")) return yield* needsHooksWrite("payload.hooks")
          return { ...nobodys, kept: null, upload: hooks }
        }
        if (hookSetId !== undefined) {
          const found = yield* inPayload(
            version === undefined ? "hookSetId" : "version",
            hookSets.find(hookSetId, version)
          )
          return { agentId: null, hookSetId, version: found.version, kept: found.digest, upload: null }
        }
        const agent = yield* inPayload("agentId", agents.get(agentId!))
        return { ...nobodys, agentId: agent.id, kept: null, upload: uploadOf(agent) }
      })

      return Targets.of({ find })
    })
  )
}

const nobodys = { agentId: null, hookSetId: null, version: null }

/** An agent's hooks are a config of Wacht's dialect. */
export const uploadOf = ({ id, hooks }: Pick<Agent, "id" | "hooks">): HookSetUpload => ({
  dialect: "wacht",
  configs: [{ file: `${id}.json`, text: JSON.stringify({ hooks }) }]
})

/** What a field of the body names is not there; by itself a store blames the path. */
export const inPayload = <A, E, R>(field: string, found: Effect.Effect<A, E | NotFound, R>) =>
  Effect.mapError(found, (error) =>
    error instanceof NotFound
      ? new NotFound(about(`payload.${field}`, error.errors.map(({ message }) => message).join("; ")))
      : error
  )

/** Where hooks come along with a request, what is wrong with them lies one deeper than in an upload. */
export const inHooks = <A, E, R>(effect: Effect.Effect<A, E | Unacceptable, R>) =>
  Effect.mapError(effect, (error) => {
    if (!(error instanceof Unacceptable)) return error
    const errors = error.errors.map((one) => ({
      ...one,
      field: one.field.replace(/^payload\.(?!hooks\b)/, "payload.hooks.")
    }))
    return new Unacceptable({ ...(error.detail === undefined ? {} : { detail: error.detail }), errors })
  })

export const needsHooksWrite = (field: string) =>
  new Forbidden({ ...about(field, "the key lacks hooks:write, which this needs"), missing: ["hooks:write"] })
