/** Decodes a part of a document with a schema; every problem gets its place. */
import { ConfigError, type ConfigProblem } from "@tenterhook/core"
import { Effect, Exit, Schema, SchemaIssue } from "effect"
import { type ConfigPath, type Document, problemAt, show } from "./Document.ts"

/** The decoded value, or one problem for each issue that the schema found. */
export const decodeAt = <A>(
  schema: Schema.Decoder<A>,
  document: Document,
  path: ConfigPath,
  value: unknown
):
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly problems: ReadonlyArray<ConfigProblem> } => {
  const exit = Schema.decodeUnknownExit(schema)(value, { errors: "all" })
  if (Exit.isSuccess(exit)) return { ok: true, value: exit.value }
  const problems = new Map<string, ConfigProblem>()
  for (const reason of exit.cause.reasons) {
    if (reason._tag !== "Fail") continue
    for (const issue of issuesOf(reason.error)) {
      const at = [...path, ...issue.path]
      const problem = problemAt(document, at, `${issue.message}, got ${show(valueAt(value, issue.path))}`)
      if (!problems.has(problem.path)) problems.set(problem.path, problem)
    }
  }
  return { ok: false, problems: [...problems.values()] }
}

/** The paths of keys that a schema which accepts the value has no place for. */
export const excessKeys = (schema: Schema.Decoder<unknown>, value: unknown): ReadonlyArray<ConfigPath> => {
  const exit = Schema.decodeUnknownExit(schema)(value, { errors: "all", onExcessProperty: "error" })
  if (Exit.isSuccess(exit)) return []
  return exit.cause.reasons.flatMap((reason) =>
    reason._tag === "Fail" ? issuesOf(reason.error).map(({ path }) => path) : []
  )
}

/** `decodeAt`, failing with a `ConfigError`. */
export const decodeOrFail = <A>(
  dialect: string,
  schema: Schema.Decoder<A>,
  document: Document,
  path: ConfigPath,
  value: unknown
) => {
  const decoded = decodeAt(schema, document, path, value)
  return decoded.ok
    ? Effect.succeed(decoded.value)
    : Effect.fail(new ConfigError({ dialect, problems: decoded.problems }))
}

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const issuesOf = (error: Schema.SchemaError) =>
  formatter(error.issue).issues.map((issue) => ({
    path: (issue.path ?? []).map((part) => {
      const key = typeof part === "object" ? part.key : part
      return typeof key === "number" ? key : String(key)
    }),
    message: lowered(issue.message)
  }))

const lowered = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

const valueAt = (value: unknown, path: ConfigPath): unknown =>
  path.reduce<unknown>(
    (at, key) => (at === null || at === undefined ? undefined : (at as Record<string, unknown>)[key]),
    value
  )
