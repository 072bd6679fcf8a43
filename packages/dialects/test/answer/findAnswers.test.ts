/** What is found in a text, and that finding it takes time that is linear in the text. */
import { assert, describe, it } from "@effect/vitest"
import { decisionsIn } from "../../src/answer/decisionsIn.ts"
import { findAnswers } from "../../src/answer/findAnswers.ts"

const found = (text: string) => findAnswers(text)?.answers.map(({ value }) => value)
const broken = (text: string) => findAnswers(text)?.broken !== undefined

describe("objects in text", () => {
  it("are found wherever they stand, the outermost alone", () => {
    assert.deepStrictEqual(found('a {"verdict":"deny"} b'), [{ verdict: "deny" }])
    assert.deepStrictEqual(found('{"a":{"verdict":"deny"}}'), [{ a: { verdict: "deny" } }])
    assert.deepStrictEqual(found('{"ok":1}{"ok":2}\n[{"ok":3}]'), [{ ok: 1 }, { ok: 2 }, { ok: 3 }])
    assert.deepStrictEqual(found('{ {"ok":1} "'), [{ ok: 1 }])
    assert.deepStrictEqual(found('{"a":[{"ok":1}'), [{ ok: 1 }])
    assert.deepStrictEqual(found(String.raw`{"verd\u0069ct":"deny"}`), [{ verdict: "deny" }])
  })

  it("are left alone where nothing in them decides, unless they are all there is", () => {
    assert.deepStrictEqual(found('a {"level":"info"} b'), [])
    assert.isTrue(findAnswers('a {"level":"info"} b')!.hasOthers)
    assert.deepStrictEqual(found('{"level":"info"}'), [{ level: "info" }])
    assert.deepStrictEqual(found("{} and {}"), [])
  })

  it("are read through JSON texts, three deep", () => {
    const thrice = JSON.stringify(JSON.stringify(JSON.stringify({ verdict: "deny" })))
    assert.deepStrictEqual(found(thrice), [{ verdict: "deny" }])
    assert.isTrue(findAnswers(thrice)!.isAlone)
  })

  it("agree with JSON.parse on what is an object", () => {
    const good = [
      '{"ok":-0.5e+3}',
      '{"ok":[[],{}]}',
      '{"ok":"\\u00e9\\n"}',
      '{ "ok" : null }',
      '{"ok":[1,{"a":[]},"]"]}'
    ]
    const bad = [
      '{"ok":01}',
      '{"ok":1,}',
      '{"ok":[1,]}',
      "{ok:1}",
      '{"ok":"\t"}',
      '{"ok":"\\x"}',
      '{"ok":.5}',
      '{"ok" 1}',
      '{"ok":tru}',
      '{"ok":1'
    ]
    for (const json of good) assert.deepStrictEqual(found(json), [JSON.parse(json)], json)
    for (const json of bad) {
      assert.throws(() => JSON.parse(json))
      assert.deepStrictEqual(found(json), [], json)
    }
  })
})

describe("what looks like an answer", () => {
  it.each([
    "{'verdict': 'deny'}",
    "{verdict: deny}",
    '{decision: "block"}',
    '{"verdict":"deny",}',
    '{"verdict" = "deny"}',
    '{"verdict":"den',
    'x {"ver',
    '{"a":"b\nc","verdict":"deny"}',
    String.raw`{\"verdict\":\"deny\"}`,
    "{&quot;verdict&quot;: &quot;deny&quot;}",
    "{“verdict”: “deny”}",
    "Verdict { decision: Deny }",
    "{verdict=deny, reason=no}",
    '"verdict":"deny"}',
    "{'ok': False}",
    "{ rule: 'r1', outcome: 'denied' }"
  ])("is found: %s", (text) => assert.isTrue(broken(text)))

  it.each([
    "All 12 checks passed",
    "see {this}",
    "{foo} is {bar}",
    "${x} ${VERDICT:-deny} ${ACTION:=block}",
    "function f() { return 1 }",
    "interface A { verdict: Verdict; decision: string }",
    "p { display: block }",
    "case $x in deny) exit 2;; esac",
    "verdict: deny",
    '"verdict": "deny"',
    "{note: the deny list is empty}",
    "{ allow list }",
    'say "deny" {x}',
    "{".repeat(3).concat(" x")
  ])("is not: %s", (text) => assert.isFalse(broken(text)))
})

describe("keys that decide", () => {
  const paths = (value: unknown) => decisionsIn(value).map(({ path }) => path)

  it("are found at any depth, in texts, and in keys", () => {
    assert.deepStrictEqual(paths({ hookSpecificOutput: { permissionDecision: "deny" } }), [
      "hookSpecificOutput",
      "hookSpecificOutput.permissionDecision"
    ])
    assert.deepStrictEqual(paths({ content: [{ text: 'said {"decision":"block"}' }] }), ["content.0.text.decision"])
    assert.deepStrictEqual(paths({ 'log {"verdict":"deny"}': 1 }), ["verdict"])
    assert.deepStrictEqual(paths({ a: { status: "denied" } }), ["a.status"])
  })

  it("count by their weight: an ordinary status further down is none", () => {
    assert.deepStrictEqual(paths({ files: [{ name: "a", status: "modified", valid: true }], passed: 12 }), [])
    assert.deepStrictEqual(paths({ status: "ok" }), ["status"])
    assert.deepStrictEqual(paths({ result: "three files" }), [])
    assert.deepStrictEqual(paths({ result: false }), ["result"])
    assert.deepStrictEqual(paths({ isAllowed: false, "Permission-Decision": "no" }), [
      "isAllowed",
      "Permission-Decision"
    ])
    assert.deepStrictEqual(paths({ decision: null, precision: 0.9, revision: 4, permissions: ["read"], lock: true }), [
      "permissions"
    ])
  })

  it("survive cycles", () => {
    const cycle: Record<string, unknown> = { verdcit: "deny" }
    cycle["self"] = cycle
    assert.deepStrictEqual(paths(cycle), ["verdcit"])
  })
})

describe("a megabyte of hostile text", () => {
  const megabyte = (piece: string) => piece.repeat(Math.ceil(1_000_000 / piece.length))
  const texts: Record<string, string> = {
    "{": megabyte("{"),
    '[{"': megabyte('[{"'),
    '{"a":': megabyte('{"a":'),
    "{}": megabyte("{}"),
    objects: megabyte('{"a":1}'),
    answers: megabyte('{"ok":1}'),
    lookalikes: megabyte("{allow:x,"),
    closers: megabyte("allow: x }"),
    blanks: `{${megabyte(" ")}"`,
    backslashes: `{"${megabyte("\\")}`,
    quotes: megabyte('"\\"'),
    colours: megabyte("\u001b[0"),
    words: `{${megabyte("allow")}`,
    "NUL bytes": megabyte("{\0"),
    "one text": JSON.stringify(megabyte('{"a":"b"}')),
    deep: '{"a":'.repeat(100_000) + '{"verdict":"deny"}' + "}".repeat(100_000)
  }
  for (const [name, text] of Object.entries(texts)) {
    it(`is read in linear time: ${name}`, () => {
      const before = process.cpuUsage()
      for (const { value } of findAnswers(text)?.answers ?? []) decisionsIn(value)
      const { user, system } = process.cpuUsage(before)
      // About 20 ms; whatever is not linear takes minutes.
      assert.isBelow((user + system) / 1000, 2000)
    })
  }
})
