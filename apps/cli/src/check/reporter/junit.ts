/** JUnit XML: a test case for each config. */
import { formatNotice } from "../../openHooks.ts"
import { shortPath } from "../../show/shortPath.ts"
import { type Remark, remarksOf } from "../Remark.ts"
import type { CheckResult, Reporter } from "./Reporter.ts"

export const junit: Reporter = (result) => {
  const cases = casesOf(result)
  const failures = cases.filter(({ failures }) => failures.length > 0).length
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0"`
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="tenterhook check" ${counts}>`,
    `  <testsuite name="tenterhook check" ${counts}>`,
    ...cases.flatMap(formatCase),
    `  </testsuite>`,
    `</testsuites>`
  ].join("\n")
}

interface TestCase {
  readonly name: string
  readonly failures: ReadonlyArray<Remark>
  readonly warnings: ReadonlyArray<Remark>
}

const casesOf = (result: CheckResult): ReadonlyArray<TestCase> => {
  const remarks = remarksOf(result)
  const isFailure = ({ level }: Remark) => level === "error" || result.strict
  const names = [...result.sets, ...remarks].map(({ file }) => nameOf(file))
  return [...new Set(names)].map((name) => {
    const own = remarks.filter(({ file }) => nameOf(file) === name)
    return { name, failures: own.filter(isFailure), warnings: own.filter((remark) => !isFailure(remark)) }
  })
}

const nameOf = (file: string | null) => (file === null ? "(without a file)" : shortPath(file))

const formatCase = ({ name, failures, warnings }: TestCase): ReadonlyArray<string> => {
  const head = `    <testcase classname="tenterhook.check" name="${escape(name)}"`
  if (failures.length + warnings.length === 0) return [`${head}/>`]
  const [first] = failures
  return [
    `${head}>`,
    ...(first === undefined
      ? []
      : [`      <failure type="${first.level}" message="${escape(first.text)}">${linesOf(failures)}</failure>`]),
    ...(warnings.length === 0 ? [] : [`      <system-out>${linesOf(warnings)}</system-out>`]),
    `    </testcase>`
  ]
}

const linesOf = (remarks: ReadonlyArray<Remark>) =>
  escape(remarks.map((remark) => `${remark.level} ${formatNotice(remark)}`).join("\n"))

/** For content and attributes. XML 1.0 has no way to write most control characters and half surrogate pairs. */
const escape = (text: string) =>
  text
    .toWellFormed()
    .replace(/[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"'\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`)
