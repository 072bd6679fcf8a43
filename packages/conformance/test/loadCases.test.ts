import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadCases, parseCase } from "../src/index.ts"

const whole = `title: everything that the format knows
dialect: oats
mode: upstream
needs: [shell, tool-call, webhook]
platform: [linux, darwin]
files:
  coder.json: "{}"
  folder/deny.sh: { mode: "0755", content: exit 2 }
  unquoted.sh: { mode: 0755, content: exit 2 }
env: { SECRET: s3cr3t, PORT: 8080, FLAG: true }
config: [a.json, b.json]
tools:
  - { name: read_file, does: return, output: { text: hello } }
  - { name: slow, does: hang }
  - { name: broken, does: fail, error: disk full }
  - { name: mirror, does: echo }
receivers:
  hook: { replies: [{ status: 500 }, { status: 200, body: ok, headers: { a: b } }] }
endpoints:
  - { url: "\${RECEIVER_HOOK}", events: ["agent.*"], secret: whsec_x }
steps:
  - fire: pre_tool_use
    context: { sessionId: s1, tool: { name: bash, input: { command: { repeat: x, times: 3 } } } }
    expect: { proceed: false, outcomes: [{ stderr: { all: [{ contains: a }, { not: { matches: "^b" } }] } }] }
    files: { a.txt: { exists: true, content: { json: { a: 1 } } } }
    calls: [{ tool: read_file, input: { any: true } }]
    processes: { lt: 2 }
  - exec: [sh, -c, exit 0]
    expect: { exitCode: 0 }
    deliveries:
      hook:
        - { headers: { webhook-id: { startsWith: msg_ } }, body: { json: { type: x } }, verified: true }
        - { headers: { webhook-id: { same: previous } } }
  - clock: 60s
    deliveries: { hook: { length: 1 } }
  - load: { error: { contains: timeout } }
  - load: { ok: true, notices: [{ contains: unknown event }] }
`

const problemsOf = (text: string) => {
  const loaded = parseCase("case.yaml", text)
  return loaded._tag === "broken" ? loaded.problems : []
}

it("the whole format loads", () => {
  const loaded = parseCase("case.yaml", whole)
  assert.deepStrictEqual(loaded._tag === "broken" ? loaded.problems : loaded._tag, "case")
  assert.deepStrictEqual(loaded._tag === "case" && loaded.stepLines, [22, 28, 34, 36, 37])
})

