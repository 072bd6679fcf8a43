/** A config that cannot be loaded: every problem found in it, each with its place. */
import { Schema } from "effect"

/** One thing that is wrong. Lines and columns count from 1; the path is dotted: `hooks[2].timeout`. */
export const ConfigProblem = Schema.Struct({
  file: Schema.NullOr(Schema.String),
  line: Schema.NullOr(Schema.Int),
  column: Schema.NullOr(Schema.Int),
  path: Schema.String,
  /** What was expected, what came, and how to mend it. */
  text: Schema.String
})
export type ConfigProblem = typeof ConfigProblem.Type

export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  dialect: Schema.String,
  problems: Schema.Array(ConfigProblem)
}) {
  override get message() {
    return this.problems.map(formatProblem).join("\n")
  }
}

/** `coder.json:3:17: hooks[0].timeout: expected …` */
export const formatProblem = (problem: Omit<ConfigProblem, "path"> & { readonly path?: string }): string => {
  const place = [problem.file ?? "(config)", problem.line, problem.line === null ? null : problem.column]
  const path = problem.path === undefined || problem.path === "" ? "" : `${problem.path}: `
  return `${place.filter((part) => part !== null).join(":")}: ${path}${problem.text}`
}
