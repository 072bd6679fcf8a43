import { assert, describe, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type CaseSetup,
  formatSuite,
  runCases,
  type RunOptions,
  type Session,
  type Subject,
  type SuiteResult
} from "../src/index.ts"

/** Runs cases that are written to a folder of their own; the folder is gone afterwards. */
const runTexts = async (
  texts: Readonly<Record<string, string>>,
  subject: Subject,
  options: RunOptions = {}
): Promise<SuiteResult> => {
  const folder = await mkdtemp(join(tmpdir(), "tenterhook-cases-"))
  try {
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
    const result = await runCases(["."], subject, { ...options, cwd: folder })
    return JSON.parse(JSON.stringify(result).replaceAll(folder, "")) as SuiteResult
  } finally {
    await rm(folder, { recursive: true })
  }
}

const report = (fireId: string, more: object = {}) => ({
  fireId,
  event: "pre_tool_use",
  dialect: "d",
  proceed: true,
  verdict: "abstain",
  reasons: [],
  rewrite: null,
  context: [],
  notices: [],
  halt: null,
  resume: null,
  losses: [],
  outcomes: [],
  ...more
})

/** A subject that answers as it is told and remembers what it was asked. */
const scripted = (script: Partial<Session> = {}) => {
  const seen: { setups: Array<CaseSetup>; fired: Array<{ event: string; context: any }>; closed: number } = {
    setups: [],
    fired: [],
    closed: 0
  }
  const subject: Subject = {
    name: "scripted",
    needs: ["shell", "exec"],
    open: async (setup) => {
      seen.setups.push(setup)
      return {
        fire: async (event, context) => {
          seen.fired.push({ event, context })
          return report("f1")
        },
        exec: async () => ({ exitCode: 0, stdout: "", stderr: "", start: report("f1"), end: report("f2") }),
        load: async () => ({ ok: true, notices: [] }),
        close: async () => void seen.closed++,
        ...script
      }
    }
  }
  return { subject, seen }
}

const head = "title: t\ndialect: d\n"
const failureOf = (result: SuiteResult, index = 0) => {
  const it = result.cases[index]!
  return it.status === "failed" ? it.failure : null
}

describe("what a case gets", () => {
  it("a fresh folder with its files, an environment of its own, and every value filled in", async () => {
    const texts: Record<string, string> = {}
    const modes: Array<number> = []
    let home = ""
    const { subject, seen } = scripted()
    const looking: Subject = {
      ...subject,
      open: async (setup) => {
        for (const file of ["a.sh", "deep/b.txt"]) texts[file] = await readFile(join(setup.folder, file), "utf8")
        modes.push(
          (await stat(join(setup.folder, "a.sh"))).mode & 0o777,
          (await stat(join(setup.folder, "deep/b.txt"))).mode & 0o777
        )
        home = setup.env["HOME"]!
        assert.isTrue((await stat(home)).isDirectory())
        return subject.open(setup)
      }
    }
    const text = `${head}mode: m
config: [x.json, "\${CASE_DIR}/y.json"]
env: { A: "\${CASE_DIR}/bin", PORT: 80, HOME2: "\${HOME}" }
files:
  a.sh: { mode: "0755", content: "cd \${CASE_DIR}; echo \${OTHER} $CASE_DIR" }
  deep/b.txt: "\${RECEIVER_HOOK}"
steps:
  - fire: go
    context: { "\${CASE_DIR}": { repeat: ab, times: 3 }, list: [{ repeat: x, times: 2000000 }], kept: { repeat: x, times: 2, more: 1 } }
`
    assert.strictEqual(formatSuite(await runTexts({ "a.yaml": text }, looking)), "1 passed, 0 failed, 0 skipped")
    const setup = seen.setups[0]!
    assert.notMatch(setup.folder, /\s/)
    assert.deepStrictEqual(texts, {
      "a.sh": `cd ${setup.folder}; echo \${OTHER} $CASE_DIR`,
      "deep/b.txt": "${RECEIVER_HOOK}"
    })
    assert.deepStrictEqual(modes, [0o755, 0o644])
    assert.deepStrictEqual([setup.dialect, setup.mode, setup.config], ["d", "m", ["x.json", `${setup.folder}/y.json`]])
    assert.deepStrictEqual(Object.keys(setup.env).sort(), ["A", "HOME", "HOME2", "PATH", "PORT", "USER"])
    assert.deepStrictEqual(
      [setup.env["A"], setup.env["PORT"], setup.env["HOME2"]],
      [`${setup.folder}/bin`, "80", "${HOME}"]
    )
    const { context } = seen.fired[0]!
    assert.strictEqual(context[setup.folder], "ababab")
    assert.strictEqual(context.list[0].length, 2_000_000)
    assert.deepStrictEqual(context.kept, { repeat: "x", times: 2, more: 1 })
    assert.deepStrictEqual([context.cwd, context.task], [setup.folder, { dir: setup.folder }])
    assert.deepStrictEqual([existsSync(setup.folder), existsSync(home), seen.closed], [false, false, 1])
  })

  it("its own cwd and task.dir where it names them", async () => {
    const { subject, seen } = scripted()
    await runTexts(
      { "a.yaml": `${head}steps: [{ fire: go, context: { cwd: /x, task: { dir: /y, id: 7 } } }]\n` },
      subject
    )
    assert.deepStrictEqual(seen.fired[0]!.context, { cwd: "/x", task: { dir: "/y", id: 7 } })
  })
})

