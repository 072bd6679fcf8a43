import { type Answer, type DeliverRequest, type NoAnswer, openSender, type Sender } from "@tenterhook/webhook"
import { generateKeyPair, generateSecret, verify } from "@tenterhook/webhook/signature"
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer as createTlsServer } from "node:https"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { breakOff, endless, openReceiver, type Receiver, trickle } from "./Receiver.ts"

let receiver: Receiver
let sender: Sender
beforeAll(async () => {
  receiver = await openReceiver()
  sender = openSender({ guard: { allow: ["127.0.0.0/8"] }, agent: { connectTimeoutMs: 1000 } })
})
afterAll(async () => {
  await sender.close()
  await receiver.close()
})

const secret = generateSecret()
const deliver = (url: string, more: Partial<DeliverRequest> = {}, by: Sender = sender) =>
  by.deliver({ url, id: "msg_1", body: '{"type":"a.b"}', secrets: secret, timeoutMs: 30_000, ...more })

const answered = (result: Answer | NoAnswer): Answer => {
  if (result._tag === "failure") throw new Error(`expected an answer, got ${result.reason}: ${result.message}`)
  return result
}
const failed = (result: Answer | NoAnswer): NoAnswer => {
  if (result._tag === "answer") throw new Error(`expected no answer, got ${result.status}`)
  return result
}
const text = ({ body }: Answer) => Buffer.from(body).toString()

/** A TCP server that says what is to come after the first bytes of a request. */
const speaking = async (speak: (socket: Socket) => void) => {
  const sockets: Array<Socket> = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on("error", () => {}).once("data", () => speak(socket))
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise((done) => server.close(done))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close }
}

/** In megabytes, after a collection: what is in use; and what the process has, which has room for garbage too. */
const memory = () => {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { inUse: (heapUsed + external) / 1e6, resident: rss / 1e6 }
}

/** In a process of its own, so that its memory is not counted. */
const endlessElsewhere = async () => {
  const program = `require("node:http").createServer((request, response) => {
    const more = () => { while (!response.destroyed && response.write(piece)); }
    request.resume(), response.on("drain", more).on("error", () => {}), more()
  }).listen(0, "127.0.0.1", function () { console.log(this.address().port) })
  const piece = Buffer.alloc(65536, "x")`
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] })
  const port = await new Promise((done) => child.stdout.once("data", (data) => done(String(data).trim())))
  return { url: `http://127.0.0.1:${port}/`, end: () => void child.kill() }
}

