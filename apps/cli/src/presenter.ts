/** How help, versions and usage errors are presented: what was asked for on stdout, everything else on stderr. */
import * as Effect from "effect/Effect"
import * as CliOutput from "effect/cli/CliOutput"
import type * as CliError from "effect/cli/CliError"
import type { HelpDoc } from "effect/cli/HelpDoc"
import { Refusal } from "./Refusal.ts"
import { canColor, print, say } from "./terminal/Terminal.ts"

/** `onRefused` gets the usage errors. */
export const presenterWith = (onRefused: (refusal: Refusal) => void): CliOutput.Presenter => ({
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
          return onRefused(refusalOf(event))
      }
    })
})

/** effect/cli does not know of what stands after `--`. */
const withRest = (doc: HelpDoc): HelpDoc =>
  /\bexec\b/.test(doc.usage) ? { ...doc, usage: `${doc.usage} -- <command> [arguments]` } : doc

const formatterFor = (stream: NodeJS.WriteStream) => CliOutput.defaultFormatter({ colors: canColor(stream) })

const refusalOf = ({ errors, commandPath }: CliOutput.Presenter.InvalidInvocation) =>
  new Refusal([...new Set(errors.map(sentence))].join("\n"), {
    hint: `\`${commandPath.join(" ")} --help\` prints how it is used`
  })

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
