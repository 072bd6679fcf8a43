/** `tenterhook schema`: the JSON Schemas of what Tenterhook reads and writes. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { does } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { version } from "../version.ts"
import { printJson } from "../terminal/Terminal.ts"

export const schema = Command.make(
  "schema",
  {
    of: Argument.Literals("of", ["config", "case", "report", "context"]).pipe(
      Argument.withDefault("config"),
      Argument.withDescription(
        "config: tenterhook.yaml (default); case: a conformance case; report: what fire --json prints; context: what --context takes"
      )
    )
  },
  does(async ({ of }) => {
    printJson(await schemas[of]())
    return exitCode.ok
  })
).pipe(
  Command.withDescription(
    "Prints a JSON Schema: of tenterhook.yaml, of a conformance case, of the report or of the context."
  ),
  Command.withShortDescription("Print a JSON Schema"),
  Command.withExamples([{ command: "tenterhook schema config > tenterhook.schema.json", description: "For an editor" }])
)

export const schemas = {
  config: async () => (await import("@tenterhook/dialects")).nativeJsonSchema(version),
  case: async () => (await import("@tenterhook/conformance")).caseJsonSchema,
  report: async () => (await import("../reportSchemas.ts")).reportJsonSchema(),
  context: async () => (await import("../reportSchemas.ts")).contextJsonSchema()
}
