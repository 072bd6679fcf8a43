import { type GuardOptions, makeGuard, openSender } from "@tenterhook/webhook"
import { generateSecret } from "@tenterhook/webhook/signature"
import { connect } from "node:net"
import fc from "fast-check"
import { buildConnector } from "undici"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { guardedConnector } from "../../src/guard/connector.ts"
import { Refused } from "../../src/guard/Refusal.ts"
import { type Forbidden, openForbidden, scripted } from "./places.ts"

let server: Forbidden
beforeAll(async () => void (server = await openForbidden()))
afterAll(() => server.close())

const verdict = async (url: string, options: GuardOptions) => {
  const refused = await makeGuard(options).check(url)
  return refused === null ? "allowed" : (refused.range ?? refused.reason)
}

const rows: ReadonlyArray<readonly [title: string, options: GuardOptions, url: string, expected: string]> = [
  ["private networks by the switch", { privateNetworks: true }, "http://10.1.2.3/", "allowed"],
  ["private networks by the switch, mapped", { privateNetworks: true }, "http://[::ffff:10.1.2.3]/", "allowed"],
  ["unique local ones too", { privateNetworks: true }, "http://[fd00::1]/", "allowed"],
  ["a provider's too", { privateNetworks: true }, "http://100.64.0.1/", "allowed"],
  [
    "a name that resolves to one",
    { privateNetworks: true, resolve: scripted([["10.0.0.1"]]) },
    "http://a.internal/",
    "allowed"
  ],
  ["not loopback", { privateNetworks: true }, "http://127.0.0.1/", "loopback"],
  ["not localhost", { privateNetworks: true }, "http://localhost/", "loopback"],
  ["not link-local", { privateNetworks: true }, "http://169.254.1.1/", "linkLocal"],
  ["not metadata", { privateNetworks: true }, "http://169.254.169.254/", "metadata"],
  ["not metadata amid a provider's network", { privateNetworks: true }, "http://100.100.100.200/", "metadata"],
  ["not metadata amid a private network", { privateNetworks: true }, "http://[fd00:ec2::254]/", "metadata"],
  [
    "not a private answer beside a loopback one",
    { privateNetworks: true, resolve: scripted([["10.0.0.1", "::1"]]) },
    "http://a/",
    "loopback"
  ],
  ["a network that is named", { allow: ["10.2.0.0/16"] }, "http://10.2.3.4/", "allowed"],
  ["and not its neighbour", { allow: ["10.2.0.0/16"] }, "http://10.3.0.1/", "private"],
  ["a loopback network that is named", { allow: ["127.0.0.0/8"] }, "http://127.0.0.1:8080/", "allowed"],
  [
    "localhost by its network",
    { allow: ["127.0.0.0/8"], resolve: scripted([["127.0.0.1"]]) },
    "http://localhost/",
    "allowed"
  ],
  [
    "localhost with an address outside of the network",
    { allow: ["127.0.0.0/8"], resolve: scripted([["127.0.0.1", "::1"]]) },
    "http://localhost/",
    "loopback"
  ],
  ["an IPv6 network that is named", { allow: ["::1/128"] }, "http://[::1]/", "allowed"],
  ["a mapped network that is named", { allow: ["::ffff:127.0.0.0/104"] }, "http://127.0.0.1/", "allowed"],
  ["metadata that is named", { allow: ["169.254.169.254/32"] }, "http://169.254.169.254/", "allowed"],
  ["a place that is named", { allow: ["127.0.0.1:8080"] }, "http://127.0.0.1:8080/", "allowed"],
  ["a place however it is written", { allow: ["127.1:8080"] }, "http://0x7f000001:8080/", "allowed"],
  ["a place by its mapped address", { allow: ["127.0.0.1:8080"] }, "http://[::ffff:127.0.0.1]:8080/", "allowed"],
  ["a place on its port only", { allow: ["127.0.0.1:8080"] }, "http://127.0.0.1:8081/", "loopback"],
  [
    "a place that a name leads to",
    { allow: ["127.0.0.1:8080"], resolve: scripted([["127.0.0.1"]]) },
    "http://a:8080/",
    "allowed"
  ],
  ["an IPv6 place", { allow: ["[::1]:8080"] }, "http://[0:0::1]:8080/", "allowed"],
  [
    "a place by name, whatever it resolves to",
    { allow: ["LocalHost:8080"], resolve: scripted([["127.0.0.1", "::1"]]) },
    "http://localhost.:8080/",
    "allowed"
  ],
  [
    "and not another name with the same address",
    { allow: ["localhost:8080"], resolve: scripted([["127.0.0.1"]]) },
    "http://a:8080/",
    "loopback"
  ],
  [
    "a place with the scheme's port",
    { allow: ["localhost:443"], resolve: scripted([["127.0.0.1"]]) },
    "https://localhost/",
    "allowed"
  ],
  ["a place with a port of another protocol", { allow: ["127.0.0.1:6000"] }, "http://127.0.0.1:6000/", "allowed"],
  ["a place does not excuse a password", { allow: ["127.0.0.1:80"] }, "http://a:b@127.0.0.1/", "userinfo"],
  ["a place that has no address", { allow: ["a:80"], resolve: scripted(["ENOTFOUND"]) }, "http://a/", "unresolved"],
  ["only https", { httpsOnly: true }, "http://1.1.1.1/", "scheme"],
  ["https where only that", { httpsOnly: true }, "https://1.1.1.1/", "allowed"],
  ["http to a place that is named", { httpsOnly: true, allow: ["10.0.0.1:80"] }, "http://10.0.0.1/", "allowed"],
  ["only the ports that are listed", { ports: [443] }, "https://1.1.1.1:8443/", "port"],
  ["a port that is listed", { ports: [443, 8443] }, "https://1.1.1.1:8443/", "allowed"],
  ["the scheme's port where it is not listed", { ports: [8443] }, "https://1.1.1.1/", "port"]
]