describe("what fails a case", () => {
  const failing = async (steps: string, script: Partial<Session> = {}) =>
    failureOf(await runTexts({ "a.yaml": `${head}steps:\n${steps}` }, scripted(script).subject))

  it("a report that differs, with all differences and the report", async () => {
    const failure = await failing("  - fire: go\n    expect: { verdict: deny, outcomes: { length: 1 } }\n")
    assert.deepStrictEqual(
      failure?.mismatches.map(({ path }) => path),
      ["verdict", "outcomes"]
    )
    assert.deepStrictEqual(failure?.step, { number: 1, line: 4, what: "fire go" })
    assert.deepInclude(failure?.report, { fireId: "f1" })
  })

  it("a report that is none, whatever is expected", async () => {
    for (const [wrong, path] of [
      [null, ""],
      ["text", ""],
      [report("f1", { verdict: "maybe" }), "verdict"],
      [report("f1", { outcomes: undefined }), "outcomes"]
    ] as const) {
      const failure = await failing("  - fire: go\n", { fire: async () => wrong })
      assert.strictEqual(failure?.mismatches[0]?.path, path)
    }
  })

  it("proceed that does not follow from verdict and halt", async () => {
    for (const wrong of [
      { proceed: false },
      { verdict: "ask" },
      { halt: { hook: "h", reason: "r" } },
      { verdict: "deny" }
    ]) {
      const failure = await failing("  - fire: go\n", { fire: async () => report("f1", wrong) })
      assert.strictEqual(failure?.mismatches[0]?.path, "proceed")
    }
  })

  it("a rejection, in its own words; and the steps after it do not run", async () => {
    const { subject, seen } = scripted({ fire: async () => Promise.reject(new Error("no such dialect")) })
    const failure = failureOf(await runTexts({ "a.yaml": `${head}steps: [{ fire: a }, { fire: b }]\n` }, subject))
    assert.deepStrictEqual([failure?.message, failure?.step?.number, seen.closed], ["no such dialect", 1, 1])
  })

  it("a file that is there, is not there, or says something else", async () => {
    const files = "files: { here: text }\nsteps:\n  - fire: go\n    files: "
    for (const [expected, path] of [
      ["{ here: { exists: false } }", "files.here.exists"],
      ["{ gone: { content: x } }", "files.gone.exists"],
      ["{ here: { content: { contains: y } } }", "files.here.content"]
    ] as const) {
      const failure = failureOf(await runTexts({ "a.yaml": `${head}${files}${expected}\n` }, scripted().subject))
      assert.strictEqual(failure?.mismatches[0]?.path, path)
    }
    const fine = await runTexts(
      { "a.yaml": `${head}${files}{ here: { exists: true, content: text }, gone: { exists: false } }\n` },
      scripted().subject
    )
    assert.isTrue(fine.ok)
  })

  it("a config that loads and should not, or does not and should", async () => {
    const refused: Partial<Session> = { load: async () => ({ ok: false, error: "a.json:1:2: bad timeout" }) }
    assert.isNull(await failing("  - load: { error: { contains: timeout } }\n", refused))
    assert.strictEqual(
      (await failing("  - load: { error: { contains: matcher } }\n", refused))?.mismatches[0]?.path,
      "error"
    )
    assert.strictEqual((await failing("  - load: { ok: true }\n", refused))?.mismatches[0]?.path, "ok")
    assert.strictEqual((await failing("  - load: { error: { contains: timeout } }\n"))?.mismatches[0]?.path, "ok")
    assert.strictEqual(
      (await failing("  - load: { ok: true, notices: [{ any: true }] }\n"))?.mismatches[0]?.path,
      "notices"
    )
    assert.isNull(await failing("  - load: { ok: true, notices: [] }\n"))
  })

  it("a subject that does not open, or never answers", async () => {
    const { subject } = scripted()
    const shut: Subject = { ...subject, open: () => Promise.reject(new Error("no socket")) }
    assert.strictEqual(
      failureOf(await runTexts({ "a.yaml": `${head}steps: [{ fire: a }]\n` }, shut))?.message,
      "no socket"
    )
    const silent = scripted({ fire: () => new Promise(() => {}) })
    const result = await runTexts({ "a.yaml": `${head}steps: [{ fire: a }]\n` }, silent.subject, { caseLimitMs: 1000 })
    assert.strictEqual(failureOf(result)?.message, "still running after 1 s")
    assert.strictEqual(silent.seen.closed, 1)
  })

  it("a file that is no case, told and counted like any other failure", async () => {
    const result = await runTexts(
      { "a.yaml": "title: [", "b.yaml": `${head}steps: [{ fire: a }]\n` },
      scripted().subject
    )
    assert.deepStrictEqual([result.passed, result.failed, result.ok], [1, 1, false])
    assert.include(failureOf(result)?.message, "/a.yaml:1:9: not valid YAML")
  })
})

