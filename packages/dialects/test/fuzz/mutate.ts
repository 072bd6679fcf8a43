/** Ways of spoiling a text or a value, and texts and values that never were good. */
import type { Random } from "./Random.ts"

/** A text with up to six things done to it. */
export const spoiltText = (random: Random, text: string): string => {
  let spoilt = text
  for (let left = 1 + random.int(6); left > 0; left--) spoilt = random.pick(textSpoilers)(random, spoilt)
  return spoilt.length > longest ? spoilt.slice(0, longest) : spoilt
}

/** A value with up to four things done to its parts. */
export const spoiltValue = (random: Random, value: unknown): unknown => {
  const copy = structuredClone(value)
  const root = { root: copy as unknown }
  for (let left = 1 + random.int(4); left > 0; left--) {
    const places = placesIn(root)
    if (places.length === 0) return anyValue(random, 3)
    const { holder, key } = random.pick(places)
    const dice = random.int(5)
    if (dice === 0) delete (holder as Record<string | number, unknown>)[key]
    else if (dice === 1 && !Array.isArray(holder)) {
      const other = random.pick(words)
      Object.defineProperty(holder, other, {
        value: (holder as Record<string, unknown>)[key as string],
        enumerable: true,
        writable: true,
        configurable: true
      })
    } else (holder as Record<string | number, unknown>)[key] = anyValue(random, 3)
  }
  return root.root
}

export const anyText = (random: Random): string => {
  const pieces: Array<string> = []
  for (let left = random.int(60); left > 0; left--) pieces.push(random.pick(random.chance(0.5) ? tokens : words))
  return pieces.join(random.pick(["", " ", "\n", "\n  ", ": "]))
}

/** JSON and, now and then, what only code can hold. */
export const anyValue = (random: Random, depth: number): unknown => {
  const dice = random.int(depth > 0 ? 12 : 7)
  switch (dice) {
    case 0:
      return random.pick([null, true, false])
    case 1:
      return random.pick([0, -1, 1, 5, 30, 1.5, 1e21, -0, 2 ** 53, Number.MAX_VALUE])
    case 7:
    case 8:
      return Array.from({ length: random.int(5) }, () => anyValue(random, depth - 1))
    case 9:
    case 10:
    case 11: {
      const record: Record<string, unknown> = {}
      for (let left = random.int(6); left > 0; left--) {
        Object.defineProperty(record, random.pick(words), {
          value: anyValue(random, depth - 1),
          enumerable: true,
          writable: true,
          configurable: true
        })
      }
      return record
    }
    default:
      return random.chance(0.5) ? random.pick(words) : random.pick(tokens)
  }
}

/** What a config given in code may hold, and no file can. */
export const codeOnly = (random: Random): unknown => {
  const cycle: Array<unknown> = []
  cycle.push(cycle)
  const throws = Object.defineProperty({}, "on", { enumerable: true, get: () => "stop" })
  return random.pick([
    undefined,
    () => undefined,
    12n,
    Symbol("x"),
    Number.NaN,
    new Date(0),
    new Map([["on", "stop"]]),
    cycle,
    throws,
    Object.create(null),
    new (class Hook {})()
  ])
}

type TextSpoiler = (random: Random, text: string) => string

