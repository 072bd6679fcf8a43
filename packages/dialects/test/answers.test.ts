/** The rule of answers, as a property: 10,000 generated ones. `bench/fuzz --answers 1000000` runs more of them. */
import { anyAnswer, anyDeny, chance } from "@tenterhook/conformance"
import { assert, describe, it } from "@effect/vitest"
import { checkAnswer, countText, noAnswers } from "./fuzz/checkAnswer.ts"
import { fuzz } from "./fuzz/fuzz.ts"

const runs = 10_000
const seed = Number(process.env["TENTERHOOK_FUZZ_SEED"] ?? 20_261_129)

describe(`answers, TENTERHOOK_FUZZ_SEED=${seed}`, () => {
  it(`${runs} of them: no closed gate proceeds on a deny, no open one without a notice, and text never denies`, async () => {
    const { broken, answers } = await fuzz({ kind: "answer", runs, seed })
    assert.deepStrictEqual(broken, [])
    assert.isAbove(answers.ours.asSaid / answers.ours.all, 0.35, countText(answers))
    assert.strictEqual(answers.texts.asSaid, answers.texts.all, countText(answers))
  }, 240_000)

  it("are the same for the same chance", () => {
    assert.deepStrictEqual(anyAnswer(chance(7)), anyAnswer(chance(7)))
    assert.strictEqual(checkAnswer(seed, 3, noAnswers()), checkAnswer(seed, 3, noAnswers()))
  })

  it("come in every dress and encoding", () => {
    const found = new Set(
      Array.from({ length: 3000 }, (_, run) => anyDeny(chance(run)).how).flatMap((how) => how.split(", "))
    )
    for (const part of ["Cursor", "coloured", "cut off", "UTF-16BE", "alone", "in text", "as Python writes it"])
      assert.include([...found], part)
  })
})
