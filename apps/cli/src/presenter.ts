/** How help, versions and usage errors are told: what was asked for on stdout, everything else on stderr. */
import * as Effect from "effect/Effect"
import * as CliOutput from "effect/cli/CliOutput"
import type * as CliError from "effect/cli/CliError"
import type { HelpDoc } from "effect/cli/HelpDoc"
import { canColor, penFor, print, say } from "./terminal/Terminal.ts"

export const presenter: CliOutput.Presenter = {
  present: (event) =>
    Effect.sync(() => {
      switch (event._tag) {
        case "Version":
          return print(`${event.name} ${event.version}`)
        case "Help":
          return event.reason === "Requested"
            ? print(formatterFor(process.stdout).formatHelpDoc(withRest(event.helpDoc)))
            : say(formatterFor(process.stderr).formatHelpDoc(withRest(event.helpDoc)))
        case "InvalidInvocation":
          return refuse(event)
      }
    })
}

/** effect/cli does not know of what stands after `--`. */
const withRest = (doc: HelpDoc): HelpDoc =>
  /\bexec\b/.test(doc.usage) ? { ...doc, usage: `${doc.usage} -- <command> [arguments]` } : doc

const formatterFor = (stream: NodeJS.WriteStream) => CliOutput.defaultFormatter({ colors: canColor(stream) })

const refuse = ({ errors, commandPath }: CliOutput.Presenter.InvalidInvocation) => {
  const pen = penFor(process.stderr)
  for (const text of new Set(errors.map(sentence))) say(`${pen.bad("tenterhook:")} ${text}`)
  say(pen.dim(`\`${commandPath.join(" ")} --help\` tells how it is used`))
}

const sentence = (error: CliError.NonShowHelpErrors): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return `unknown flag ${error.option}${meant(error.suggestions)}`
    case "UnknownSubcommand":
      return `unknown command "${error.subcommand}"${meant(error.suggestions)}`
    case "MissingOption":
      return `--${error.option} is missing`
    case "MissingArgument":
      return `<${error.argument}> is missing`
    case "UnexpectedArgument":
      return `did not expect ${error.arguments.map((text) => JSON.stringify(text)).join(", ")} here`
    case "InvalidValue": {
      const name = error.kind === "flag" ? `--${error.option}` : `<${error.option}>`
      const expected = error.expected.replace(/^Expected:? /, "")
      return error.value === ""
        ? `${name} needs a value: ${expected}`
        : `${name}: got "${error.value}", expected ${expected}`
    }
    default:
      return error.message
  }
}

const meant = (suggestions: ReadonlyArray<string>) =>
  suggestions.length === 0 ? "" : `; did you mean ${suggestions.map((one) => `"${one}"`).join(" or ")}?`
