/** Texts that would do something if a shell, a template or a parser ever read them. */
import { Schema } from "effect"

export const Hostile = Schema.Union([
  Schema.String,
  Schema.Literals([
    "$(touch pwned)",
    "`id`",
    "; rm -rf /",
    "a && b | c > d",
    "'",
    '"',
    "\\",
    "a b\tc\nd",
    "-c",
    "--",
    "$&$$$1",
    "${BRANCH}",
    "$BRANCH",
    "*?[a]",
    "~",
    "#",
    "🧵\u2028",
    "__proto__"
  ])
])
