/** What a hook of a plain dialect receives: as native hooks do, with the payload and variables that its `encode` returns. */
import { type Encoded, EncodeError, type Fire, type Hook, type ShellAction } from "@tenterhook/core"
import { native, show } from "@tenterhook/dialects"
import { Effect } from "effect"
import type { PlainDialect, PlainFire } from "../PlainDialect.ts"
import { wordsOf } from "../plugins/thrown.ts"
import type { PlainExt } from "./loadPlain.ts"
import { matchOf } from "./PlainMatch.ts"

export const encodePlain = Effect.fnUntraced(function* (plain: PlainDialect, hook: Hook<any>, fire: Fire) {
  const ext = hook.ext as PlainExt
  const match = matchOf(ext.plain, fire.context)
  if (typeof match === "object") return yield* failure(match.wrong)
  const encoded: Encoded = yield* native.encode(ext.native, fire)
  if (plain.encode === undefined) return encoded
  const own = yield* Effect.try({
    try: () => inputOf(plain.encode!(ext.plain, plainFire(plain, ext, fire))),
    catch: (error) => failure(error instanceof Refused ? error.message : `its encode failed: ${wordsOf(error)}`)
  })
  return withInput(encoded, own)
})

/** The fire as the functions of a plain dialect see it. */
export const plainFire = (plain: PlainDialect, { on }: PlainExt, { fireId, event, context, mode }: Fire): PlainFire => {
  const spells = (name: string) => {
    const entry = Object.hasOwn(plain.events, name) ? plain.events[name]! : undefined
    return (typeof entry === "string" ? entry : entry?.event) === event.name
  }
  const spelled = on.find(spells) ?? Object.keys(plain.events).find(spells) ?? event.name
  return { fireId, event: event.name, on: spelled, class: event.class, context, mode }
}

interface Input {
  readonly value?: unknown
  readonly payload?: Uint8Array
  readonly env: Readonly<Record<string, string>>
}

class Refused extends Error {}

const inputOf = (returned: unknown): Input => {
  if (typeof returned !== "object" || returned === null || Array.isArray(returned) || "then" in returned)
    throw new Refused(`expected its encode to return { payload, env }, got ${shown(returned)}`)
  const { payload, env = {}, ...rest } = returned as { readonly payload?: unknown; readonly env?: unknown }
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new Refused(`its encode returned the key "${unknown}"; expected payload or env`)
  if (!isTexts(env)) throw new Refused(`expected env of its encode to be texts by name, got ${show(env)}`)
  return payload === undefined ? { env } : { env, value: payload, payload: bytesOf(payload) }
}

const bytesOf = (payload: unknown): Uint8Array => {
  if (payload instanceof Uint8Array) return payload
  const text = typeof payload === "string" ? payload : JSON.stringify(payload)
  if (text === undefined) throw new Refused(`the payload of its encode cannot be written as JSON: ${show(payload)}`)
  return new TextEncoder().encode(text)
}

const withInput = ({ action, ...encoded }: Encoded, { value, payload, env }: Input): Encoded => ({
  ...encoded,
  ...(payload === undefined ? {} : action.kind === "function" ? { value } : { value, payload }),
  action: action.kind === "shell" ? withEnv(action as ShellAction, env) : action
})

const withEnv = (action: ShellAction, env: Readonly<Record<string, string>>): ShellAction => ({
  ...action,
  env: { ...action.env, set: { ...action.env.set, ...env } }
})

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === "string")

const shown = (value: unknown) =>
  typeof value === "object" && value !== null && "then" in value ? "a promise" : show(value)

const failure = (text: string) => new EncodeError({ reason: "decode", text })
