/** The actions that dialects write and the adapters of this project execute. Kept here so that neither imports the other. */
import { Schema } from "effect"
import type { Action } from "../hook/Hook.ts"

/**
 * A command. `argv` is executed as it stands; `command` is a line for `/bin/sh -c`.
 * The environment is always explicit: the base (all of the host's, nothing, or the names listed) with `set` on top.
 */
export const ShellAction = Schema.Struct({
  kind: Schema.Literal("shell"),
  run: Schema.Union([
    Schema.Struct({ argv: Schema.NonEmptyArray(Schema.String) }),
    Schema.Struct({ command: Schema.String })
  ]),
  env: Schema.Struct({
    base: Schema.Union([Schema.Literals(["inherit", "closed"]), Schema.Array(Schema.String)]),
    set: Schema.Record(Schema.String, Schema.String)
  }),
  /** Absolute; absent: the host's. */
  cwd: Schema.optionalKey(Schema.String),
  /** Absolute: where it runs if `cwd`, as the context names it, does not exist. Absent: it fails. */
  fallback: Schema.optionalKey(Schema.String),
  /** Whether the invocation's payload goes to its stdin; otherwise stdin is empty. */
  stdin: Schema.Literals(["empty", "payload"]),
  /** Folders made before it starts, with their parents. */
  mkdir: Schema.Array(Schema.String),
  /** A file without which it is not started: the adapter fails with `missing`. Relative to `cwd`. */
  mustExist: Schema.optionalKey(Schema.String)
})
export type ShellAction = typeof ShellAction.Type

/** A call of a tool that the host has. */
export const ToolAction = Schema.Struct({
  kind: Schema.Literal("tool"),
  name: Schema.NonEmptyString,
  args: Schema.Record(Schema.String, Schema.Unknown)
})
export type ToolAction = typeof ToolAction.Type

/** One HTTP request whose answer is the reply. */
export const HttpAction = Schema.Struct({
  kind: Schema.Literal("http"),
  url: Schema.String,
  method: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  /** Absent: the invocation's payload. */
  body: Schema.optionalKey(Schema.String),
  /** What signs it: the name of the host's environment variable that holds the secret, never the secret itself. */
  secret: Schema.optionalKey(Schema.Struct({ env: Schema.String })),
  /**
   * Where a product's own protocol repeats the request until one is answered with 2xx: how long it sleeps before each
   * further try, and the deadline of each, in milliseconds. The action's end is that of the last try.
   */
  tries: Schema.optionalKey(Schema.Struct({ delaysMs: Schema.Array(Schema.Finite), timeoutMs: Schema.Finite }))
})
export type HttpAction = typeof HttpAction.Type

/** A function of the host's own process: plain, async, or an Effect. What it returns is the reply's value. */
export const FunctionAction = Schema.Struct({
  kind: Schema.Literal("function"),
  run: Schema.declare((value: unknown): value is HookFunction => typeof value === "function", {
    expected: "a function"
  })
})
export type FunctionAction = typeof FunctionAction.Type

/**
 * Gets the payload that its dialect encodes (for `native`: the event and its context) and a signal that aborts at the
 * deadline. An Effect that it returns may ask for `CurrentEvent`, `CurrentContext` and `Outcomes`.
 */
export type HookFunction = (payload: any, call: { readonly signal: AbortSignal }) => unknown

/** What an action does, in one line, without its environment: for the journal and `explain`. */
export const describeAction = (action: Action): string => {
  if (Schema.is(ShellAction)(action))
    return "argv" in action.run ? action.run.argv.map(quoted).join(" ") : action.run.command
  if (Schema.is(ToolAction)(action)) return action.name
  if (Schema.is(HttpAction)(action)) return `${action.method} ${action.url}`
  if (Schema.is(FunctionAction)(action)) return action.run.name === "" ? "a function" : `function ${action.run.name}`
  return action.kind
}

const quoted = (word: string) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
