/** Dialects with plain objects: what `load`, `encode` and `decode` may return, and that no fault of theirs lets a call through unseen. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ConfigError, createHooks, type Hooks, type PlainDialect, type PlainHook } from "../src/index.ts"

let folder: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-plain-")))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Rule {
  readonly when: string
  readonly command?: string
  readonly required?: boolean
}

const rulesOf = (value: unknown) => (value as { readonly rules: ReadonlyArray<Rule> }).rules

const cascade: PlainDialect = {
  id: "cascade",
  title: "Cascade, rules",
  files: ["cascade.yaml", "cascade.json"],
  events: { before_tool: "pre_tool_use", before_end: { event: "stop", class: "loop" }, deployed: "cascade:deployed" },
  load: ({ value }) =>
    rulesOf(value).map(({ when, command, required }, index): PlainHook => ({
      on: when,
      run: command,
      onFailure: required === true ? "block" : "continue",
      at: ["rules", index]
    }))
}

const yaml = `rules:
  - when: before_tool
    command: cat
  - { when: before_tool, command: exit 2 }
  - when: before_end
    command: echo go on >&2; exit 2
`

const open = (dialect: PlainDialect, text: string = yaml, more: object = {}): Promise<Hooks> =>
  createHooks({ cwd: folder, dialects: [dialect], config: { file: "cascade.yaml", text }, ...more })

const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  return assert.fail("did not reject")
}

const refusal = async (dialect: PlainDialect, text?: string): Promise<string> => {
  const error = await rejection(open(dialect, text))
  assert.instanceOf(error, ConfigError)
  return error.message
}

const bash = { tool: { name: "bash", input: { command: "ls" } } }

describe("load", () => {
  it("gives hooks with the product's names and their lines", async () => {
    await using hooks = await open(cascade)
    const [set] = hooks.sets
    assert.deepInclude(set, { dialect: "cascade", mode: "documented", file: "cascade.yaml" })
    assert.deepStrictEqual(
      set!.hooks.map(({ name, index, nativeEvent, events, source }) => [name, index, nativeEvent, events, source.line]),
      [
        ["before_tool[0]", 0, "before_tool", ["pre_tool_use"], 2],
        ["before_tool[1]", 1, "before_tool", ["pre_tool_use"], 4],
        ["before_end[0]", 0, "before_end", ["stop"], 5]
      ]
    )
  })

  it("a config is found by its name, in the folder or above", async () => {
    writeFileSync(join(folder, "cascade.json"), `{ "rules": [{ "when": "before_tool", "command": "exit 2" }] }`)
    await using hooks = await createHooks({ cwd: folder, dialects: [cascade] })
    assert.deepStrictEqual(
      hooks.sets.map(({ dialect, file }) => [dialect, file]),
      [["cascade", join(folder, "cascade.json")]]
    )
    assert.isFalse((await hooks.fire("before_tool", bash)).proceed)
  })

  it("events go by the product's names and by the canonical ones", async () => {
    await using hooks = await open(cascade)
    for (const name of ["before_tool", "pre_tool_use"]) assert.isFalse((await hooks.fire(name, bash)).proceed)
    assert.deepInclude((await hooks.fire("before_end", {})).resume, { reason: "go on" })
  })

  it("notices an event that the dialect does not have, and the hook never runs", async () => {
    await using hooks = await open(cascade, "rules:\n  - { when: befor_tool, command: exit 2 }\n")
    assert.deepStrictEqual(hooks.notices, [
      {
        file: "cascade.yaml",
        line: 2,
        column: 5,
        text: `rules[0]: unknown event "befor_tool"; did you mean "before_tool"?; the hook never runs for it`
      }
    ])
    assert.isTrue((await hooks.fire("before_tool", bash)).proceed)
  })

  it("reports all problems that it finds, with their places", async () => {
    const strict: PlainDialect = {
      ...cascade,
      load: ({ value, problem, notice }) => {
        rulesOf(value).forEach(({ command }, index) => {
          if (command === undefined) problem(["rules", index, "when"], `expected a command for ${index}`)
        })
        problem(2, "an old line")
        notice([], "not shown where there are problems")
        return []
      }
    }
    const message = await refusal(strict, "rules:\n  - { when: a }\n  - { when: b }\n")
    assert.deepStrictEqual(message.split("\n"), [
      "cascade.yaml:2:13: rules[0].when: expected a command for 0",
      "cascade.yaml:2:1: an old line",
      "cascade.yaml:3:13: rules[1].when: expected a command for 1"
    ])
  })

  it("a text in another format has its lines", async () => {
    const lines: PlainDialect = {
      ...cascade,
      load: ({ text }) =>
        text!.split("\n").flatMap((line, index) => {
          const [when, command] = line.split(" = ")
          return command === undefined ? [] : [{ on: when!, run: command, at: index + 1 }]
        })
    }
    await using hooks = await open(lines, "# rules: {\nbefore_tool = exit 2\n")
    assert.strictEqual(hooks.sets[0]!.hooks[0]!.source.line, 2)
    assert.isFalse((await hooks.fire("before_tool", bash)).proceed)
  })

  const faults: ReadonlyArray<readonly [title: string, load: () => unknown, text: string, message: string | RegExp]> = [
    [
      "a fault in load",
      () => (undefined as never as { rules: 1 }).rules,
      yaml,
      `cascade.yaml:1:1: the dialect "cascade" failed in load: TypeError: Cannot read properties of undefined (reading 'rules')`
    ],
    [
      "an error that it throws",
      () => {
        throw new Error("expected version 2")
      },
      yaml,
      "cascade.yaml:1:1: expected version 2"
    ],
    [
      "an error of a parser, with its place",
      () => {
        throw Object.assign(new SyntaxError("unexpected ]"), { line: 3, column: 7 })
      },
      yaml,
      "cascade.yaml:3:7: SyntaxError: unexpected ]"
    ],
    ["a promise that rejects", () => Promise.reject(new Error("no rules")), yaml, "cascade.yaml:1:1: no rules"],
    [
      "nothing",
      () => undefined,
      yaml,
      `cascade.yaml:1:1: expected load of the dialect "cascade" to return a list of hooks, or { hooks, policy }, got nothing`
    ],
    ["a hook in place of a list", () => ({ on: "before_tool" }), yaml, /expected load .* to return a list of hooks/],
    [
      "no hook",
      () => [7],
      yaml,
      "cascade.yaml:1:1: hook 0: expected an object with on, and one of run, call, post, action, got 7"
    ],
    [
      "a hook without an event",
      () => [{ run: "ls", at: ["rules", 1] }],
      yaml,
      `cascade.yaml:4:5: rules[1]: hook 0: expected on to be an event, a list of events, or "*", got nothing`
    ],
    [
      "a hook that does nothing",
      () => [{ on: "before_tool", at: ["rules", 1] }],
      yaml,
      /^cascade\.yaml:4:5: rules\[1\]: .*run, call, post/
    ],
    [
      "a value of the wrong kind",
      () => [{ on: "before_tool", run: "ls", timeout: 5, at: ["rules", 0] }],
      yaml,
      /^cascade\.yaml:2:5: rules\[0\]: timeout: expected a time with its unit/
    ],
    [
      "a place that is none",
      () => [{ on: "before_tool", run: "ls", at: { line: 1 } }],
      yaml,
      /hook 0: expected at to be a list of keys and indexes, or a line, got \{"line":1\}/
    ],
    [
      "matches that is no function",
      () => [{ on: "before_tool", run: "ls", matches: "bash" }],
      yaml,
      /hook 0: expected matches to be a function, got "bash"/
    ],
    [
      "an unknown kind of action",
      () => [{ on: "before_tool", action: { kind: "shuot" }, at: 3 }],
      yaml,
      /^cascade\.yaml:3:1: action\.kind: no adapter for the kind "shuot"/
    ],
    [
      "a wrong policy",
      () => ({ hooks: [], policy: { order: "any" } }),
      yaml,
      /^cascade\.yaml:1:1: policy\.order: expected sequential or parallel/
    ]
  ]
  for (const [title, load, text, expected] of faults) {
    it(`${title}: refused`, async () => {
      const message = await refusal({ ...cascade, load: load as PlainDialect["load"] }, text)
      if (typeof expected === "string") assert.strictEqual(message, expected)
      else assert.match(message, expected)
      assert.notInclude(message, "    at ")
    })
  }

  it("a config that does not parse: refused with its place", async () => {
    assert.match(await refusal(cascade, "rules:\n  - when: [\n"), /^cascade\.yaml:\d:\d+: not valid YAML: /)
  })

  it("a dialect that was named and has no config: refused", async () => {
    const looking = (files: ReadonlyArray<string>) =>
      rejection(createHooks({ cwd: folder, dialects: [{ ...cascade, files }], dialect: "cascade" }))
    const { message } = await looking(["other.yaml"])
    assert.include(message, `no hook config: looked for other.yaml in ${folder}; name one with config`)
    assert.include((await looking([])).message, "no hook config: the dialect has no file names to look for; name one")
  })
})

describe("recognizes", () => {
  const byValue: PlainDialect = {
    ...cascade,
    recognizes: ({ value }) => Array.isArray((value as { readonly rules?: unknown } | null | undefined)?.rules)
  }

  it("finds a config of another name before our dialects do", async () => {
    await using hooks = await createHooks({
      cwd: folder,
      dialects: [byValue],
      config: { file: "other.json", text: `{ "rules": [], "hooks": [{ "event": "pre_tool_use", "command": "ls" }] }` }
    })
    assert.strictEqual(hooks.sets[0]!.dialect, "cascade")
  })

  it("is not asked about a file with the name of our own format", async () => {
    const greedy: PlainDialect = { ...cascade, recognizes: () => true, load: () => [] }
    await using hooks = await createHooks({
      cwd: folder,
      dialects: [greedy],
      config: { file: "conf/tenterhook.yaml", text: "hooks: [{ on: pre_tool_use, run: exit 2 }]" }
    })
    assert.strictEqual(hooks.sets[0]!.dialect, "native")
  })

  for (const [recognizes, message] of [
    [
      () => {
        throw new Error("no licence")
      },
      `the dialect "cascade" failed in recognizes: no licence`
    ],
    [() => undefined, `the dialect "cascade" returned nothing from recognizes; expected true or false`]
  ] as const) {
    it(message, async () => {
      const dialect = { ...cascade, recognizes: recognizes as never }
      const config = { file: "any.yaml", text: yaml }
      const error = await rejection(createHooks({ cwd: folder, dialects: [dialect], config }))
      assert.strictEqual(error.message, message)
    })
  }
})

describe("encode", () => {
  it("by default a hook receives the event and its context", async () => {
    await using hooks = await open(cascade)
    const report = await hooks.fire("before_tool", bash)
    assert.deepInclude(JSON.parse(report.outcomes[0]!.stdout), { event: "pre_tool_use", ...bash })
  })

  it("gives a payload and variables of the product's own", async () => {
    const own: PlainDialect = {
      ...cascade,
      encode: ({ on, data }, fire) => ({
        payload: { on, fired: fire.on, data, tool: fire.context.tool?.name },
        env: { CASCADE: fire.event }
      }),
      load: () => [{ on: ["before_tool", "deployed"], run: `cat; printf " $CASCADE" >&2`, data: 7 }]
    }
    await using hooks = await open(own)
    const [outcome] = (await hooks.fire("before_tool", bash)).outcomes
    assert.deepStrictEqual(JSON.parse(outcome!.stdout), {
      on: ["before_tool", "deployed"],
      fired: "before_tool",
      data: 7,
      tool: "bash"
    })
    assert.strictEqual(outcome!.stderr, " pre_tool_use")
    assert.strictEqual((await hooks.fire("cascade:deployed", {})).outcomes[0]!.stderr, " cascade:deployed")
  })

  it("gives a text, bytes, or a value to a function", async () => {
    const seen: Array<unknown> = []
    const payloads: Array<unknown> = ["a text", new TextEncoder().encode("bytes"), { a: 1 }]
    const own: PlainDialect = {
      ...cascade,
      encode: () => ({ payload: payloads.shift() }),
      load: () => [
        { on: "before_tool", run: "cat" },
        { on: "before_tool", run: "cat" },
        { on: "before_tool", run: (payload: unknown) => void seen.push(payload) }
      ]
    }
    await using hooks = await open(own)
    const { outcomes } = await hooks.fire("before_tool", bash)
    assert.deepStrictEqual(
      outcomes.map(({ stdout }) => stdout),
      ["a text", "bytes", ""]
    )
    assert.deepStrictEqual(seen, [{ a: 1 }])
  })
})

describe("decode", () => {
  /** As git hooks: anything but 0 is a no. */
  const likeGit: PlainDialect = {
    ...cascade,
    decode: (_, __, { exitCode, stderr }) => (exitCode === 0 ? {} : { verdict: "deny", reason: stderr.trim() })
  }

  it("judges a reply by the product's rules", async () => {
    await using hooks = await open(likeGit, "rules: [{ when: before_tool, command: echo never >&2; exit 1 }]")
    assert.deepInclude(await hooks.fire("before_tool", bash), {
      proceed: false,
      reasons: [{ hook: "before_tool[0]", text: "never" }]
    })
  })

  it("is not asked where there is no reply: a hook that was killed or is late has failed", async () => {
    const calls: Array<unknown> = []
    const asked: PlainDialect = { ...likeGit, decode: (...call) => (calls.push(call), {}) }
    const load = () => [
      { on: "before_tool", run: "kill -9 $$", onFailure: "block" as const },
      { on: "before_tool", run: "sleep 60", timeout: "20ms", onFailure: "block" as const }
    ]
    await using hooks = await open({ ...asked, load })
    const { outcomes, proceed } = await hooks.fire("before_tool", bash)
    assert.deepStrictEqual(
      outcomes.map(({ reason }) => reason),
      ["signal", "timeout"]
    )
    assert.isFalse(proceed)
    assert.deepStrictEqual(calls, [])
  })

  it("may say that the hook failed, and why", async () => {
    const picky: PlainDialect = { ...cascade, decode: () => ({ failed: "expected YES or NO" }) }
    await using hooks = await open(picky, "rules: [{ when: before_tool, command: echo maybe, required: true }]")
    const report = await hooks.fire("before_tool", bash)
    assert.deepInclude(report, { proceed: false, reasons: [{ hook: "before_tool[0]", text: "expected YES or NO" }] })
    assert.deepInclude(report.outcomes[0], { status: "failed", reason: "decode" })
  })
})