describe("a delivery", () => {
  it("arrives as it was given, and can be verified", async () => {
    const url = receiver.on((response) => response.writeHead(202, { "content-type": "text/plain" }).end("thanks"))
    const body = '{"data":{"text":"é\\u0000"},"type":"a.b"}'
    const result = answered(await deliver(`${url}?x=1&y=%20`, { body, id: "msg_é".replace("é", "2") }))
    assert.deepInclude(result, { status: 202, headers: { "content-type": "text/plain" }, truncated: false })
    assert.strictEqual(text(result), "thanks")
    assert.isAbove(result.durationMs, 0)
    const got = receiver.received.at(-1)!
    assert.deepInclude(got, { method: "POST", path: `${new URL(url).pathname}?x=1&y=%20`, body: Buffer.from(body) })
    assert.deepInclude(got.headers, {
      "content-type": "application/json",
      "user-agent": "Tenterhook",
      "webhook-id": "msg_2"
    })
    assert.strictEqual(verify(got, secret).id, "msg_2")
  })

  it("of bytes is signed as bytes, with old and new secret, at the time that is given", async () => {
    const url = receiver.on((response) => response.end())
    const { privateKey, publicKey } = generateKeyPair()
    const body = Uint8Array.of(0, 255, 10, 13, 128)
    answered(await deliver(url, { body, secrets: [generateSecret(), secret, privateKey], timestamp: 1_772_618_400 }))
    const got = receiver.received.at(-1)!
    assert.deepStrictEqual(got.body, Buffer.from(body))
    const at = { now: 1_772_618_400 }
    for (const known of [secret, publicKey]) assert.strictEqual(verify(got, known, at).timestamp, at.now)
  })

  it("carries the endpoint's own headers, and they may change its type", async () => {
    const url = receiver.on((response) => response.end())
    answered(
      await deliver(url, { headers: { Authorization: "Bearer x", "Content-Type": "application/cloudevents+json" } })
    )
    const { headers } = receiver.received.at(-1)!
    assert.deepInclude(headers, { authorization: "Bearer x", "content-type": "application/cloudevents+json" })
  })

  it("that is empty is a message too", async () => {
    const url = receiver.on((response) => response.end())
    answered(await deliver(url, { body: "" }))
    const got = receiver.received.at(-1)!
    assert.strictEqual(got.headers["content-length"], "0")
    verify(got, secret)
  })

  it("is refused before it is made where it cannot be made", async () => {
    const url = receiver.on((response) => response.end())
    const before = receiver.received.length
    const wrong: ReadonlyArray<Partial<DeliverRequest>> = [
      { secrets: "whsec_x" },
      { secrets: [] },
      { id: "a.b" },
      { headers: { "webhook-id": "x" } },
      { headers: { Host: "elsewhere" } },
      { headers: { "transfer-encoding": "chunked" } },
      { headers: { "x-a": "b\r\nx-c: d" } },
      { headers: { "x a": "b" } },
      { headers: { "x-a": "✓" } }
    ]
    for (const more of wrong) {
      const result = failed(await deliver(url, more))
      assert.strictEqual(result.reason, "request", result.message)
    }
    assert.strictEqual(receiver.received.length, before)
  })

  it("uses a connection again", async () => {
    const url = receiver.on((response) => response.end("ok"))
    const own = openSender({ guard: { allow: ["127.0.0.0/8"] } })
    answered(await deliver(url, {}, own))
    const before = receiver.connections()
    for (let i = 0; i < 50; i++) answered(await deliver(url, {}, own))
    // undici rests a connection for one turn, and may open another one for whoever does not wait.
    assert.isAtMost(receiver.connections() - before, 5)
    await own.close()
  })

  it("opens no more connections than it may", async () => {
    const url = receiver.on((response) => void setTimeout(() => response.end(), 5))
    const own = openSender({ guard: { allow: ["127.0.0.0/8"] }, agent: { connections: 3 } })
    const before = receiver.connections()
    const results = await Promise.all(Array.from({ length: 60 }, () => deliver(url, {}, own)))
    for (const result of results) assert.strictEqual(answered(result).status, 200)
    assert.isAtMost(receiver.connections() - before, 3)
    await own.close()
  })
})