describe("the guard allows", () => {
  for (const [title, options, url, expected] of rows) {
    it(`${title}: ${url} is ${expected}`, async () => assert.strictEqual(await verdict(url, options), expected))
  }

  it("no entry that it cannot read, and says what it expects", () => {
    for (const entry of [
      "localhost",
      "127.0.0.1",
      "10.0.0.0/33",
      "10.0.0/8",
      "a/8",
      "::1:80",
      "[::1]",
      "a:0",
      "a:65536",
      "a:b",
      "http://a:80",
      "a b:80",
      "u@a:80",
      "",
      "10.0.0.0/8 "
    ]) {
      assert.throws(() => makeGuard({ allow: [entry] }), /expected a network such as/, entry)
    }
  })

  it("an address if and only if a socket may connect to it by that spelling", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6()), fc.webPath(), (ip, path) => {
        const host = ip.includes(":") ? `[${ip}]` : ip
        const guard = makeGuard()
        const found = guard.target(`http://${host}${path.replaceAll(/[\\\s]/g, "")}`)
        if ("reason" in found) return
        assert.isNull(guard.peer(found, found.host))
      }),
      { numRuns: 2000 }
    )
  })
})

describe("a refusal", () => {
  it("says what, why and how to mend it, without path, query and password", async () => {
    const guard = makeGuard({ resolve: scripted([["10.0.0.1"]]) })
    assert.strictEqual(
      (await guard.check("http://hooks.example.com/secret?token=1"))?.message,
      `hooks.example.com:80 is refused: hooks.example.com resolves to 10.0.0.1, which is a private address; to allow it, add "hooks.example.com:80" to the guard's allow-list, or allow private networks as a whole`
    )
    for (const url of [
      "http://user:hunter2@10.0.0.1/hunter2?hunter2",
      "ftp://user:hunter2@x/hunter2",
      "http://user:hunter2@/",
      "http://user:hunter2@x:99999/"
    ]) {
      assert.notInclude((await guard.check(url))!.message, "hunter2")
    }
  })

  it("is not so easily had: nothing that is no text", async () => {
    for (const url of [null, undefined, 0, {}, ["http://1.1.1.1/"]]) {
      assert.deepInclude(await makeGuard().check(url as string), { reason: "url" })
    }
  })
})

describe("a connection", () => {
  const place = { hostname: "hooks.example.com", host: "hooks.example.com", protocol: "http:" }
  const guard = makeGuard({ resolve: scripted([["93.184.215.14"]]) })

  it("that ends up elsewhere than it was meant to is given up before a byte is sent", async () => {
    const before = server.reached()
    const strays: typeof buildConnector = () => (_, callback) => {
      const socket = connect(server.port, "127.0.0.1", () => callback(null, socket))
    }
    const connector = guardedConnector(guard, { timeoutMs: 30_000, build: strays })
    const error = await new Promise<Error | null>((done) =>
      connector({ ...place, port: "80" }, (...[failed]) => done(failed))
    )
    assert.instanceOf(error, Refused)
    assert.deepInclude((error as Refused).refusal, { reason: "address", range: "loopback" })
    assert.strictEqual(server.reached(), before + 1)
  })

  it("goes to the addresses that were checked, and no name is asked for again", async () => {
    const lookups: Array<unknown> = []
    let asked = 0
    const counting = makeGuard({
      resolve: async () => (asked++ === 0 ? ["93.184.215.14", "2606:4700:4700::1111"] : ["127.0.0.1"])
    })
    const connector = guardedConnector(counting, {
      timeoutMs: 30_000,
      build: (settings) => (_, callback) => {
        if (settings !== undefined && "lookup" in settings) {
          settings.lookup!("hooks.example.com", { all: true }, (...answer) => lookups.push(answer))
          settings.lookup!("hooks.example.com", {}, (...answer) => lookups.push(answer))
        }
        callback(new Error("far enough"), null)
      }
    })
    await new Promise<void>((done) => connector({ ...place, port: "80" }, () => done()))
    assert.deepStrictEqual(lookups, [
      [
        null,
        [
          { address: "93.184.215.14", family: 4 },
          { address: "2606:4700:4700::1111", family: 6 }
        ]
      ],
      [null, "93.184.215.14", 4]
    ])
    assert.strictEqual(asked, 1)
  })

  it("asks no proxy of the environment", async () => {
    const names = [
      "http_proxy",
      "HTTP_PROXY",
      "https_proxy",
      "HTTPS_PROXY",
      "all_proxy",
      "ALL_PROXY",
      "NODE_USE_ENV_PROXY"
    ]
    const old = names.map((name) => [name, process.env[name]] as const)
    const proxy = await openForbidden()
    for (const name of names) process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : `http://127.0.0.1:${proxy.port}`
    try {
      const sender = openSender({ guard: { allow: [`127.0.0.1:${server.port}`] } })
      const result = await sender.deliver({
        url: `http://127.0.0.1:${server.port}/`,
        id: "msg_1",
        body: "{}",
        secrets: generateSecret()
      })
      await sender.close()
      assert.deepInclude(result, { _tag: "answer", status: 200 })
      assert.strictEqual(proxy.reached(), 0)
    } finally {
      for (const [name, value] of old) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
      await proxy.close()
    }
  })
})
