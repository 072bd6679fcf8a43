import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Bench, type Behaviour } from "@tenterhook/conformance"
import { suite } from "@tenterhook/conformance/vitest"
import type { ShellAction } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import { defaultLimits } from "../src/Host.ts"
import { eventually, killAll, shellLayer, uniqueSleep, withArgument } from "./shell.ts"

/** Processes are told by the length of their sleep; a line in a file says that an action has begun, another that it spoke. */
const benchLayer = Layer.effect(
  Bench,
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "shell-contract-"))),
      (it) => Effect.sync(() => rmSync(it, { recursive: true, force: true }))
    )
    const hold = uniqueSleep()
    yield* Effect.addFinalizer(() => Effect.sync(() => killAll(withArgument(hold))))
    const notes = join(folder, "notes")
    writeFileSync(notes, "")
    const noted = (word: string) =>
      readFileSync(notes, "utf8")
        .split("\n")
        .filter((line) => line === word).length

    const line = (behaviour: Behaviour): string => {
      const spoken = `echo spoken >>${notes}`
      switch (behaviour._tag) {
        case "Replies":
          return `printf %s '${behaviour.saying}'; printf %s '${behaviour.aside}' >&2; exit ${behaviour.status}`
        case "Hangs":
          return `printf %s '${behaviour.saying}'; setsid sleep ${hold} & sleep ${hold} & ${spoken}; wait`
        case "Stubborn":
          return `trap '' TERM; printf %s '${behaviour.saying}'; ${spoken}; sleep ${hold}; sleep ${hold}`
        case "Missing":
          return "exit 0"
        case "Floods":
          return `printf ${behaviour.head}; head -c ${behaviour.bytes - behaviour.head.length - behaviour.tail.length} /dev/zero | tr '\\0' -; printf ${behaviour.tail}`
        case "Digests":
          return `cat >${folder}/payload; echo "$(wc -c <${folder}/payload) $(sha256sum <${folder}/payload | cut -d' ' -f1)"`
        case "Ignores":
          return `printf %s '${behaviour.saying}'`
        case "Dies":
          return "kill -KILL $$"
        case "Leaves":
          return `printf %s '${behaviour.saying}'; sleep ${hold} &`
      }
    }
    return Bench.of({
      kind: "shell",
      capabilities: {
        speaks: "output",
        partial: true,
        status: true,
        diagnostics: true,
        outputLimitBytes: defaultLimits.outputBytes,
        payload: true,
        missing: true,
        stubborn: true,
        dies: "signal",
        leaves: true
      },
      arrange: (behaviour) =>
        Effect.sync((): ShellAction => ({
          kind: "shell",
          run: { command: `echo begun >>${notes}; ${line(behaviour)}` },
          env: { base: ["PATH"], set: {} },
          cwd: folder,
          stdin: "payload",
          mkdir: [],
          ...(behaviour._tag === "Missing" ? { mustExist: "not-there.sh" } : {})
        })),
      alive: Effect.sync(() => withArgument(hold).length),
      begun: Effect.sync(() => (readdirSync(folder).includes("notes") ? noted("begun") : 0)),
      spoken: Effect.flatMap(
        eventually(() => noted("spoken") > 0),
        (it) => (it ? Effect.void : Effect.fail("it did not speak"))
      )
    })
  })
)

suite("shell", Layer.unwrap(Effect.sync(() => Layer.merge(shellLayer(), Layer.fresh(benchLayer)))))
