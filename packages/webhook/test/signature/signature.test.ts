import {
  generateKeyPair,
  generateSecret,
  publicKeyOf,
  sign,
  SignatureError,
  type SignatureProblem,
  signatureOf,
  verify,
  type VerifyOptions
} from "@tenterhook/webhook/signature"
import { webcrypto } from "node:crypto"
import fc from "fast-check"
import { Webhook } from "standardwebhooks"
import { assert, describe, it } from "vitest"

/** Source: Wacht, the signature of a hook's webhook. */
const vector = {
  secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
  id: "msg_1",
  timestamp: 1772618400,
  body: '{"data":{"agent_id":"1"},"timestamp":"2026-03-04T10:00:00.000Z","type":"agent.execution_start_hook.succeeded"}',
  signature: "v1,c+ce8UzctoXp2Jxu0sX38hjJwwhFVjmodZrW+KgjzkM="
}
const at = { now: vector.timestamp }

const problemOf = (run: () => unknown): { problem: SignatureProblem; message: string } => {
  try {
    run()
  } catch (error) {
    if (error instanceof SignatureError) return { problem: error.problem, message: error.message }
    throw error
  }
  throw new Error("expected a SignatureError, and it passed")
}

const headersWith = (more: Record<string, string | undefined>) => ({ ...sign(vector, vector.secret), ...more })
const received = (more: Record<string, string | undefined> = {}) => ({ headers: headersWith(more), body: vector.body })

describe("v1", () => {
  it("signs the documented vector", () => {
    assert.deepStrictEqual(sign(vector, vector.secret), {
      "webhook-id": vector.id,
      "webhook-timestamp": String(vector.timestamp),
      "webhook-signature": vector.signature
    })
    assert.strictEqual(
      signatureOf(vector.id, vector.timestamp, Buffer.from(vector.body), [vector.secret]),
      vector.signature
    )
  })

  it("verifies it, as text and as bytes", () => {
    const expected = { id: vector.id, timestamp: vector.timestamp }
    assert.deepStrictEqual(verify(received(), vector.secret, at), expected)
    assert.deepStrictEqual(
      verify({ ...received(), body: new TextEncoder().encode(vector.body) }, [vector.secret], at),
      expected
    )
  })

  it("refuses a body that was touched, and says what to look for", () => {
    const { problem, message } = problemOf(() => verify({ ...received(), body: `${vector.body} ` }, vector.secret, at))
    assert.strictEqual(problem, "no match")
    assert.include(message, "exactly what came")
  })

  it("agrees with the reference library, in both directions", () => {
    const now = Math.floor(Date.now() / 1000)
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
        fc.integer({ min: -250, max: 250 }),
        fc.json(),
        (bytes, id, offset, body) => {
          const secret = `whsec_${Buffer.from(bytes).toString("base64")}`
          const reference = new Webhook(secret)
          const timestamp = now + offset
          const ours = sign({ id, timestamp, body }, secret)
          assert.strictEqual(ours["webhook-signature"], reference.sign(id, new Date(timestamp * 1000), body))
          reference.verify(body, { ...ours })
          const theirs = {
            ...ours,
            "webhook-signature": reference.sign(id, new Date(timestamp * 1000), Buffer.from(body))
          }
          verify({ headers: theirs, body: Buffer.from(body) }, secret)
        }
      ),
      { numRuns: 1000 }
    )
  })

  it("agrees with the reference library on what is wrong", () => {
    const now = Math.floor(Date.now() / 1000)
    const secret = generateSecret()
    fc.assert(
      fc.property(
        fc.integer({ min: -900, max: 900 }).filter((offset) => Math.abs(Math.abs(offset) - 300) > 5),
        fc.string({ unit: "grapheme" }),
        fc.string({ unit: "grapheme" }),
        (offset, body, other) => {
          const headers = sign({ id: "msg_1", timestamp: now + offset, body }, secret)
          const accepts = (run: () => unknown) => {
            try {
              run()
              return true
            } catch {
              return false
            }
          }
          const reference = new Webhook(secret)
          const expected = accepts(() => reference.verify(other, { ...headers }, { jsonParse: false }))
          assert.strictEqual(
            accepts(() => verify({ headers, body: other }, secret)),
            expected
          )
          assert.strictEqual(
            accepts(() => verify({ headers, body }, secret)),
            Math.abs(offset) <= 300
          )
        }
      ),
      { numRuns: 500 }
    )
  })
})