const textSpoilers: ReadonlyArray<TextSpoiler> = [
  (random, text) => splice(random, text, random.int(20), ""),
  (random, text) => splice(random, text, 0, random.pick(tokens)),
  (random, text) => splice(random, text, 0, random.pick(words)),
  (random, text) => splice(random, text, random.int(8), random.pick(tokens)),
  (random, text) => text.slice(0, random.int(text.length + 1)),
  (random, text) => {
    const lines = text.split("\n")
    lines.splice(random.int(lines.length), random.int(3), random.pick(lines))
    return lines.join("\n")
  },
  (random, text) => {
    const lines = text.split("\n")
    const at = random.int(lines.length)
    lines[at] = `${" ".repeat(random.int(8))}${lines[at]!.trimStart()}`
    return lines.join("\n")
  },
  (random, text) =>
    text.replace(/\d+/g, (digits) =>
      random.chance(0.3)
        ? random.pick(["0", "-1", "1e9", "99999999999999999999", "0x1F", "1.5", '"7"', "null"])
        : digits
    ),
  (random, text) => text.replace(/[A-Za-z_]{4,}/g, (word) => (random.chance(0.08) ? random.pick(words) : word)),
  (random, text) => {
    const at = random.int(text.length + 1)
    const piece = text.slice(at, at + 1 + random.int(30))
    return text.slice(0, at) + piece.repeat(1 + random.int(20)) + text.slice(at)
  },
  (random, text) => {
    const open = random.pick(["[", "{", '{"a":', "- ", "? ", "((", "{,"])
    return splice(random, text, 0, open.repeat(random.pick([3, 40, 2_000])))
  },
  (random, text) => text.replaceAll('"', () => (random.chance(0.2) ? "'" : '"'))
]

const splice = (random: Random, text: string, remove: number, insert: string) => {
  const at = random.int(text.length + 1)
  return text.slice(0, at) + insert + text.slice(at + remove)
}

interface Spot {
  readonly holder: object
  readonly key: string | number
}

const placesIn = (value: unknown): ReadonlyArray<Spot> => {
  if (typeof value !== "object" || value === null) return []
  const own: ReadonlyArray<Spot> = Array.isArray(value)
    ? value.map((_, key) => ({ holder: value, key }))
    : Object.keys(value).map((key) => ({ holder: value, key }))
  return own.flatMap((spot) => [spot, ...placesIn((spot.holder as Record<string | number, unknown>)[spot.key])])
}

const longest = 20_000

const tokens = [
  "\0",
  "\uFEFF",
  "\u2028",
  "\ud800",
  "😀",
  "\t",
  "\r\n",
  "\n",
  "\n\n",
  "---\n",
  "...\n",
  ": ",
  "- ",
  "#",
  "'",
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  "&a ",
  "*a",
  "<<: *a",
  "!!binary ",
  "!!map ",
  "!!set ",
  "!!js/function ",
  "? ",
  "| ",
  ">-\n",
  "%YAML 1.1\n",
  "~",
  "null",
  "true",
  ".inf",
  ".nan",
  "0o17",
  "1_000",
  "2026-01-01",
  "$HOME",
  "${HOME}",
  "${tool.name}",
  "$${x}",
  "${",
  "$(id)",
  "`id`",
  "; rm -rf /",
  "%s",
  "%n",
  "../../..",
  "/dev/null",
  "[a-",
  "[z-a]",
  "{a,b}",
  "(a+)+$",
  "(?<x>",
  "\\1",
  "**",
  "5s",
  "5",
  "-5s",
  "1h1m1s",
  "## Hooks\n",
  "### a\n",
  "version: 1\n",
  "- key: value\n"
]

const words = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "length",
  "then",
  "hooks",
  "on",
  "event",
  "events",
  "tool",
  "tool_name",
  "matcher",
  "when",
  "run",
  "command",
  "args",
  "call",
  "with",
  "post",
  "secret",
  "env",
  "envBase",
  "action",
  "kind",
  "timeout",
  "timeout_ms",
  "onFailure",
  "enabled",
  "name",
  "config",
  "script",
  "working_dir",
  "cwd",
  "policy",
  "policies",
  "order",
  "defaults",
  "pre_execution",
  "post_evaluation",
  "execution_start",
  "execution_end",
  "pre_tool_use",
  "PreToolUse",
  "session_start",
  "stop",
  "*",
  "inject_output",
  "version",
  "services",
  "environment",
  "volumes",
  "WEGENT_HOOK_PRE_EXECUTE",
  "bash",
  "sh",
  "inherit",
  "closed",
  "block",
  "continue",
  "modify",
  "modified_args",
  "message",
  "verdict",
  "deny",
  "allow",
  "ask",
  "reason",
  "rewrite",
  "target",
  "value",
  "context",
  "notices",
  "halt",
  "resume",
  "decision",
  "regex",
  "flags",
  "not",
  "parallel",
  "",
  " "
]
