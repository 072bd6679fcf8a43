/** Which product's hooks would have given such an answer, and what the same answer is in our dialect. */

/** `as Claude Code, Codex and Gemini CLI write it`; undefined where it is nobody's that we know. */
export const productOf = (value: object): string | undefined => {
  const has = (key: string) => Object.hasOwn(value, key)
  const at = (key: string): unknown => (has(key) ? (value as Record<string, unknown>)[key] : undefined)
  const isOneOf = (key: string, words: ReadonlyArray<string>) => words.includes(at(key) as string)
  if (has("hookSpecificOutput")) return claudeAndOthers
  if (has("permissionDecision")) return "GitHub Copilot CLI"
  if (has("permission") || (has("continue") && (has("user_message") || has("userMessage")))) return "Cursor"
  if (isOneOf("decision", ["block", "approve"])) return claudeAndOthers
  if (isOneOf("decision", ["deny", "allow", "ask"])) return "Gemini CLI"
  if (has("stopReason") || has("suppressOutput") || has("systemMessage")) return claudeAndOthers
  if (isOneOf("action", ["block", "modify", "continue"])) return "oats"
  if (isOneOf("behavior", ["allow", "deny"])) return "the permission callback of Claude Code"
  if (typeof at("cancel") === "boolean") return "Cline"
  if (at("block") === true) return "Pi"
  if (typeof at("result") === "boolean") return "Open Policy Agent"
  if (typeof at("continue") === "boolean") return "Claude Code, Codex, Gemini CLI and Cursor"
  return undefined
}

const claudeAndOthers = "Claude Code, Codex and Gemini CLI"
