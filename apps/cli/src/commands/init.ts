/** `tenterhook init`: a first config that works at once. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { existsSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { does } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { Refusal } from "../Refusal.ts"
import { print } from "../terminal/Terminal.ts"
import { schemaUrl, starter } from "../starter.ts"

export const init = Command.make(
  "init",
  {
    file: Argument.String("file").pipe(
      Argument.withDefault("tenterhook.yaml"),
      Argument.withDescription("Where to write it; tenterhook.yaml where absent")
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDefault(false),
      Flag.withoutNegation,
      Flag.withDescription("Overwrite the file where there is one")
    )
  },
  does(({ file, force }, { words }) => {
    write(file, force)
    print(file)
    const named = file === "tenterhook.yaml" ? "" : ` --config ${file}`
    words.info(`wrote ${file}; try: tenterhook fire pre_tool_use --set tool.name=bash${named}`)
    return exitCode.ok
  })
).pipe(
  Command.withDescription("Writes a first tenterhook.yaml, with a comment for each line, that works at once."),
  Command.withShortDescription("Write a first config"),
  Command.withExamples([{ command: "tenterhook init", description: "Writes tenterhook.yaml here" }])
)

const write = (file: string, force: boolean) => {
  try {
    writeFileSync(
      file,
      starter.replace(schemaUrl, () => installedSchema(file) ?? schemaUrl),
      { flag: force ? "w" : "wx" }
    )
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "EEXIST") throw new Refusal(`${file} exists already`, { hint: "--force overwrites it" })
    throw new Refusal(`cannot write ${file}: ${code === "ENOENT" ? "its folder does not exist" : message}`)
  }
}

/** The schema in the package that is installed for the file's folder, relative to it; undefined where none is. */
const installedSchema = (file: string): string | undefined => {
  const folder = dirname(resolve(file))
  for (let at = folder, up = "./"; ; at = dirname(at), up = up === "./" ? "../" : `${up}../`) {
    const schema = "node_modules/tenterhook/schema/tenterhook.schema.json"
    if (existsSync(join(at, schema))) return `${up}${schema}`
    if (dirname(at) === at) return undefined
  }
}
