/** The examples load as they stand. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { ShellAction } from "@tenterhook/core"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { native } from "../../src/index.ts"

const folder = join(import.meta.dirname, "../../../../examples/native")
const shell = { kind: "shell", action: ShellAction as Schema.Decoder<any>, start: () => Effect.die("not started here") }

describe("examples/native", () => {
  it.effect.each(globSync("*.{yaml,json}", { cwd: folder }))("%s loads without a notice", (file) =>
    Effect.gen(function* () {
      const text = readFileSync(join(folder, file), "utf8")
      const set = yield* native.load({ _tag: "text", file, folder, text }, { mode: "documented", adapters: [shell] })
      assert.isNotEmpty(set.hooks)
      assert.deepStrictEqual(set.notices, [])
    })
  )
})
