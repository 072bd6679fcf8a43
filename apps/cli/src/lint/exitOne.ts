/** Hooks that say no with exit code 1, as git hooks do, where only another code is a no. */
import { classOf, type Dialect, emptyReply, type EventName, FireId, type Hook } from "@tenterhook/core"
import { commandFiles } from "./commandFiles.ts"
import type { Rule, Subject, Trial } from "./Finding.ts"

export const exitOne: Rule = (subject) => {
  const { hook, set, trial } = subject
  if (trial._tag !== "command" || hook.events === "*") return []
  const event = hook.events.find(
    (one) =>
      ["gate", "loop"].includes(classIn(subject.dialect, one)) &&
      meaning(subject, one, 1) === "nothing" &&
      meaning(subject, one, 2) === "no"
  )
  if (event === undefined) return []
  const found = noByOne(trial, event)
  if (found === null) return []
  const effect = classOf(event) === "loop" ? "keeps the agent working" : "denies"
  const remedy = set.dialect === "native" ? "; end with 2, or set onFailure: block" : ""
  const text = `${found.what} ends with exit code 1 to say no, but on ${event} only exit code 2 ${effect}, and the agent goes on${remedy}`
  return [{ text, about: found.about }]
}

/** What an exit code comes to at an event, by the hook's own dialect. */
const meaning = ({ dialect, hook, set }: Subject, name: EventName, status: number): "no" | "nothing" => {
  const context = { tool: { name: "check", input: {} } }
  const fire = { fireId: FireId.make("check"), event: { name, class: classIn(dialect, name) }, context, mode: set.mode }
  const { outcome } = dialect.decode(hook, fire, { _tag: "reply", ...emptyReply, status })
  if (outcome.status !== "succeeded") return outcome.status === "failed" && blocks(hook) ? "no" : "nothing"
  const { verdict, halt, resume } = outcome.output
  return verdict === "deny" || halt !== undefined || resume !== undefined ? "no" : "nothing"
}

const classIn = ({ events }: Dialect, name: EventName) =>
  Object.values(events).find(({ event }) => event === name)?.class ?? classOf(name)

const blocks = (hook: Hook) => hook.onFailure === "block"

interface Found {
  /** What ends with 1. */
  readonly what: string
  /** Where the config names it. */
  readonly about: string
}

const noByOne = (trial: Trial & { readonly _tag: "command" }, event: EventName): Found | null => {
  const { run } = trial.action
  const line = "command" in run ? run.command : run.argv.join(" ")
  const files = commandFiles(trial)
  const texts = [line, ...files.map(({ text }) => withoutComments(text))]
  if (texts.some((text) => answers.test(text))) return null
  const script = files.find(({ text }) => exitsWithOne.test(withoutComments(text)))
  if (script !== undefined) return { what: `its script ${script.name}`, about: script.name }
  if (exitsWithOne.test(line)) return { what: "its command", about: firstLine(line) }
  const last = files.length > 0 || event === "execution_start" ? null : lastCommand(line)
  return last !== null && checks.test(last) ? { what: `\`${last}\``, about: last } : null
}

const withoutComments = (text: string) => text.replace(/^\s*(?:#|\/\/).*$/gm, "")

/** It says no with 2 or by an answer, or with a code that only its run decides. */
const answers =
  /\bexit\s*\(?\s*(?:2\b|["']?\$|[A-Za-z_]\w*\s*\))|exitCode\s*=\s*(?:2\b|[A-Za-z_])|\bSystemExit\s*\(\s*(?:2\b|[A-Za-z_])|\breturn\s+2\b|\bverdict\b/

const exitsWithOne = /\bexit\s*\(?\s*(?:1\b|-1\b)|exitCode\s*=\s*1\b|\bSystemExit\s*\(\s*1\b|\bsys\.exit\s*\(\s*f?["']/

/** The last command of a line, whose exit code is that of the line; null where a shell's own words decide. */
const lastCommand = (line: string): string | null => {
  const text = line.trim().replace(/\s*(?:\d?>+\s*(?:&\d|\S+)\s*)+$/, "")
  if (/\b(?:if|for|while|case|until)\b|\|\|/.test(text)) return null
  const last = text
    .split(/&&|[;|\n]/)
    .at(-1)!
    .trim()
  return last === "" ? null : last.replace(/^(?:\w+=\S*\s+)+/, "")
}

/** Commands whose exit code 1 is their way to say no. */
const checks = new RegExp(
  `^(?:${[
    String.raw`!\s`,
    String.raw`\[\[?\s`,
    String.raw`(?:test|false)\b`,
    String.raw`(?:grep|egrep|fgrep|rg)\s(?:.*\s)?(?:-\w*q|--quiet)`,
    String.raw`git\s(?:.*\s)?(?:diff|diff-index|diff-files)\s(?:.*\s)?--(?:exit-code|quiet|check)`,
    String.raw`(?:npm|pnpm|yarn|bun)\s+(?:run|test|t|lint|exec)\b`,
    String.raw`(?:npx|pnpx|bunx)\s`,
    String.raw`(?:\S*\/)?(?:pytest|tox|nox|mypy|ruff|flake8|pylint|jest|vitest|mocha|eslint|tsc|biome|oxlint|shellcheck|semgrep|gitleaks|trufflehog|pre-commit|rspec|rubocop|phpunit|make|mvn|gradlew?)\b`,
    String.raw`(?:python[\d.]*)\s+-m\s+(?:pytest|unittest|mypy|ruff|flake8)\b`,
    String.raw`(?:prettier|black)\s(?:.*\s)?(?:--check|-c)\b`,
    String.raw`cargo\s+(?:test|check|clippy|fmt)\b`,
    String.raw`go\s+(?:test|vet|build)\b`,
    String.raw`dotnet\s+test\b`
  ].join("|")})`
)

const firstLine = (text: string) => text.trim().split("\n", 1)[0]!
