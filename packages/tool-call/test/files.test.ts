import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { openSharedFolder } from "../src/files/SharedFolder.ts"
import { call, freshFolder, toolLayer } from "./tools.ts"

const inFolder = <A, E>(use: (folder: string, secret: string) => Effect.Effect<A, E, any>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const base = yield* freshFolder
      const secret = join(base, "secret.txt")
      writeFileSync(secret, "secret")
      const folder = join(base, "shared")
      yield* Effect.provide(use(folder, secret), toolLayer({ folder })) as Effect.Effect<A, E>
      assert.strictEqual(readFileSync(secret, "utf8"), "secret", "what is outside was not touched")
      assert.deepStrictEqual(readdirSync(base).toSorted(), ["secret.txt", "shared"], "nothing was made outside")
    })
  )

describe("read_file and append_file", () => {
  it.live("the folder, its folders and files are made when they are needed", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        assert.strictEqual(
          yield* call("read_file", { path: "/shared/context.md" }),
          "tool: read_file failed: there is no /shared/context.md"
        )
        const appended = yield* call("append_file", {
          path: "/shared/a/b/run-log.md",
          content: "one\n",
          _runtime: { agent_id: "1" }
        })
        assert.deepInclude(appended, { value: { path: "/shared/a/b/run-log.md", appended: 4 } })
        yield* call("append_file", { path: "a/b/run-log.md", content: "ä\n" })
        assert.strictEqual(readFileSync(join(folder, "a/b/run-log.md"), "utf8"), "one\nä\n")
        assert.deepInclude(yield* call("read_file", { path: "/shared/a/../a/./b//run-log.md" }), {
          value: "one\nä\n",
          output: "one\nä\n"
        })
      })
    )
  )

  it.live("a text that looks like JSON stays a text", () =>
    inFolder(() =>
      Effect.gen(function* () {
        yield* call("append_file", { path: "x.json", content: '{"a":1}' })
        assert.deepInclude(yield* call("read_file", { path: "x.json" }), { value: '{"a":1}' })
      })
    )
  )

  it.live("many appends at once are all there", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* Effect.forEach(
          Array.from({ length: 40 }, (_, index) => `line ${index}\n`),
          (content) => call("append_file", { path: "log/x.md", content }),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(readFileSync(join(folder, "log/x.md"), "utf8").split("\n").length, 41)
      })
    )
  )

  const outside = [
    "../secret.txt",
    "/shared/../secret.txt",
    "/etc/passwd",
    "/sharedx/a",
    "a/../../secret.txt",
    "/",
    "/shared/a/../../..",
    ".."
  ]
  for (const path of outside) {
    it.live(`${path} is refused`, () =>
      inFolder((folder) =>
        Effect.gen(function* () {
          mkdirSync(folder)
          for (const [name, more] of [
            ["read_file", {}],
            ["append_file", { content: "x" }]
          ] as const) {
            const refused = String(yield* call(name, { path, ...more }))
            assert.strictEqual(refused, `tool: ${name} failed: ${path} is outside of /shared`)
          }
        })
      )
    )
  }

  it.live("links are followed inside, and refused when they lead out, to a file, a folder, or nowhere", () =>
    inFolder((folder, secret) =>
      Effect.gen(function* () {
        mkdirSync(join(folder, "real"), { recursive: true })
        writeFileSync(join(folder, "real/x.md"), "x")
        symlinkSync("real", join(folder, "inside"))
        symlinkSync(secret, join(folder, "file"))
        symlinkSync("..", join(folder, "up"))
        symlinkSync(join(folder, "../made.txt"), join(folder, "dangling"))
        symlinkSync("loop", join(folder, "loop"))
        assert.deepInclude(yield* call("read_file", { path: "inside/x.md" }), { value: "x" })
        const failing: ReadonlyArray<readonly [string, RegExp]> = [
          ["file", /outside of/],
          ["up/secret.txt", /outside of/],
          ["up/new/secret.txt", /outside of/],
          ["dangling", /leads nowhere/],
          ["loop", /leads nowhere|outside of/]
        ]
        for (const [path, why] of failing) {
          assert.match(String(yield* call("read_file", { path })), why, path)
          assert.match(String(yield* call("append_file", { path, content: "x" })), why, path)
        }
      })
    )
  )

  it.live("folders, pipes, bytes that are no text, NUL, long names: a sentence each", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        mkdirSync(join(folder, "sub"), { recursive: true })
        execFileSync("mkfifo", [join(folder, "pipe")])
        writeFileSync(join(folder, "binary"), Buffer.from([0xff, 0x00]))
        writeFileSync(join(folder, "large"), "x".repeat(1024 * 1024 + 1))
        const failing: ReadonlyArray<readonly [string, string]> = [
          ["/shared", "/shared is a folder, not a file"],
          ["sub", "sub is a folder, not a file"],
          ["new/", "new/ is a folder, not a file"],
          ["pipe", "pipe is no regular file"],
          ["a\0b", "a path has no NUL in it"],
          ["binary/x", "a part of binary/x is a file, not a folder"],
          ["x".repeat(300), `${"x".repeat(80)}… is too long for a path`]
        ]
        for (const [path, why] of failing) {
          assert.strictEqual(yield* call("read_file", { path }), `tool: read_file failed: ${why}`)
          assert.strictEqual(yield* call("append_file", { path, content: "x" }), `tool: append_file failed: ${why}`)
        }
        assert.strictEqual(
          yield* call("read_file", { path: "binary" }),
          "tool: read_file failed: binary is no text (UTF-8)"
        )
        assert.strictEqual(
          yield* call("read_file", { path: "large" }),
          "tool: read_file failed: large is larger than 1048576 bytes"
        )
        assert.strictEqual(
          yield* call("read_file", { path: "" }),
          "tool: read_file failed: input.path must NOT have fewer than 1 characters"
        )
      })
    )
  )

  it.live("a folder that is exchanged for one outside all the time: neither read nor written there", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const base = yield* freshFolder
        const folder = join(base, "shared")
        mkdirSync(join(folder, "d"), { recursive: true })
        mkdirSync(join(base, "out"))
        writeFileSync(join(base, "out/x"), "secret")
        writeFileSync(join(folder, "d/x"), "open")
        symlinkSync(join(base, "out"), join(folder, "link"))
        const away = "until mv -T link d; do rm -rf d; done"
        const back = "until mv -T e d; do rm -rf d; done"
        const script = `while :; do mv -T d e; ${away}; mv -T d link; ${back}; done 2>/dev/null`
        const exchanger = spawn("sh", ["-c", script], { cwd: folder, stdio: "ignore" })
        yield* Effect.addFinalizer(() => Effect.sync(() => exchanger.kill("SIGKILL")))
        const shared = openSharedFolder(folder)
        const seen = new Set<string>()
        const until = performance.now() + 1500
        for (let round = 0; performance.now() < until; round++) {
          const text = yield* Effect.promise(() => shared.read("d/x").catch(() => "refused"))
          assert.include(["open", "refused"], text)
          seen.add(text)
          const where = round % 2 === 0 ? `d/new-${round}` : `d/sub-${round}/new`
          yield* Effect.promise(() => shared.append(where, "x").catch(() => {}))
        }
        assert.include([...seen], "open")
        assert.deepStrictEqual(readdirSync(join(base, "out")), ["x"])
      })
    )
  )

  it("no path at all reaches the file beside the folder", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("..", ".", "", "shared", "a", "secret.txt", "/", "\\", "~", "%2e%2e"), {
          maxLength: 8
        }),
        async (parts) => {
          const base = mkdtempSync(join(tmpdir(), "tool-call-paths-"))
          writeFileSync(join(base, "secret.txt"), "secret")
          mkdirSync(join(base, "shared"))
          const shared = openSharedFolder(join(base, "shared"))
          for (const path of [parts.join("/"), `/${parts.join("/")}`, parts.join("")]) {
            assert.notStrictEqual(await shared.read(path).catch(() => "refused"), "secret", path)
            await shared.append(path, "x").catch(() => {})
            assert.strictEqual(readFileSync(join(base, "secret.txt"), "utf8"), "secret", path)
          }
          rmSync(base, { recursive: true })
        }
      )
    ))
})
