import { assert, it } from "@effect/vitest"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { adapterRules, dialectRules, matcherWords } from "../src/index.ts"

const page = await readFile(join(import.meta.dirname, "../../../docs/conformance.md"), "utf8")

it("the documentation quotes every promise, by its number and word for word", () => {
  for (const { id, title } of [...adapterRules, ...dialectRules]) assert.include(page, `| ${id} | ${title} |`)
})

it("the promises are numbered from 1, without a gap", () => {
  assert.deepStrictEqual(
    adapterRules.map(({ id }) => id),
    adapterRules.map((_, index) => `ADP-${index + 1}`)
  )
  assert.deepStrictEqual(
    dialectRules.map(({ id }) => id),
    dialectRules.map((_, index) => `DIA-${index + 1}`)
  )
})

it("the documentation names every matcher", () => {
  for (const word of matcherWords) assert.include(page, `{${word}: `)
})
