import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { ConfigNotFound, connectHooks, createHooks, InvalidOptions } from "../src/index.ts"
import { openDataFolder } from "../src/outbox.ts"

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-options-")))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const rejection = async (promise: Promise<unknown>): Promise<any> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail("did not reject")
}
const refused = async (promise: Promise<unknown>): Promise<string> => {
  const error = await rejection(promise)
  assert.instanceOf(error, InvalidOptions)
  return error.message
}

describe("createHooks() where no config is found", () => {
  it("rejects, and names the files and the folders where it looked", async () => {
    mkdirSync(join(folder, ".git"))
    mkdirSync(join(folder, "deep/er"), { recursive: true })
    const error = await rejection(createHooks({ cwd: join(folder, "deep/er"), env: {} }))
    assert.instanceOf(error, ConfigNotFound)
    assert.strictEqual(error._tag, "ConfigNotFound")
    assert.deepStrictEqual(error.folders, [join(folder, "deep/er"), join(folder, "deep"), folder])
    assert.deepStrictEqual(error.files.slice(0, 3), ["tenterhook.yaml", "tenterhook.yml", "tenterhook.json"])
    assert.include(error.message, `no hook config: looked for tenterhook.yaml, tenterhook.yml, tenterhook.json, `)
    assert.include(error.message, ` in ${join(folder, "deep/er")} and above, up to ${folder}; `)
    assert.include(error.message, "pass config: [] for none")
  })

  it("rejects also where a dialect is named, unless that dialect is configured by environment", async () => {
    for (const dialect of ["native", "oats", "errata", "youbencha", "wacht"]) {
      const error = await rejection(createHooks({ dialect, cwd: folder, env: {} }))
      assert.instanceOf(error, ConfigNotFound, dialect)
      await using none = await createHooks({ dialect, config: [], cwd: folder, env: {} })
      assert.lengthOf(none.sets, 0, dialect)
    }
    await using wegent = await createHooks({ dialect: "wegent", cwd: folder, env: {} })
    assert.lengthOf(wegent.sets, 1)
  })

  it("takes options that are undefined for absent", async () => {
    const options = { hooks: undefined, config: undefined, dialect: undefined, cwd: folder, env: {} }
    assert.instanceOf(await rejection(createHooks(options as never)), ConfigNotFound)
  })

  it("proceeds without hooks where nobody wants any: config: [], or hooks: []", async () => {
    await using none = await createHooks({ config: [], cwd: folder })
    assert.isTrue((await none.fire("stop")).proceed)
    await using empty = await createHooks({ hooks: [], cwd: folder })
    assert.lengthOf(empty.sets, 1)
  })
})

