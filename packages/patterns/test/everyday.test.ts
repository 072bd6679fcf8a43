/** Patterns as people write them for guards, each on a megabyte of text that nearly matches, again and again. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import everyday from "./everyday.json" with { type: "json" }
import { loadPatterns, type Patterns } from "../src/index.ts"

interface Everyday {
  readonly regex: string
  readonly flags?: string
  readonly near: string
  readonly hit?: string
}

let patterns: Patterns
beforeAll(async () => {
  patterns = await loadPatterns()
})

const megabyte = 1_000_000
const emoji = "\u{1F600}".repeat(250_000)
const mostMs = 100

describe("a megabyte of hostile text", () => {
  for (const { regex, flags, near, hit } of everyday as ReadonlyArray<Everyday>) {
    it(`/${regex}/${flags ?? ""}`, () => {
      const pattern = timed("compiled", () => patterns.regex(regex, flags))
      if ("refused" in pattern) return assert.fail(pattern.refused)
      const text = near.repeat(Math.ceil(megabyte / near.length))
      assert.isFalse(timed("matched", () => pattern.test(text)))
      assert.isFalse(timed("matched with emoji", () => pattern.test(text + emoji)))
      if (hit === undefined) return
      assert.isTrue(new RegExp(regex, flags).test(hit))
      assert.isTrue(timed("found", () => pattern.test(text + hit)))
    })
  }
})

/** The thread's own time: other work on the machine does not count. */
const timed = <A>(what: string, run: () => A): A => {
  const since = process.threadCpuUsage()
  const result = run()
  const { user, system } = process.threadCpuUsage(since)
  assert.isBelow((user + system) / 1000, mostMs, what)
  return result
}