describe("a fault of the dialect is a failure with a message: a closed gate stays closed, an open one gets a notice", () => {
  const throwing = (): never => {
    throw new RangeError("lost")
  }
  const answers = (answer: unknown): Partial<PlainDialect> => ({ decode: () => answer as never })
  const inputs = (input: unknown): Partial<PlainDialect> => ({ encode: () => input as never })
  const matching = (matches: unknown): Partial<PlainDialect> => ({
    load: () =>
      ["block", "continue"].map((onFailure) => ({ on: "before_tool", run: "true", onFailure, matches }) as never)
  })
  const circular: Record<string, unknown> = {}
  circular["self"] = circular

  const faults: ReadonlyArray<readonly [title: string, fault: Partial<PlainDialect>, message: string | RegExp]> = [
    ["encode throws", { encode: throwing }, "its encode failed: RangeError: lost"],
    ["encode returns nothing", inputs(undefined), "expected its encode to return { payload, env }, got nothing"],
    ["encode returns a text", inputs("x"), `expected its encode to return { payload, env }, got "x"`],
    ["encode is async", inputs(Promise.resolve({})), "expected its encode to return { payload, env }, got a promise"],
    [
      "encode returns another key",
      inputs({ stdin: 1 }),
      `its encode returned the key "stdin"; expected payload or env`
    ],
    [
      "encode returns numbers as env",
      inputs({ env: { A: 1 } }),
      `expected env of its encode to be texts by name, got {"A":1}`
    ],
    ["encode returns a circle", inputs({ payload: circular }), /^its encode failed: TypeError: .*circular/],
    [
      "encode returns a function",
      inputs({ payload: throwing }),
      /^the payload of its encode cannot be written as JSON: /
    ],
    ["decode throws", { decode: throwing }, "its decode failed: RangeError: lost"],
    [
      "decode returns nothing",
      answers(undefined),
      `expected decode of the dialect "cascade" to return an answer; {} is no opinion; got nothing`
    ],
    ["decode returns true", answers(true), /to return an answer; .* got true$/],
    ["decode returns a list", answers([]), /to return an answer; .* got \[\]$/],
    ["decode is async", answers(Promise.resolve({ verdict: "deny" })), /to return an answer; .* got a promise$/],
    ["decode returns an unknown verdict", answers({ verdict: "DENY" }), /verdict: expected .*, got "DENY"/],
    ["decode returns another product's answer", answers({ decision: "block" }), /decision/],
    [
      "decode returns failed and a verdict",
      answers({ failed: "x", verdict: "allow" }),
      /failed and verdict; expected one of them/
    ],
    ["decode returns failed: true", answers({ failed: true }), /expected failed to be a text, got true/],
    ["matches throws", matching(throwing), "its matches failed: RangeError: lost"],
    ["matches returns nothing", matching(() => undefined), "expected its matches to return true or false, got nothing"],
    ["matches is async", matching(async () => false), /^expected its matches to return true or false, got /]
  ]
  for (const [title, fault, expected] of faults) {
    it(title, async () => {
      const text = `rules:\n  - { when: before_tool, command: "true", required: true }\n  - { when: before_tool, command: "true" }\n`
      await using hooks = await open({ ...cascade, ...fault }, text)
      const { proceed, outcomes, notices, reasons } = await hooks.fire("before_tool", bash)
      assert.isFalse(proceed)
      assert.deepStrictEqual(
        outcomes.map(({ status, reason }) => [status, reason]),
        [
          ["failed", "decode"],
          ["failed", "decode"]
        ]
      )
      const message = outcomes[0]!.message!
      if (typeof expected === "string") assert.strictEqual(message, expected)
      else assert.match(message, expected)
      assert.deepStrictEqual(reasons, [{ hook: "before_tool[0]", text: message }])
      assert.deepStrictEqual(notices, [
        { hook: "before_tool[1]", level: "warn", text: `${message}; the agent goes on` }
      ])
    })
  }
})
