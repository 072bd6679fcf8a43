/** Looks for what loads and is probably not meant. Every rule goes by what all dialects have in common. */
import type { Dialect, HookSet } from "@tenterhook/core"
import { readFileSync } from "node:fs"
import { brokenScript } from "./brokenScript.ts"
import { exitOne } from "./exitOne.ts"
import { type Finding, findingOf, type Rule } from "./Finding.ts"
import { longValue } from "./longValue.ts"
import { neverMatches } from "./neverMatches.ts"
import { missingScript } from "./missingScript.ts"
import { timeUnit } from "./timeUnit.ts"
import { toolName } from "./toolName.ts"
import { tryOut } from "./tryOut.ts"
import { unknownName } from "./unknownName.ts"

export const lint = async (sets: ReadonlyArray<HookSet>): Promise<ReadonlyArray<Finding>> => {
  const dialects = Object.values((await import("@tenterhook/dialects")) as Record<string, unknown>).filter(isDialect)
  const findings: Array<Finding> = []
  for (const set of sets) {
    const dialect = dialects.find((one) => one.id === set.dialect)
    if (dialect === undefined) continue
    const text = set.file === null ? null : readText(set.file)
    for (const hook of set.hooks) {
      if (!hook.enabled) continue
      const subject = { set, hook, dialect, text, trial: tryOut(hook, dialect, set.mode) }
      for (const rule of rules) {
        for (const remark of rule(subject)) findings.push(findingOf(subject, remark))
      }
    }
  }
  return findings
}

const rules: ReadonlyArray<Rule> = [
  neverMatches,
  toolName,
  timeUnit,
  missingScript,
  brokenScript,
  exitOne,
  longValue,
  unknownName
]

const isDialect = (value: unknown): value is Dialect => typeof value === "object" && value !== null && "encode" in value

const readText = (file: string) => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return null
  }
}