describe("a receiver that", () => {
  for (const status of [200, 204, 400, 404, 408, 410, 500, 502, 503, 504]) {
    it(`says ${status} has answered`, async () => {
      const url = receiver.on((response) => response.writeHead(status).end())
      assert.deepInclude(answered(await deliver(url)), { status, truncated: false })
    })
  }

  for (const after of ["120", "Sat, 21 Nov 2026 06:00:00 GMT"]) {
    it(`says 429 may say when to come again: ${after}`, async () => {
      const url = receiver.on((response) =>
        response.writeHead(429, { "Retry-After": after, "x-other": "1" }).end("slow down")
      )
      const result = answered(await deliver(url))
      assert.deepStrictEqual(
        [result.status, result.headers, text(result)],
        [429, { "retry-after": after }, "slow down"]
      )
    })
  }

  for (const status of [301, 302, 303, 307, 308]) {
    it(`redirects with ${status} is not followed`, async () => {
      const elsewhere = await openReceiver()
      const url = receiver.on((response) => response.writeHead(status, { location: `${elsewhere.origin}/x` }).end())
      assert.deepInclude(answered(await deliver(url)), { status, headers: { location: `${elsewhere.origin}/x` } })
      assert.strictEqual(elsewhere.connections(), 0)
      await elsewhere.close()
    })
  }

  it("announces its answer first has not answered with that", async () => {
    const url = receiver.on((response) => {
      response.writeEarlyHints({ link: "</x>; rel=preload" })
      response.writeProcessing()
      response.writeHead(201).end("made")
    })
    const result = answered(await deliver(url))
    assert.deepStrictEqual([result.status, text(result)], [201, "made"])
  })

  it("never answers is given up in time, and its connection with it", async () => {
    const url = receiver.on(() => {})
    const result = failed(await deliver(url, { timeoutMs: 1500 }))
    assert.deepInclude(result, { reason: "timeout", message: "no answer within 1500 ms" })
    assert.isAtLeast(result.durationMs, 1490)
    await until(() => receiver.alive() === 0)
  })

  it("never takes the whole request is given up in time", async () => {
    const { url, close } = await speaking((socket) => socket.pause())
    const result = failed(await deliver(url, { body: Buffer.alloc(50_000_000), timeoutMs: 300 }))
    assert.strictEqual(result.reason, "timeout")
    await close()
  })

  it("has no connection left for it is given up in time, and nothing is sent later", async () => {
    const url = receiver.on(() => {})
    const own = openSender({ guard: { allow: ["127.0.0.0/8"] }, agent: { connections: 1 } })
    const first = deliver(url, { timeoutMs: 400 }, own)
    const second = failed(await deliver(url, { id: "msg_second", timeoutMs: 100 }, own))
    assert.deepInclude(second, { reason: "timeout", message: "no connection within 100 ms" })
    failed(await first)
    const quick = receiver.on((response) => response.end())
    answered(await deliver(quick, {}, own))
    assert.isFalse(receiver.received.some(({ headers }) => headers["webhook-id"] === "msg_second"))
    await own.close()
  })

  it("sends its body too slowly has answered, with what came of it", async () => {
    const url = receiver.on((response) => trickle(response.writeHead(200)))
    const result = answered(await deliver(url, { timeoutMs: 1500 }))
    assert.deepInclude(result, { status: 200, truncated: true })
    assert.match(text(result), /^x+$/)
    await until(() => receiver.alive() === 0)
  })

  it("breaks off in its body has answered, with what came of it", async () => {
    const url = receiver.on((response, _, socket) => {
      response.writeHead(200, { "content-length": 1000 }).write("half")
      breakOff(socket)
    })
    const result = answered(await deliver(url))
    assert.deepStrictEqual([result.status, text(result), result.truncated], [200, "half", true])
  })

  it("has much to say is heard: 2 KiB are kept", async () => {
    const url = receiver.on((response) => response.end("a".repeat(2047) + "b".repeat(3000)))
    const result = answered(await deliver(url))
    assert.deepStrictEqual([text(result), result.truncated], ["a".repeat(2047) + "b", true])
  })

  it("has exactly 2 KiB to say is heard whole", async () => {
    const url = receiver.on((response) => response.end("a".repeat(2048)))
    assert.deepInclude(answered(await deliver(url)), { truncated: false })
  })

  it("never ends its body is cut off, and memory stays flat", async () => {
    const { url, end } = await endlessElsewhere()
    const round = async () => {
      const results = await Promise.all(Array.from({ length: 20 }, () => deliver(url)))
      for (const result of results) {
        assert.deepInclude(answered(result), { status: 200, truncated: true })
        assert.lengthOf(answered(result).body, 2048)
      }
    }
    try {
      for (let i = 0; i < 20; i++) await round()
      const before = memory()
      for (let i = 0; i < 50; i++) await round()
      const after = memory()
      // What is kept of each would be 60 MB.
      assert.isBelow(after.inUse - before.inUse, 30)
      assert.isBelow(after.resident - before.resident, 100)
    } finally {
      end()
    }
  })

  it("never ends its body loses its connection", async () => {
    const url = receiver.on((response) => endless(response.writeHead(200)))
    assert.deepInclude(answered(await deliver(url)), { status: 200, truncated: true })
    await until(() => receiver.alive() === 0)
  })

  it("resets the connection has not answered", async () => {
    const url = receiver.on((_, __, socket) => socket.resetAndDestroy())
    const before = receiver.received.length
    assert.strictEqual(failed(await deliver(url)).reason, "reset")
    assert.strictEqual(receiver.received.length, before + 1)
  })

  it("hangs up has not answered", async () => {
    const url = receiver.on((_, __, socket) => void socket.end())
    assert.strictEqual(failed(await deliver(url)).reason, "reset")
  })

  it("is not there is said so", async () => {
    const gone = await openReceiver()
    await gone.close()
    const result = failed(await deliver(`${gone.origin}/`))
    assert.strictEqual(result.reason, "connect")
    assert.include(result.message, "ECONNREFUSED")
  })

  const gibberish: ReadonlyArray<readonly [string, string]> = [
    ["another protocol", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    ["headers without end", `HTTP/1.1 200 OK\r\n${"x-a: aaaaaaaaaaaaaaaa\r\n".repeat(10_000)}`],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"]
  ]
  for (const [name, said] of gibberish) {
    it(`speaks ${name} has not answered`, async () => {
      const { url, close } = await speaking((socket) => socket.end(said))
      const result = failed(await deliver(url))
      assert.strictEqual(result.reason, "protocol", result.message)
      await close()
    })
  }

  it("switches to another protocol has not answered", async () => {
    const { url, close } = await speaking((socket) =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")
    )
    assert.strictEqual(failed(await deliver(url, { timeoutMs: 500 }))._tag, "failure")
    await close()
  })
})

describe("a sender", () => {
  it("that is closed ends what still runs, as cancelled", async () => {
    const url = receiver.on(() => {})
    const own = openSender({ guard: { allow: ["127.0.0.0/8"] } })
    const running = deliver(url, {}, own)
    await until(() => receiver.alive() === 1)
    await own.close()
    assert.strictEqual(failed(await running).reason, "cancelled")
    assert.strictEqual(failed(await deliver(url, {}, own)).reason, "cancelled")
    await until(() => receiver.alive() === 0)
  })

  it("trusts only certificates that it can verify, for the name it asked for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tls-"))
    const openssl = (...words: ReadonlyArray<string>) =>
      execFileSync("openssl", words, { cwd: folder, stdio: "ignore" })
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      "key.pem",
      "-out",
      "cert.pem",
      "-subj",
      "/CN=hooks.test",
      "-addext",
      "subjectAltName=DNS:hooks.test"
    )
    const [key, cert] = [readFileSync(join(folder, "key.pem")), readFileSync(join(folder, "cert.pem"))]
    const server = createTlsServer({ key, cert }, (request, response) =>
      request.resume().on("end", () => response.end("safe"))
    )
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    const { port } = server.address() as AddressInfo
    const guard = { allow: ["127.0.0.0/8"], resolve: async () => ["127.0.0.1"] }
    const trusting = openSender({ guard, agent: { tls: { ca: cert } } })
    const doubting = openSender({ guard })
    try {
      const result = answered(await deliver(`https://hooks.test:${port}/`, {}, trusting))
      assert.strictEqual(text(result), "safe")
      assert.strictEqual(failed(await deliver(`https://hooks.test:${port}/`, {}, doubting)).reason, "tls")
      assert.strictEqual(failed(await deliver(`https://other.test:${port}/`, {}, trusting)).reason, "tls")
      assert.strictEqual(failed(await deliver(`https://127.0.0.1:${port}/`, {}, trusting)).reason, "tls")
    } finally {
      await trusting.close()
      await doubting.close()
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true })
    }
  })
})

const until = async (holds: () => boolean) => {
  const limit = performance.now() + 30_000
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`never came to be: ${holds}`)
    await new Promise((done) => setTimeout(done, 5))
  }
}
