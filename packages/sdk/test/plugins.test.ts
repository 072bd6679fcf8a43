/** Plug-in modules: how they are found, what they may export, and what is said of those that cannot be used. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { execFileSync } from "node:child_process"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ConfigError, createHooks, PluginError } from "../src/index.ts"

let folder: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-plugins-")))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
/** A folder of its own with these files. */
const project = (files: Readonly<Record<string, string>>): string => {
  const own = join(folder, String(++count))
  mkdirSync(own)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(own, name)), { recursive: true })
    writeFileSync(join(own, name), text)
  }
  return own
}

const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  return assert.fail("did not reject")
}

/** One result for each project, from one process of plain Node. */
const openAll = async (
  requests: ReadonlyArray<{ readonly files: Readonly<Record<string, string>>; readonly plugins: ReadonlyArray<string> }>
): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const opened = requests.map(({ files, plugins }) => ({ cwd: project(files), plugins }))
  const fixture = join(import.meta.dirname, "fixtures/pluggedIn.ts")
  const text = execFileSync(process.execPath, ["--no-warnings", "--conditions=@tenterhook/source", fixture], {
    encoding: "utf8",
    input: JSON.stringify(opened)
  })
  const results = JSON.parse(text) as ReadonlyArray<Record<string, unknown>>
  return results.map((result, index) => JSON.parse(JSON.stringify(result).replaceAll(opened[index]!.cwd, "~")))
}

const open = (cwd: string, plugins: ReadonlyArray<string>, more: object = {}) =>
  createHooks({ cwd, plugins, hooks: [{ on: "pre_tool_use", action: { kind: "shout", text: "no" } }], ...more })

