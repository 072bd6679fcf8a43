/**
 * What hooks write, by chance: a deny at some place of some text, in our words or another product's, well written or not;
 * or text that holds no answer. The same chance gives the same answer.
 */
import type { Chance } from "./Chance.ts"

export interface AnyAnswer {
  /** `deny`: it holds one. `nothing`: it is text without a JSON object of which a key decides. */
  readonly says: "deny" | "nothing"
  /** The deny is in our words and well written: only what stands around it, and how it is printed, may be odd. */
  readonly isOurs: boolean
  /** How it came about, for a person: `Cursor, coloured, in text, UTF-16`. */
  readonly how: string
  /** As a command prints it, or a server sends it. */
  readonly bytes: Uint8Array
  /** As a tool or a function returns it. */
  readonly value: unknown
}

export const anyAnswer = (luck: Chance): AnyAnswer => (luck.below(4) === 0 ? anyText(luck) : anyDeny(luck))

/** Text as commands print it. Deciding words are in it, braces are, and a JSON object whose keys are of no account. */
export const anyText = (luck: Chance): AnyAnswer => {
  const text =
    luck.below(2) === 0 ? written(luck, [...prose, ...proseOfDecisions]) : `> ${written(luck, [...prose, ...loose])}`
  return { says: "nothing", isOurs: false, how: "text", bytes: bytesOf(text), value: text }
}

export const anyDeny = (luck: Chance): AnyAnswer => {
  const [whose, deny] = luck.pick(luck.below(2) === 0 ? ours : others)
  const value = deny()
  const [dress, dressed] = luck.pick(dresses)
  const alone = luck.below(3) === 0
  const json = dressed(value, luck)
  const text = alone ? json : within(written(luck, [...prose, ...loose, ...proseOfDecisions]), json, dress, luck)
  const [encoding, encode] = luck.below(4) === 0 ? luck.pick(encodings) : (["UTF-8", bytesOf] as const)
  const how = [whose, dress, alone ? "alone" : "in text", encoding].join(", ")
  const isOurs = whose === "ours"
  return { says: "deny", isOurs, how, bytes: encode(text), value: luck.pick(values)(value, text) }
}

/** A text that is cut off ends there. */
const within = (text: string, json: string, dress: string, luck: Chance) => {
  if (dress === cutOff) return `${text} ${json}`
  const at = luck.below(text.length + 1)
  return text.slice(0, at) + json + text.slice(at)
}

const written = (luck: Chance, pieces: ReadonlyArray<string>): string => {
  const parts: Array<string> = []
  for (let left = luck.below(12); left > 0; left--) parts.push(luck.pick(pieces))
  return parts.join(luck.pick([" ", "\n", "\r\n", " - ", "\t"]))
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Whose words, and the answer in them. */
type Words = ReadonlyArray<readonly [string, () => Record<string, unknown>]>

const ours: Words = [
  ["ours", () => ({ verdict: "deny", reason: "no" })],
  ["ours", () => ({ verdict: "deny" })],
  ["ours", () => ({ reason: "rm -rf is not allowed", verdict: "deny", notices: ["a"] })],
  ["ours", () => ({ verdict: "deny", reason: "no", score: 0.9, matches: [{ rule: 7 }] })]
]

const others: Words = [
  ["ours, misspelt", () => ({ verdcit: "deny", reason: "no" })],
  ["ours, misspelt", () => ({ Verdict: "deny" })],
  ["ours, misspelt", () => ({ "verdict ": "deny" })],
  ["ours, misspelt", () => ({ verdict: "DENY" })],
  ["ours, misspelt", () => ({ verdict: " deny" })],
  ["ours, misspelt", () => ({ verdict: "denied", reason: "no" })],
  ["ours, of a wrong type", () => ({ verdict: ["deny"] })],
  ["ours, of a wrong type", () => ({ verdict: { deny: true } })],
  ["ours, further down", () => ({ result: { verdict: "deny", reason: "no" } })],
  ["ours, further down", () => ({ context: "a", details: [{ verdict: "deny" }] })],
  ["ours, beside an allow", () => ({ verdict: "allow", rules: [{ name: "rm", verdict: "deny" }] })],
  ["ours, in a text", () => ({ content: [{ type: "text", text: '{"verdict":"deny"}' }] })],
  ["Claude Code, Gemini CLI", () => ({ decision: "block", reason: "no" })],
  ["Claude Code", () => ({ hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "deny" } })],
  ["Claude Code", () => ({ reason: "no", hookSpecificOutput: { decision: { behavior: "deny" } } })],
  ["Claude Code", () => ({ continue: false, stopReason: "no" })],
  ["Claude Code", () => ({ behavior: "deny", message: "no" })],
  ["Gemini CLI", () => ({ decision: "deny", reason: "no", systemMessage: "no" })],
  ["Copilot CLI", () => ({ permissionDecision: "deny", permissionDecisionReason: "no" })],
  ["Cursor", () => ({ permission: "deny", user_message: "no", agent_message: "no" })],
  ["oats", () => ({ action: "block", message: "no" })],
  ["Cline", () => ({ cancel: true, errorMessage: "no" })],
  ["Pi", () => ({ block: true, reason: "no" })],
  ["Open Policy Agent", () => ({ result: { allow: false } })],
  ["nobody's", () => ({ deny: true })],
  ["nobody's", () => ({ allowed: false, message: "no" })],
  ["nobody's", () => ({ policy: "p1", outcome: "denied" })],
  ["nobody's", () => ({ Permission_Decision: "Denied" })]
]

const cutOff = "cut off"

type Dress = (value: Record<string, unknown>, luck: Chance) => string

