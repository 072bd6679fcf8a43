/** The values that youBencha gives its scripts, and how they are written into arguments and variables. */
import type { EventContext } from "@tenterhook/core"
import type { List, TestCase } from "./Config.ts"

/** Variables by name, in the order in which the product replaces them. A name without a value is absent. */
export type Values = Readonly<Record<string, string>>

const preNames = ["WORKSPACE_DIR", "REPO_DIR", "ARTIFACTS_DIR", "TEST_CASE_NAME", "REPO_URL", "BRANCH"] as const
const postNames = ["RESULTS_PATH", "ARTIFACTS_DIR", "WORKSPACE_DIR", "TEST_CASE_NAME", "OVERALL_STATUS"] as const

const valueNames: Readonly<Record<List, ReadonlyArray<string>>> = {
  pre_execution: preNames,
  post_evaluation: postNames
}

/** In `upstream` mode a branch that nobody knows is there, and empty. */
export const valuesOf = (list: List, context: EventContext, testCase: TestCase, mode: string): Values => {
  const { task = {}, cwd } = context
  const workspace = known(task.workspaceDir) ?? cwd
  const shared = {
    WORKSPACE_DIR: workspace,
    ARTIFACTS_DIR: known(task.artifactsDir)
  }
  const name = known(task.name)
  if (list === "post_evaluation") {
    return present(postNames, {
      ...shared,
      RESULTS_PATH: known(context.resultsPath),
      TEST_CASE_NAME: name ?? textAt(context.results, "test_case", "name") ?? testCase.name,
      OVERALL_STATUS: known(context.status) ?? textAt(context.results, "summary", "overall_status")
    })
  }
  return present(preNames, {
    ...shared,
    REPO_DIR: known(task.repoDir) ?? workspace,
    TEST_CASE_NAME: name ?? testCase.name,
    REPO_URL: known(task.repoUrl) ?? testCase.repo,
    BRANCH: known(task.branch) ?? testCase.branch ?? (mode === "upstream" ? "" : undefined)
  })
}

/** Every `${NAME}` that has a value; the others stay as they are. What a value says is never looked at again. */
export const replaceAll = (text: string, values: Values): string =>
  text.replace(placeholder, (whole, name: string) => own(values, name) ?? whole)

/** As the product does: the first occurrence of each name, one after the other, with the patterns of JavaScript's replace. */
export const replaceFirst = (text: string, values: Values): string =>
  Object.entries(values).reduce((result, [name, value]) => result.replace(`\${${name}}`, value), text)

/** The texts with every `${NAME}` replaced by a value of the hook's or a variable of the host's. */
export const filled = (
  texts: Readonly<Record<string, string>> | undefined,
  values: Values,
  { env }: EventContext
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts ?? {}).map(([name, text]) => [name, replaceAll(text, { ...env, ...values })]))

/** One sentence for each `${NAME}` that neither the hook's values nor the host's variables have. */
export const missingIn = (
  texts: Readonly<Record<string, string>> | undefined,
  within: string,
  list: List,
  values: Values,
  { env }: EventContext
): ReadonlyArray<string> =>
  Object.entries(texts ?? {}).flatMap(([key, text]) =>
    [...new Set(unknownNames(text, { ...env, ...values }))].map((name) =>
      valueNames[list].includes(name)
        ? `${within}${key}: expected a value for \${${name}}, but nothing is known of it in this run`
        : `${within}${key}: expected a value for \${${name}}, found none in the host's environment: set ${name}`
    )
  )

/** The names in a text that have no value. */
const unknownNames = (text: string, values: Values): ReadonlyArray<string> =>
  [...text.matchAll(placeholder)].map(([, name]) => name!).filter((name) => own(values, name) === undefined)

const placeholder = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

const present = (names: ReadonlyArray<string>, values: Readonly<Record<string, string | undefined>>): Values =>
  Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])))

const own = (values: Values, name: string) => (Object.hasOwn(values, name) ? values[name] : undefined)

/** A value that is there and not blank. */
export const known = (text: string | undefined) => (text === undefined || text.trim() === "" ? undefined : text)

const textAt = (value: unknown, ...path: ReadonlyArray<string>): string | undefined => {
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return typeof value === "string" ? value : undefined
}