/** The message of the refusal, with the project's folder as `~`. */
const refusal = async (files: Readonly<Record<string, string>>, plugin: string, more: object = {}) => {
  const cwd = project(files)
  const error = await rejection(open(cwd, [plugin], more))
  assert.instanceOf(error, PluginError)
  assert.notInclude(error.message, "\n")
  assert.notMatch(error.message, /\bat \S+ \(/)
  return error.message.replaceAll(cwd, "~")
}

const shout = `{ kind: "shout", run: async (action) => ({ exitCode: 2, stderr: String(action.text) }) }`
const cascade = `{
  id: "cascade",
  files: ["cascade.yaml"],
  events: { before_tool: "pre_tool_use" },
  load: ({ value }) => value.rules.map((rule, index) => ({ on: rule.when, run: rule.command, at: ["rules", index] }))
}`

describe("a plug-in module", () => {
  const forms: ReadonlyArray<readonly [title: string, file: string, text: string]> = [
    ["a list of adapters", "a.mjs", `export const adapters = [${shout}]`],
    ["one adapter", "a.mjs", `export const adapter = ${shout}`],
    ["one adapter as default", "a.mjs", `export default ${shout}`],
    ["a plug-in as default", "a.mjs", `export default { adapters: [${shout}], dialects: [] }`],
    ["the same adapter twice", "a.mjs", `export const adapter = ${shout}\nexport default adapter`],
    ["helpers beside it", "a.mjs", `export const help = 1\nexport const adapter = ${shout}`],
    ["CommonJS", "a.cjs", `module.exports = { adapters: [${shout}], other: 1 }`],
    ["one adapter in CommonJS", "a.cjs", `module.exports = ${shout}`],
    [
      "compiled to CommonJS",
      "a.cjs",
      `Object.defineProperty(exports, "__esModule", { value: true })\nexports.default = ${shout}`
    ],
    ["TypeScript", "a.ts", `interface Say { text: string }\nexport const adapter = ${shout}\nexport type { Say }`]
  ]
  const places: ReadonlyArray<readonly [title: string, plugin: string, files: Readonly<Record<string, string>>]> = [
    ["a path without ./", "plugs/a.mjs", { "plugs/a.mjs": `export const adapter = ${shout}` }],
    [
      "a package",
      "@acme/shout",
      {
        "node_modules/@acme/shout/package.json": `{"type": "module", "main": "a.js"}`,
        "node_modules/@acme/shout/a.js": `export const adapter = ${shout}`
      }
    ],
    [
      "a package that exports to import alone",
      "shout/adapter",
      {
        "node_modules/shout/package.json": `{"type": "module", "exports": {"./adapter": {"types": "./a.d.ts", "import": "./a.js"}}}`,
        "node_modules/shout/a.js": `export const adapter = ${shout}`
      }
    ],
    [
      "a folder with a package.json",
      "./plugs",
      {
        "plugs/package.json": `{"type": "module", "main": "a.js"}`,
        "plugs/a.js": `export const adapter = ${shout}`
      }
    ]
  ]
  let results: ReadonlyArray<Record<string, unknown>>
  beforeAll(async () => {
    results = await openAll([
      ...forms.map(([, file, text]) => ({ files: { [file]: text }, plugins: [`./${file}`] })),
      ...places.map(([, plugin, files]) => ({ files, plugins: [plugin] }))
    ])
  })
  const denied = { proceed: false, reasons: [{ hook: "pre_tool_use[0]", text: "no" }] }
  for (const [index, title] of [
    ...forms.map(([it]) => `exports ${it}`),
    ...places.map(([it]) => `is found as ${it}`)
  ].entries()) {
    it(title, () => assert.deepStrictEqual(results[index], denied))
  }

  it("is found as a file: URL, and named twice it is loaded once", async () => {
    const cwd = project({ "a b.mjs": `export const adapter = ${shout}` })
    await using hooks = await open(cwd, [`file://${cwd}/a%20b.mjs`, "a b.mjs"])
    assert.isFalse((await hooks.fire("pre_tool_use", { tool: { name: "bash" } })).proceed)
  })
})

describe("a plug-in that cannot be loaded is an error that says why", () => {
  const broken: ReadonlyArray<
    readonly [title: string, plugin: string, files: Readonly<Record<string, string>>, message: string | RegExp]
  > = [
    ["no such file", "./a.mjs", {}, "plug-in ./a.mjs: no such file; looked for ~/a.mjs"],
    ["an ending left out", "./a", { "a.mjs": "" }, "plug-in ./a: no such file; looked for ~/a; did you mean ~/a.mjs?"],
    [
      "no such package",
      "@acme/none",
      {},
      "plug-in @acme/none: no such file or package; looked for ~/@acme/none and in node_modules from ~ upwards"
    ],
    [
      "a package without its module",
      "empty",
      { "node_modules/empty/package.json": `{"main": "gone.js"}` },
      /^plug-in empty: the package is at ~\/node_modules\/empty, and its module cannot be found: .*gone\.js/
    ],
    ["a module of Node", "fs", {}, "plug-in fs: is a module of the runtime; expected a file or the name of a package"],
    [
      "a URL",
      "https://example.com/a.mjs",
      {},
      "plug-in https://example.com/a.mjs: expected a file or the name of a package, got a URL"
    ],
    [
      "code as a URL",
      "data:text/javascript,1",
      {},
      "plug-in data:text/javascript,1: expected a file or the name of a package, got a URL"
    ],
    [
      "an empty folder",
      "./plugs",
      { "plugs/readme.md": "" },
      "plug-in ./plugs: is a folder without a module: neither package.json with main nor index.js; looked in ~/plugs"
    ],
    [
      "a syntax error",
      "./a.mjs",
      { "a.mjs": "export const adapter = ;\n" },
      /^plug-in \.\/a\.mjs: cannot be parsed: SyntaxError: /
    ],
    [
      "a syntax error in CommonJS",
      "./a.cjs",
      { "a.cjs": "\nmodule.exports = {\n" },
      /^plug-in \.\/a\.cjs: cannot be parsed: SyntaxError: .* \(~\/a\.cjs:\d\)$/
    ],
    [
      "TypeScript that cannot be stripped",
      "./a.ts",
      { "a.ts": "export enum Colour { Red }\n" },
      /^plug-in \.\/a\.ts: cannot be parsed: .*enum/
    ],
    [
      "another kind of file",
      "./a.txt",
      { "a.txt": "hello" },
      "plug-in ./a.txt: a .txt file cannot be imported here; expected JavaScript (.mjs, .js, .cjs) or TypeScript without enums and namespaces (.ts, .mts)"
    ],
    ["JSON", "./a.json", { "a.json": `{"kind": "x"}` }, /^plug-in \.\/a\.json: a \.json file cannot be imported here/],
    [
      "an import that is not there",
      "./a.mjs",
      { "a.mjs": `import "not-installed"` },
      /^plug-in \.\/a\.mjs: imports a module that cannot be found: .*not-installed.* imported from ~\/a\.mjs$/
    ],
    [
      "a require that is not there",
      "./a.cjs",
      { "a.cjs": `require("not-installed")` },
      "plug-in ./a.cjs: imports a module that cannot be found: Cannot find module 'not-installed'"
    ],
    [
      "a name that its module does not export",
      "./a.mjs",
      { "a.mjs": `import { zip } from "node:fs"` },
      /^plug-in \.\/a\.mjs: cannot be parsed: SyntaxError: .*'zip'/
    ],
    [
      "it throws",
      "./a.mjs",
      { "a.mjs": `const config = undefined\nconsole.log(config.name)` },
      "plug-in ./a.mjs: failed while it was loaded: TypeError: Cannot read properties of undefined (reading 'name') (~/a.mjs:2:20)"
    ],
    [
      "it throws in two lines",
      "./a.mjs",
      { "a.mjs": `throw new Error("no licence\\nfor this")` },
      "plug-in ./a.mjs: failed while it was loaded: no licence for this (~/a.mjs:1:7)"
    ],
    [
      "it throws what is no error",
      "./a.mjs",
      { "a.mjs": `throw { no: "licence" }` },
      `plug-in ./a.mjs: failed while it was loaded: {"no":"licence"} was thrown`
    ],
    [
      "it throws nothing",
      "./a.mjs",
      { "a.mjs": `throw undefined` },
      /failed while it was loaded: undefined was thrown$/
    ],
    [
      "no exports",
      "./a.mjs",
      { "a.mjs": "1" },
      "plug-in ./a.mjs: exports nothing; expected dialects, adapters, dialect or adapter, or as default one of these or definePlugin({ dialects, adapters })"
    ],
    [
      "other exports",
      "./a.mjs",
      { "a.mjs": `export const layer = {}, help = 1\nexport default () => {}` },
      /^plug-in \.\/a\.mjs: exports help, layer, default, a function; expected dialects, adapters, /
    ],
    [
      "a misspelled export",
      "./a.mjs",
      { "a.mjs": `export const adaptors = [${shout}]` },
      `plug-in ./a.mjs: exports adaptors; it has "adaptors"; did you mean "adapters"?`
    ],
    [
      "a misspelled key of the default export",
      "./a.mjs",
      { "a.mjs": `export default { adapters: [${shout}], dialcts: [] }` },
      `plug-in ./a.mjs: default has "dialcts"; did you mean "dialects"?`
    ],
    [
      "no list",
      "./a.mjs",
      { "a.mjs": `export const adapters = ${shout}` },
      /^plug-in \.\/a\.mjs: adapters: expected a list, got \{/
    ]
  ]
  let results: ReadonlyArray<Record<string, unknown>>
  beforeAll(async () => {
    results = await openAll(broken.map(([, plugin, files]) => ({ files, plugins: [plugin] })))
  })
  for (const [index, [title, , , expected]] of broken.entries()) {
    it(title, () => {
      const { name, message } = results[index] as { readonly name: string; readonly message: string }
      assert.strictEqual(name, "PluginError")
      if (typeof expected === "string") assert.strictEqual(message, expected)
      else assert.match(message, expected)
      assert.notMatch(message, /\n|\bat \S+ \(/)
    })
  }

  it("a FIFO", async () => {
    const cwd = project({})
    execFileSync("mkfifo", [join(cwd, "a.mjs")])
    const error = await rejection(open(cwd, ["./a.mjs"]))
    assert.strictEqual(error.message, "plug-in ./a.mjs: is not a regular file")
  })

  for (const plugins of ["./a.mjs", [7], [""], [null]]) {
    it(`plugins that are ${JSON.stringify(plugins)}`, async () => {
      const error = await rejection(createHooks({ plugins: plugins as never, hooks: [] }))
      assert.instanceOf(error, PluginError)
      assert.match(error.message, /^plugins: expected a (list|file or the name of a package), got /)
    })
  }
})

describe("an adapter or a dialect of the wrong shape is refused, and the key is named", () => {
  const wrong: ReadonlyArray<readonly [text: string, message: string]> = [
    [`export const adapter = 7`, "adapter: expected an adapter: an object with kind and run, got 7"],
    [`export const adapter = { run() {} }`, "adapter.kind: expected a text: what a config names it by, got nothing"],
    [
      `export const adapter = { kind: "x" }`,
      "adapter.run: expected a function, got nothing; an adapter that is written with Effect has start"
    ],
    [`export const adapter = { kind: "x", run: "ls" }`, `adapter.run: expected a function, got "ls"`],
    [`export const adapter = { kind: "x", run() {}, check: 1 }`, "adapter.check: expected a function, got 1"],
    [`export const adapter = { kind: "x", run() {}, chek() {} }`, `adapter.chek: unknown key; did you mean "check"?`],
    [
      `export const adapters = [${shout}, {}]`,
      "adapters[1].kind: expected a text: what a config names it by, got nothing"
    ],
    [
      `export const adapter = { kind: "x", start() {}, action: {} }`,
      "adapter.action: expected a schema of effect 4 for its actions"
    ],
    [`export const dialect = "x"`, `dialect: expected a dialect: an object with id, events and load, got "x"`],
    [
      `export const dialect = { id: "My Product" }`,
      `dialect.id: expected a word in small letters, e.g. my-product, got "My Product"`
    ],
    [`export default { load() {} }`, "default.id: expected a word in small letters, e.g. my-product, got nothing"],
    [
      `export const dialect = { id: "x", load() {} }`,
      `dialect.events: expected a map, e.g. { beforeTool: "pre_tool_use" }, got nothing`
    ],
    [
      `export const dialect = { id: "x", load() {}, events: { a: "pre_tool" } }`,
      `dialect.events.a: expected a canonical event, e.g. pre_tool_use, or <namespace>:<name>, got "pre_tool"`
    ],
    [
      `export const dialect = { id: "x", load() {}, events: { a: { event: "stop", class: "door" } } }`,
      `dialect.events.a.class: expected gate, loop, transform, observe, got "door"`
    ],
    [`export const dialect = { id: "x", events: { a: "stop" } }`, "dialect.load: expected a function, got nothing"],
    [
      `export const dialect = { id: "x", events: { a: "stop" }, load() {}, decod() {} }`,
      `dialect.decod: unknown key; did you mean "decode"?`
    ],
    [
      `export const dialect = { id: "x", events: { a: "stop" }, load() {}, files: "x.yaml" }`,
      `dialect.files: expected a list of file names, got "x.yaml"`
    ],
    [
      `export const dialect = { id: "x", events: { a: "stop" }, load() {}, files: ["../x.yaml"] }`,
      `dialect.files: expected names below the folder that is searched, got "../x.yaml"`
    ],
    [
      `export const dialect = { id: "x", events: { a: "stop" }, load() {}, files: ["tenterhook.yaml"] }`,
      "dialect.files: tenterhook.yaml is the native dialect's"
    ],
    [
      `export const dialect = { id: "x", events: { a: "stop" }, load() {}, modes: [] }`,
      "dialect.modes: expected a list of different names, got []"
    ],
    [
      `export const dialect = { id: "x", title: "X", modes: ["m"], events: { a: "stop" }, load() {}, discover() {}, recognizes() {}, encode() {} }`,
      "dialect.decode: expected a function, got nothing"
    ]
  ]
  for (const [text, message] of wrong) {
    it(message, async () => {
      assert.strictEqual(await refusal({ "a.mjs": text }, "./a.mjs"), `plug-in ./a.mjs: ${message}`)
    })
  }

  it("in code the place in the list is named", async () => {
    const error = await rejection(createHooks({ hooks: [], dialects: [{ id: "x" } as never] }))
    assert.strictEqual(
      error.message,
      `dialects[0].events: expected a map, e.g. { beforeTool: "pre_tool_use" }, got nothing`
    )
  })
})

describe("two with one name are refused, and both are named", () => {
  const oats = `{ id: "oats", events: { a: "stop" }, load: () => [] }`
  const clashes: ReadonlyArray<readonly [title: string, text: string, more: object, message: string]> = [
    [
      "a dialect with the id of ours",
      `export const dialect = ${oats}`,
      {},
      `two dialects with the id "oats": the built-in one, oats (open-agent-tools-coder), coder.json, and dialect of ./a.mjs; rename one`
    ],
    [
      "two dialects",
      `export const dialects = [${cascade}, ${cascade}]`,
      {},
      `two dialects with the id "cascade": dialects[0] of ./a.mjs, and dialects[1] of ./a.mjs; rename one`
    ],
    [
      "an adapter of the kind of ours",
      `export const adapter = { kind: "shell", run() {} }`,
      {},
      `two adapters of the kind "shell": the built-in one, and adapter of ./a.mjs; rename one`
    ],
    [
      "an adapter in code and in a module",
      `export const adapter = ${shout}`,
      { adapters: [{ kind: "shout", run: async () => {} }] },
      `two adapters of the kind "shout": adapters[0], and adapter of ./a.mjs; rename one`
    ]
  ]
  for (const [title, text, more, message] of clashes) {
    it(title, async () => assert.strictEqual(await refusal({ "a.mjs": text }, "./a.mjs", more), message))
  }

  it("one of kind tool or http takes the place of ours", async () => {
    const cwd = project({
      "a.mjs": `export const adapter = { kind: "tool", run: async () => ({ value: { verdict: "deny" } }) }`
    })
    await using hooks = await createHooks({ cwd, plugins: ["./a.mjs"], hooks: [{ on: "pre_tool_use", call: "any" }] })
    assert.isFalse((await hooks.fire("pre_tool_use", { tool: { name: "bash" } })).proceed)
  })
})

describe("plugins: of a native config", () => {
  const files = {
    "conf/tenterhook.yaml": `plugins: [./shout.mjs]\nhooks:\n  - { on: pre_tool_use, action: { kind: shout, text: no } }\n`,
    "conf/shout.mjs": `globalThis.shouted = (globalThis.shouted ?? 0) + 1\nexport const adapter = ${shout}`
  }
  const shouted = () => (globalThis as { shouted?: number }).shouted ?? 0

  it("are loaded from its folder where the config is named", async () => {
    await using hooks = await createHooks({ cwd: project(files), config: "conf/tenterhook.yaml" })
    assert.isFalse((await hooks.fire("pre_tool_use", { tool: { name: "bash" } })).proceed)
    assert.deepStrictEqual(hooks.notices, [])
  })

  it("bring the dialect of another config beside it", async () => {
    const cwd = project({
      "tenterhook.yaml": "plugins: [./cascade.mjs]\nhooks: []\n",
      "cascade.mjs": `export const dialect = ${cascade}`,
      "cascade.yaml": "rules: [{ when: before_tool, command: exit 2 }]"
    })
    await using hooks = await createHooks({ cwd, config: ["cascade.yaml", "tenterhook.yaml"] })
    assert.deepStrictEqual(
      hooks.sets.map(({ dialect }) => dialect),
      ["cascade", "native"]
    )
    assert.isFalse((await hooks.fire("before_tool", { tool: { name: "bash" } })).proceed)
  })

  it("are loaded for hooks in code", async () => {
    const hooks = { plugins: ["./conf/shout.mjs"], hooks: [{ on: "stop", action: { kind: "shout", text: "more" } }] }
    await using opened = await createHooks({ cwd: project(files), hooks })
    assert.strictEqual((await opened.fire("stop", {})).resume?.hook, "stop[0]")
  })

  it("are refused in a config that was found, and no code runs", async () => {
    const cwd = project(files)
    const before = shouted()
    const error = await rejection(createHooks({ cwd: join(cwd, "conf") }))
    assert.instanceOf(error, ConfigError)
    assert.strictEqual(
      error.message.replaceAll(cwd, "~"),
      "~/conf/tenterhook.yaml:1:10: plugins: a config that was found loads no modules, for its code would run without anybody's asking; name the config (--config) or the module (--plugin)"
    )
    assert.strictEqual(shouted(), before)
  })

  it("are refused where the host does not load them, and no code runs", async () => {
    const cwd = project(files)
    const before = shouted()
    const config = { file: "up.yaml", folder: "conf", text: files["conf/tenterhook.yaml"] }
    const error = await rejection(createHooks({ cwd, config, configPlugins: false }))
    assert.strictEqual(
      error.message,
      "up.yaml:1:10: plugins: a config that was sent loads no modules; whoever runs the server names them (serve --plugin)"
    )
    assert.strictEqual(shouted(), before)
  })

  it("that cannot be loaded are problems of the config, each with its line", async () => {
    const cwd = project({
      "tenterhook.yaml": "plugins:\n  - ./none.mjs\n  - ./bad.mjs\nhooks: []\n",
      "bad.mjs": "throw new Error('no licence')"
    })
    const error = await rejection(createHooks({ cwd, config: "tenterhook.yaml" }))
    assert.instanceOf(error, ConfigError)
    assert.deepStrictEqual(error.message.replaceAll(cwd, "~").split("\n"), [
      "tenterhook.yaml:2:5: plugins[0]: plug-in ./none.mjs: no such file; looked for ~/none.mjs",
      "tenterhook.yaml:3:5: plugins[1]: plug-in ./bad.mjs: failed while it was loaded: no licence (~/bad.mjs:1:7)"
    ])
  })

  for (const [text, message] of [
    ["plugins: ./a.mjs", "tenterhook.yaml:1:10: plugins: expected a list of files and names of packages"],
    ["plugins: [7]", "tenterhook.yaml:1:11: plugins[0]: expected a file or the name of a package"]
  ] as const) {
    it(`${text}: refused with its place`, async () => {
      const error = await rejection(
        createHooks({ cwd: project({ "tenterhook.yaml": `${text}\nhooks: []\n` }), config: "tenterhook.yaml" })
      )
      assert.include(error.message, message)
    })
  }
})