describe("what is skipped, never passed", () => {
  const skipped = async (text: string, needs: ReadonlyArray<string> = ["shell"]) => {
    const { subject, seen } = scripted()
    const result = await runTexts({ "a.yaml": head + text }, { ...subject, needs })
    assert.deepStrictEqual(
      [result.passed, result.failed, result.skipped, result.ok, seen.setups.length],
      [0, 0, 1, false, 0]
    )
    const it = result.cases[0]!
    return it.status === "skipped" ? it.reason : ""
  }
  const fire = "steps: [{ fire: a }]\n"

  it("what the subject cannot do, with the reason", async () => {
    assert.strictEqual(await skipped(`needs: [shell, tool-call]\n${fire}`), "needs tool-call; scripted has shell")
    assert.strictEqual(await skipped(`needs: [shell]\n${fire}`, []), "needs shell; scripted has none")
    assert.strictEqual(await skipped("steps: [{ exec: [a] }]\n"), "needs exec; scripted has shell")
    assert.strictEqual(await skipped("steps: [{ clock: 60s }]\n"), "needs clock; scripted has shell")
    assert.strictEqual(
      await skipped("steps: [{ fire: a, deliveries: { hook: [] } }]\n"),
      "needs webhook; scripted has shell"
    )
    assert.strictEqual(
      await skipped("steps: [{ fire: a, calls: [{ tool: x }] }]\n"),
      "needs tool-call; scripted has shell"
    )
    assert.strictEqual(
      await skipped(`receivers: { hook: { replies: [{ status: 200 }] } }\n${fire}`),
      "needs webhook; scripted has shell"
    )
  })

  it("what is for another platform", async () => {
    assert.strictEqual(await skipped(`platform: [plan9]\n${fire}`), `for plan9; this is ${process.platform}`)
  })
})