describe("v1a", () => {
  it("makes the public key that RFC 8032 gives for its first seed", () => {
    const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex")
    const open = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex")
    const publicKey = `whpk_${open.toString("base64")}`
    assert.strictEqual(publicKeyOf(`whsk_${seed.toString("base64")}`), publicKey)
    assert.strictEqual(publicKeyOf(`whsk_${Buffer.concat([seed, open]).toString("base64")}`), publicKey)
    const wrong = Buffer.concat([seed, Buffer.alloc(32, 1)]).toString("base64")
    assert.strictEqual(problemOf(() => publicKeyOf(`whsk_${wrong}`)).problem, "secret")
  })

  it("signs what another implementation of ed25519 verifies", async () => {
    const { privateKey, publicKey } = generateKeyPair()
    const headers = sign(vector, privateKey)
    const [version, signature] = headers["webhook-signature"].split(",")
    assert.strictEqual(version, "v1a")
    const key = await webcrypto.subtle.importKey("raw", Buffer.from(publicKey.slice(5), "base64"), "Ed25519", false, [
      "verify"
    ])
    const content = Buffer.from(`${vector.id}.${vector.timestamp}.${vector.body}`)
    assert.isTrue(await webcrypto.subtle.verify("Ed25519", key, Buffer.from(signature!, "base64"), content))
  })

  it("is verified with the public key and with the private one, and with no other", () => {
    const ours = generateKeyPair()
    const message = { headers: sign(vector, ours.privateKey), body: vector.body }
    verify(message, ours.publicKey, at)
    verify(message, ours.privateKey, at)
    assert.strictEqual(problemOf(() => verify(message, generateKeyPair().publicKey, at)).problem, "no match")
    assert.strictEqual(problemOf(() => verify({ ...message, body: "{}" }, ours.publicKey, at)).problem, "no match")
    assert.include(problemOf(() => verify(message, vector.secret, at)).message, "the right kind of secret")
    assert.strictEqual(problemOf(() => sign(vector, ours.publicKey)).problem, "secret")
  })

  it("does not take the other version's signature under its own name", () => {
    const { publicKey, privateKey } = generateKeyPair()
    const forged = signatureOf(vector.id, vector.timestamp, vector.body, vector.secret).replace("v1,", "v1a,")
    assert.strictEqual(
      problemOf(() => verify(received({ "webhook-signature": forged }), [publicKey, vector.secret], at)).problem,
      "no match"
    )
    const renamed = signatureOf(vector.id, vector.timestamp, vector.body, privateKey).replace("v1a,", "v1,")
    assert.strictEqual(
      problemOf(() => verify(received({ "webhook-signature": renamed }), [publicKey, vector.secret], at)).problem,
      "no match"
    )
  })
})

describe("rotation", () => {
  it("is accepted by who knows the old secret, the new one, or both", () => {
    const [old, young] = [generateSecret(), generateSecret()]
    const { privateKey, publicKey } = generateKeyPair()
    const headers = sign(vector, [young, old, privateKey])
    assert.match(headers["webhook-signature"], /^v1,\S+ v1,\S+ v1a,\S+$/)
    for (const known of [old, young, publicKey, [generateSecret(), old], [publicKey, young]]) {
      verify({ headers, body: vector.body }, known, at)
    }
    assert.strictEqual(
      problemOf(() => verify({ headers, body: vector.body }, generateSecret(), at)).problem,
      "no match"
    )
    new Webhook(old).verify(vector.body, {
      ...sign({ ...vector, timestamp: Math.floor(Date.now() / 1000) }, [young, old])
    })
  })
})

describe("headers", () => {
  const signed = sign(vector, vector.secret)
  const cased = {
    "Webhook-Id": signed["webhook-id"],
    "WEBHOOK-TIMESTAMP": signed["webhook-timestamp"],
    "Webhook-signature": signed["webhook-signature"]
  }
  const cases: ReadonlyArray<readonly [string, any]> = [
    ["in any case", cased],
    ["of fetch", new Headers(cased)],
    ["in a Map", new Map(Object.entries(cased))],
    ["in pairs", Object.entries(cased)],
    ["with values in lists", Object.fromEntries(Object.entries(cased).map(([name, value]) => [name, [value]]))],
    ["with more than is asked for", { ...cased, host: "x", cookie: undefined }],
    [
      "with signatures of versions to come",
      { ...cased, "Webhook-signature": `v2,abc ${signed["webhook-signature"]} v9` }
    ],
    [
      "with the signature header given twice",
      { ...cased, "Webhook-signature": ["v1,bm8=", signed["webhook-signature"]] }
    ]
  ]
  for (const [name, headers] of cases) {
    it(`are taken ${name}`, () => void verify({ headers, body: vector.body }, vector.secret, at))
  }

  const wrong: ReadonlyArray<readonly [string, Record<string, string | undefined>, SignatureProblem]> = [
    ["webhook-id is missing", { "webhook-id": undefined }, "message"],
    ["webhook-timestamp is missing", { "webhook-timestamp": undefined }, "message"],
    ["webhook-signature is missing", { "webhook-signature": undefined }, "message"],
    ["webhook-signature is empty", { "webhook-signature": " " }, "message"],
    ["an id has a dot, which could hide another message", { "webhook-id": "msg.1" }, "message"],
    ["the id was given twice", { "webhook-id": "msg_1, msg_1" }, "message"],
    ["the id comes in two spellings of its name", { "Webhook-Id": "msg_2" }, "message"],
    ["a timestamp is no number", { "webhook-timestamp": "soon" }, "message"],
    ["a timestamp has something behind it", { "webhook-timestamp": `${vector.timestamp}abc` }, "message"],
    ["a timestamp is padded", { "webhook-timestamp": `0${vector.timestamp}` }, "message"],
    ["a timestamp was moved", { "webhook-timestamp": String(vector.timestamp + 1) }, "no match"],
    ["there are more signatures than anybody sends", { "webhook-signature": "v1,x ".repeat(33) }, "message"],
    ["a signature is cut", { "webhook-signature": vector.signature.slice(0, -2) }, "no match"],
    ["a signature has no version", { "webhook-signature": vector.signature.slice(3) }, "no match"],
    ["a signature is empty", { "webhook-signature": "v1," }, "no match"]
  ]
  for (const [name, more, expected] of wrong) {
    it(`are refused where ${name}`, () => {
      const { problem, message } = problemOf(() => verify(received(more), vector.secret, at))
      assert.strictEqual(problem, expected, message)
      assert.notInclude(message, vector.secret.slice(6))
    })
  }
})