const dresses: ReadonlyArray<readonly [string, Dress]> = [
  ["JSON", (value) => JSON.stringify(value)],
  ["JSON", (value) => JSON.stringify(value)],
  ["over several lines", (value) => JSON.stringify(value, null, 2)],
  ["over several lines", (value) => JSON.stringify(value, null, "\t").replaceAll("\n", "\r\n")],
  ["coloured", (value) => coloured(JSON.stringify(value, null, 2))],
  ["coloured", (value) => coloured(JSON.stringify(value))],
  ["in a fence", (value) => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``],
  ["in a list", (value) => `[${JSON.stringify(value)}]`],
  ["as a JSON text", (value) => JSON.stringify(JSON.stringify(value))],
  ["as a JSON text of a JSON text", (value) => JSON.stringify(JSON.stringify(JSON.stringify(value)))],
  ["among log lines", (value) => `${logLine}\n${JSON.stringify(value)}\n${logLine}`],
  ["after an allow", (value) => `{"verdict":"allow"}\n${JSON.stringify(value)}`],
  ["before an allow", (value) => `${JSON.stringify(value)}{"verdict":"allow","reason":"fine"}`],
  ["a key twice", (value) => `{"verdict":"allow",${JSON.stringify({ ...value, verdict: "deny" }).slice(1)}`],
  ["with a comma too many", (value) => JSON.stringify(value).replace(/\}$/, ",}")],
  ["with a line break in a text", (value) => JSON.stringify({ ...value, note: "a b" }).replace("a b", "a\nb")],
  ["in single quotes", (value) => JSON.stringify(value).replaceAll('"', "'")],
  ["as Python writes it", (value) => pythonText(value)],
  ["with bare keys", (value) => JSON.stringify(value).replace(/"(\w+)":/g, " $1: ")],
  ["in a string of a program", (value) => JSON.stringify(value).replaceAll('"', '\\"')],
  [cutOff, (value, luck) => cut(JSON.stringify(value), luck)]
]

const logLine = '{"level":"info","msg":"checking","ms":12}'

/** Each token in its colour, as `jq -C` prints it. */
const coloured = (json: string) => json.replace(/"[^"]*"|[{}[\],:]/g, (token) => `\u001b[0;32m${token}\u001b[0m`)

const pythonText = (value: unknown): string =>
  JSON.stringify(value).replaceAll('"', "'").replaceAll(":true", ": True").replaceAll(":false", ": False")

/** Behind the word that says no. */
const cut = (json: string, luck: Chance) => {
  const words = [...json.matchAll(/"\s?(?:deny|denied|block)\\*"|false|true|\["deny"/gi)]
  const last = words.at(-1)!
  const from = last.index + last[0].length
  return json.slice(0, from + luck.below(json.length - from))
}

const encodings: ReadonlyArray<readonly [string, (text: string) => Uint8Array]> = [
  ["UTF-8 with a mark", (text) => bytesOf(`\uFEFF${text}`)],
  ["UTF-16LE", (text) => utf16(text, false)],
  ["UTF-16LE with a mark", (text) => utf16(`\uFEFF${text}`, false)],
  ["UTF-16BE", (text) => utf16(text, true)],
  ["UTF-16BE with a mark", (text) => utf16(`\uFEFF${text}`, true)],
  ["between NUL bytes", (text) => bytesOf(`\0\0${text}\0`)],
  ["after bytes of no encoding", (text) => Uint8Array.from([0xff, 0xfe, 0x80, ...bytesOf(text)])],
  ["Latin-1", (text) => Uint8Array.from(`é ${text} é`, (character) => Math.min(character.charCodeAt(0), 0xff))]
]

const utf16 = (text: string, isBig: boolean): Uint8Array => {
  const bytes = new Uint8Array(2 * text.length)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at), !isBig)
  return bytes
}

const values: ReadonlyArray<(value: Record<string, unknown>, text: string) => unknown> = [
  (value) => value,
  (value) => value,
  (value) => [value],
  (value) => ({ data: value }),
  (value) => ({ content: [{ type: "text", text: JSON.stringify(value) }] }),
  (value) => ({ result: `checked: ${JSON.stringify(value)}` }),
  (_, text) => text
]

/** Balanced braces, and nothing in them that decides. */
const prose = [
  "All 12 checks passed",
  "see {this}",
  "checking command...",
  "${HOME}/bin",
  "${x:-y}",
  "function() { return 1 }",
  "for f in *.{js,ts}; do wc -l $f; done",
  "{}",
  "{ }",
  "[1, 2, 3]",
  "it's done, don't worry",
  'say "hello"',
  "key: value",
  "a=b",
  "100 %",
  "{{name}}",
  "printf '%s\\n' \"$x\"",
  "\u001b[32m✓\u001b[0m ok",
  "\u001b]8;;https://example.com\u001b\\link\u001b]8;;\u001b\\",
  "naïve café 🧵",
  "C:\\temp\\new",
  "<b>bold</b>",
  logLine,
  '{"passed":12}',
  '{"files":["a.ts",{"name":"b.ts","size":7}],"note":"it\'s \\"fine\\""}',
  "p { display: block }",
  "12:30:01 start"
]

/** Words of decisions, outside of braces. */
const proseOfDecisions = [
  "deny or allow",
  "verdict: deny",
  "decision = block",
  '"verdict"',
  "nothing was blocked",
  "allow all",
  "permission: read"
]

/** Braces and quotes that nothing closes. */
const loose = ["}", "{", '"', "'", "smile :{", "`", "\\", "```", "[", "{ x", "<!-- {", "f(x) {"]