describe("a mistake is told with file, line and column", () => {
  const head = "title: t\ndialect: oats\n"
  const table: ReadonlyArray<readonly [text: string, problem: string]> = [
    ["", "case.yaml:1:1: expected a case, got an empty file"],
    ["- 1\n", "case.yaml:1:1: expected a case (an object with title, dialect and steps), got [1]"],
    ["title: [\n", "not valid YAML"],
    ["title: t\ntitle: u\n", "case.yaml:2:1: not valid YAML: Map keys must be unique"],
    ["title: !tag x\n", "case.yaml:1:8: not valid YAML: Unresolved tag"],
    ["title: a\n---\ntitle: b\n", "expected one case in a file, got 2"],
    ["dialect: oats\nsteps: [{ load: { ok: true } }]\n", `case.yaml:1:1: title: missing key "title"`],
    [`${head}steps: []\n`, "case.yaml:3:1: steps: expected a list of at least one step, got []"],
    [`${head}stepz: 1\nsteps: [{ load: { ok: true } }]\n`, `case.yaml:3:1: stepz: unknown key "stepz"`],
    [`${head}steps:\n  - fire: x\n    expekt: {}\n`, `case.yaml:5:5: steps[0].expekt: unknown key "expekt"`],
    [`${head}steps:\n  - {}\n`, "case.yaml:4:5: steps[0]: expected a step with exactly one of fire, exec, load, clock"],
    [`${head}steps:\n  - { fire: x, clock: 1s }\n`, "case.yaml:4:5: steps[0]: expected a step with exactly one of"],
    [`${head}steps:\n  - clock: soon\n`, `steps[0].clock: expected a duration as 500ms`],
    [`${head}steps:\n  - exec: []\n`, "steps[0].exec: expected a command and its arguments"],
    [`${head}steps:\n  - load: {}\n`, "steps[0].load: expected {ok: true}"],
    [
      `${head}steps:\n  - fire: x\n    expect: { a: [{ contains: 5 }] }\n`,
      "case.yaml:5:21: steps[0].expect.a[0].contains: contains: expected a text, got 5"
    ],
    [`${head}steps:\n  - fire: x\n    expect: { matches: "(" }\n`, "expected a regular expression"],
    [`${head}steps:\n  - fire: x\n    expect: { not: { length: -1 } }\n`, "length: expected a whole number"],
    [`${head}steps:\n  - fire: x\n    expect: { same: earlier }\n`, `same: expected "previous"`],
    [`${head}steps:\n  - fire: x\n    expect: { a: { absent: false } }\n`, "{not: {absent: true}}"],
    [`${head}steps:\n  - fire: x\n    expect: { unordered: 1 }\n`, "unordered: expected a list of matchers"],
    [`${head}steps:\n  - fire: x\n    files: { a: { exist: true } }\n`, `unknown key "exist"`],
    [`${head}steps:\n  - fire: x\n    deliveries: { hook: [{ header: {} }] }\n`, `unknown key "header"`],
    [`${head}files: { ../up: x }\nsteps: [{ load: { ok: true } }]\n`, "expected a path below the case's folder"],
    [`${head}files: { /up: x }\nsteps: [{ load: { ok: true } }]\n`, "expected a path below the case's folder"],
    [`${head}files: { a: { mode: "0999", content: x } }\nsteps: [{ load: { ok: true } }]\n`, `octal digits in quotes`],
    [
      `${head}tools: [{ name: a, does: fly }]\nsteps: [{ load: { ok: true } }]\n`,
      "a tool that does return, hang, fail or echo"
    ]
  ]
  for (const [text, problem] of table) {
    it(problem, () => {
      const problems = problemsOf(text)
      assert.isTrue(
        problems.some((it) => it.includes(problem)),
        problems.join("\n")
      )
    })
  }

  it("all of them at once", () => {
    assert.lengthOf(problemsOf(`title: ""\ndialekt: x\nsteps:\n  - fire: ""\n    a: 1\n  - exec: 5\n`), 6)
  })
})

it("no text makes it throw", () => {
  const lines = whole.split("\n")
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.string({ unit: "binary" }), fc.nat(whole.length), (line, junk, at) => {
      const texts = [
        junk,
        whole.slice(0, at) + junk + whole.slice(at),
        lines.with(line, junk).join("\n"),
        whole.slice(at)
      ]
      for (const text of texts) assert.include(["case", "broken"], parseCase("case.yaml", text)._tag)
    }),
    { seed: 20261121, numRuns: 150 }
  )
})

it("folders are read to the bottom, once, in order; what is no case is told, not thrown", async () => {
  const root = await mkdtemp(join(tmpdir(), "tenterhook-load-"))
  try {
    await mkdir(join(root, "b/deep"), { recursive: true })
    await mkdir(join(root, ".hidden"))
    await mkdir(join(root, "node_modules"))
    for (const file of ["b/deep/2.yml", "b/1.yaml", "a.yaml", ".hidden/x.yaml", "node_modules/x.yaml"])
      await writeFile(join(root, file), whole)
    await writeFile(join(root, "notes.md"), "no case")
    await writeFile(join(root, "c.yaml"), "title: [")
    await symlink(root, join(root, "b/loop"))
    const loaded = await loadCases([".", "a.yaml", "nowhere", "notes.md"], root)
    assert.deepStrictEqual(
      loaded.map((it) => `${it._tag} ${it.file.slice(root.length + 1)}`),
      ["case a.yaml", "case b/1.yaml", "case b/deep/2.yml", "broken c.yaml", "broken nowhere", "broken notes.md"]
    )
    assert.deepStrictEqual(
      loaded.flatMap((it) => (it._tag === "broken" && it.file.endsWith("nowhere") ? it.problems : [])),
      ["nowhere: no such file or folder"]
    )
  } finally {
    await rm(root, { recursive: true })
  }
})
