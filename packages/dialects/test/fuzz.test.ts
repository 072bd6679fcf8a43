/** Spoilt configs and outputs: nothing crashes, nothing hangs, every refusal has its place, no deny is lost. `bench/fuzz` runs more of them. */
import { assert, describe, it } from "@effect/vitest"
import { check, dialects } from "./fuzz/check.ts"
import { fuzz } from "./fuzz/fuzz.ts"

const runs = 10_000
const seed = Number(process.env["TENTERHOOK_FUZZ_SEED"] ?? 20_261_121)

describe(`fuzz, TENTERHOOK_FUZZ_SEED=${seed}`, () => {
  it.each(["config", "output"] as const)(
    `${runs} of them: %s`,
    async (kind) => {
      const result = await fuzz({ kind, runs, seed })
      assert.deepStrictEqual(result.broken, [])
      assert.strictEqual(result.runs, runs)
    },
    240_000
  )

  it("knows every dialect", () => {
    assert.includeMembers(
      dialects.map(({ id }) => id),
      ["native", "wegent", "youbencha", "errata", "oats"]
    )
  })

  it("finds the same again", async () => {
    assert.strictEqual(await check("config", 1, 7), await check("config", 1, 7))
  })
})