describe("the clock", () => {
  it("is moved by what the step says", async () => {
    const moved: Array<number> = []
    const { subject } = scripted({ clock: async (milliseconds) => void moved.push(milliseconds) })
    const steps = ["250ms", "60s", "1.5m", "2h", "1d"].map((clock) => `{ clock: ${clock} }`).join(", ")
    const result = await runTexts({ "a.yaml": `${head}steps: [${steps}]\n` }, { ...subject, needs: ["clock"] })
    assert.deepStrictEqual([result.passed, moved], [1, [250, 60_000, 90_000, 7_200_000, 86_400_000]])
  })
})

describe("many cases", () => {
  it("run so many at once, come back in the order of their files, and are told as they end", async () => {
    let [running, most] = [0, 0]
    const { subject } = scripted({
      fire: async () => {
        most = Math.max(most, ++running)
        const until = performance.now() + 20_000
        do await new Promise((done) => setTimeout(done, 20))
        while (most < 3 && performance.now() < until)
        running--
        return report("f1")
      }
    })
    const texts = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [
        `${index}.yaml`,
        `title: case ${index}\ndialect: d\nsteps: [{ fire: a }]\n`
      ])
    )
    const told: Array<string> = []
    const result = await runTexts(texts, subject, {
      parallel: 3,
      onResult: (it, total) => told.push(`${it.title} of ${total}`)
    })
    assert.deepStrictEqual(
      result.cases.map(({ title }) => title),
      Array.from({ length: 9 }, (_, index) => `case ${index}`)
    )
    assert.deepStrictEqual([most, told.sort()], [3, result.cases.map(({ title }) => `${title} of 9`)])
  })

  it("are narrowed by a part of their title or file", async () => {
    const texts = {
      "a.yaml": `${head}steps: [{ fire: a }]\n`,
      "b.yaml": "title: blue\ndialect: d\nsteps: [{ fire: a }]\n",
      "c.yaml": "["
    }
    const titles = async (only: string) =>
      (await runTexts(texts, scripted().subject, { only })).cases.map(({ title }) => title)
    assert.deepStrictEqual(
      [await titles("blue"), await titles("a.yaml"), await titles("c.yaml")],
      [["blue"], ["t"], ["/c.yaml"]]
    )
  })

  it("that are none are not ok", async () => {
    const result = await runTexts({ "notes.md": "" }, scripted().subject)
    assert.isFalse(result.ok)
    assert.strictEqual(formatSuite(result), "no cases found\n\n0 passed, 0 failed, 0 skipped")
  })
})

it("the result for people shows the file, the step, the place, expected and got, and the report", async () => {
  const result = await runTexts(
    {
      "a.yaml": `${head}steps:\n  - load: { ok: true }\n  - load: { ok: true, notices: [{ contains: unknown }] }\n`,
      "b.yaml": `title: elsewhere\ndialect: d\nneeds: [webhook]\nsteps: [{ fire: a }]\n`,
      "c.yaml": `title: fine\ndialect: d\nsteps: [{ fire: a }]\n`
    },
    scripted({ load: async () => ({ ok: true, notices: ["odd"] }) }).subject
  )
  assert.strictEqual(
    formatSuite(result, "/"),
    `failed: t
  a.yaml
  step 2 (line 5): load
  notices[0]
    expected text containing "unknown"
    got      "odd"
  report:
  {
    "ok": true,
    "notices": [
      "odd"
    ]
  }

skipped: elsewhere (b.yaml): needs webhook; scripted has shell, exec

1 passed, 1 failed, 1 skipped`
  )
})