describe("options that are unknown or of a wrong type", () => {
  const create = (options: unknown) => refused(createHooks(options as never))

  it("are refused with the nearest name", async () => {
    assert.strictEqual(await create({ hook: [] }), 'createHooks: unknown option "hook"; did you mean "hooks"?')
    assert.include(await create({ hooks: [], adaptors: [] }), '"adaptors"; did you mean "adapters"?')
    assert.include(await create({ hooks: [], Config: "x" }), '"Config"; did you mean "config"?')
    assert.match(await create({ hooks: [], zzzzzzzz: 1 }), /unknown option "zzzzzzzz"; known are config, dialect/)
  })

  it("are refused with what was expected", async () => {
    assert.strictEqual(await create("tenterhook.yaml"), 'createHooks: expected an object, got "tenterhook.yaml"')
    assert.strictEqual(await create(null), "createHooks: expected an object, got null")
    assert.include(await create({ config: 3 }), "config: expected the path of a config, or { file, text }, got 3")
    assert.include(await create({ config: ["a.yaml", null] }), "config[1]: expected the path")
    assert.include(await create({ config: { text: "" } }), "config.file: expected it")
    assert.include(await create({ config: [], dialect: 1, cwd: 2, mode: {} }), "dialect: expected a text, got 1\n")
    assert.include(await create({ config: [], env: { A: 1 } }), "env.A: expected a text, got 1")
    assert.include(await create({ config: [], allow: "127.0.0.1" }), "allow: expected a list")
    assert.include(await create({ config: [], ask: true }), "ask: expected a function, got true")
  })

  it("are refused at every depth: host, tools, endpoints", async () => {
    assert.strictEqual(
      await create({ hooks: [], host: ["aks"] }),
      'createHooks: host[0]: expected ask, defer, rewrite, context or resume, got "aks"; did you mean "ask"?'
    )
    assert.include(await create({ hooks: [], host: "ask" }), "host: expected a list of what the host honours")
    const run = () => undefined
    assert.include(
      await create({ hooks: [], tools: { server: {} } }),
      'tools: unknown key "server"; did you mean "servers"?'
    )
    assert.include(
      await create({ hooks: [], tools: [{ nam: "x", run }] }),
      'tools[0]: unknown key "nam"; did you mean "name"?'
    )
    assert.include(await create({ hooks: [], tools: [{ name: "x" }] }), "tools[0].run: expected it")
    assert.include(
      await create({ hooks: [], endpoints: [{ url: "https://x", secret: "s", event: ["*"] }] }),
      'endpoints[0]: unknown key "event"; did you mean "events"?'
    )
  })

  it("do not include what an instance of a class has beside: a tool, an adapter", async () => {
    class Counter {
      readonly kind = "counter"
      readonly name = "counter"
      readonly counted = 0
      readonly run = async () => ({ value: this.counted })
    }
    const hooks = [{ on: "stop", action: { kind: "counter" } }]
    await using opened = await createHooks({ hooks, adapters: [new Counter()], tools: [new Counter()], cwd: folder })
    assert.strictEqual((await opened.fire("stop")).outcomes[0]!.status, "succeeded")
  })

  it("are refused by fire, deliver, an execution, connectHooks and openDataFolder", async () => {
    await using hooks = await createHooks({ hooks: [], cwd: folder })
    const fire = (options: unknown) => refused(hooks.fire("stop", {}, options as never))
    assert.strictEqual(await fire({ singal: 1 }), 'fire: unknown option "singal"; did you mean "signal"?')
    assert.include(await fire({ signal: true }), "signal: expected an AbortSignal")
    assert.include(await fire({ class: "gaet" }), 'did you mean "gate"?')
    assert.include(await fire({ host: ["asks"] }), 'did you mean "ask"?')
    assert.include(await refused(hooks.startExecution({}, { whenAborted: "resolve" } as never)), "reject or report")
    assert.include(await refused(hooks.deliver({ timeout: 1 } as never)), 'did you mean "timeoutMs"?')
    const execution = await hooks.startExecution()
    assert.include(await refused(execution.end({ outcome: "success" }, { hots: [] } as never)), 'mean "host"?')
    assert.include(
      await refused(execution.end({ outcome: "sucess" } as never)),
      'end: outcome: expected success, error, aborted or budget_exhausted, got "sucess"'
    )
    await execution.end({ outcome: "success" })

    const connect = (options: object) => refused(connectHooks({ url: "http://h", ...options } as never))
    assert.include(await connect({ agents: "a" }), 'connectHooks: unknown option "agents"; did you mean "agent"?')
    assert.include(await connect({ agent: "a", host: ["aks"] }), 'did you mean "ask"?')
    assert.strictEqual(await refused(connectHooks({ agent: "a" } as never)), "connectHooks: url: expected it")
    await using there = await connectHooks({ url: "http://127.0.0.1:9", agent: "a" })
    assert.include(await refused(there.fire("stop", {}, { sginal: 1 } as never)), 'did you mean "signal"?')

    const endpoint = { url: "https://x", secret: "s", events: "agent.*" }
    assert.include(
      await refused(openDataFolder({ folder: join(folder, "data"), endpoints: [endpoint as never] })),
      "endpoints: [0].events: expected a list"
    )
  })
})