describe("tolerance", () => {
  const ages: ReadonlyArray<readonly [number, VerifyOptions, SignatureProblem | null]> = [
    [300, {}, null],
    [301, {}, "too old"],
    [-300, {}, null],
    [-301, {}, "too new"],
    [10, { toleranceSeconds: 9 }, "too old"],
    [-10, { toleranceSeconds: 9 }, "too new"],
    [1_000_000, { toleranceSeconds: Infinity }, null]
  ]
  for (const [age, options, expected] of ages) {
    it(`of ${options.toleranceSeconds ?? "300"} s: ${age} s ago is ${expected ?? "accepted"}`, () => {
      const run = () => verify(received(), vector.secret, { ...options, now: vector.timestamp + age })
      if (expected === null) run()
      else assert.strictEqual(problemOf(run).problem, expected)
    })
  }
})

describe("secrets", () => {
  const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString("base64")
  for (const [name, secret] of [
    ["without a prefix", base64(32)],
    ["of another product", `sk_${base64(32)}`],
    ["that are empty", ""],
    ["that are too short", `whsec_${base64(23)}`],
    ["that are too long", `whsec_${base64(65)}`],
    ["that are not base64", `whsec_${base64(32).slice(1)}*`],
    ["that are a megabyte of padding", `whsec_${"=".repeat(1_000_000)}*`],
    ["with a line break", `whsec_${base64(32)}\n`],
    ["whose public key has 31 bytes", `whpk_${base64(31)}`],
    ["whose private key has 33 bytes", `whsk_${base64(33)}`]
  ] as const) {
    it(`${name} are refused without being repeated`, () => {
      for (const run of [() => sign(vector, secret), () => verify(received(), secret, at)]) {
        const { problem, message } = problemOf(run)
        assert.strictEqual(problem, "secret")
        if (secret.length > 10) assert.notInclude(message, secret.slice(7).trim())
      }
    })
  }

  it("none at all is an error on both sides", () => {
    assert.strictEqual(problemOf(() => sign(vector, [])).problem, "secret")
    assert.strictEqual(problemOf(() => verify(received(), [], at)).problem, "secret")
  })

  it("that are generated can be used", () => {
    for (let i = 0; i < 50; i++) {
      const secret = generateSecret()
      verify({ headers: sign(vector, secret), body: vector.body }, secret, at)
    }
  })
})

describe("messages", () => {
  for (const id of ["", "a.b", "a b", "a,b", "é", "a\nb"]) {
    it(`with the id ${JSON.stringify(id)} are not signed`, () => {
      assert.strictEqual(problemOf(() => sign({ ...vector, id }, vector.secret)).problem, "message")
    })
  }
  it("need a timestamp in whole seconds", () => {
    for (const timestamp of [1.5, -1, NaN, Infinity]) {
      assert.strictEqual(problemOf(() => sign({ ...vector, timestamp }, vector.secret)).problem, "message")
    }
  })
  it("that are bytes and no text are signed as they stand", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), (body, place) => {
        const { privateKey, publicKey } = pair
        const headers = sign({ ...vector, body }, [vector.secret, privateKey])
        verify({ headers, body }, vector.secret, at)
        verify({ headers, body }, publicKey, at)
        if (body.length === 0) return
        const touched = Uint8Array.from(body)
        touched[place % body.length]! ^= 1
        assert.strictEqual(
          problemOf(() => verify({ headers, body: touched }, [vector.secret, publicKey], at)).problem,
          "no match"
        )
      }),
      { numRuns: 300 }
    )
  })
  const pair = generateKeyPair()
})
