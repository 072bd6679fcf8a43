/** The program: splits off what belongs to another command, parses, runs, and ends with the right exit code. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import { CommandLine, type End } from "./CommandLine.ts"
import { exitCode } from "./ExitCode.ts"
import { asksForJson, failureJson } from "./failureJson.ts"
import { presenterWith } from "./presenter.ts"
import { Refusal } from "./Refusal.ts"
import { refusalOf } from "./refusalOf.ts"
import { flushed, keepWriteErrors, lostOutput } from "./terminal/Output.ts"
import { penFor, printJson, say } from "./terminal/Terminal.ts"
import { splitRest, tenterhook, usage } from "./tenterhook.ts"
import { version } from "./version.ts"

const main = async (argv: ReadonlyArray<string>): Promise<End> => {
  const { own, rest } = splitRest(argv)
  let ended: End = { code: exitCode.ok, isAnswer: false }
  let refused: Refusal | null = null
  const run = Effect.suspend(() => {
    usage(own, rest)
    return Command.runWith(tenterhook, { version })(own)
  }).pipe(
    Effect.provideService(CommandLine, { rest, end: (end) => void (ended = end) }),
    Effect.provideService(
      CliOutput.Presenter,
      presenterWith((refusal) => (refused = refusal))
    ),
    Effect.provideService(
      CliConfig.CliConfig,
      CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions, GlobalFlag.LogLevel] })
    ),
    Effect.provide(NodeServices.layer)
  )
  const exit = await Effect.runPromiseExit(run)
  if (Exit.isSuccess(exit)) return ended
  const error = Cause.squash(exit.cause)
  // effect/cli has presented its own errors; without one it has printed the help of a command group.
  const refusal = isShowHelp(error) ? (refused ?? new Refusal("a subcommand is missing")) : refusalOf(error)
  if (!isShowHelp(error) || refused !== null) tell(refusal)
  if (asksForJson(own)) printJson(failureJson(refusal))
  return { code: refusal.code, isAnswer: true }
}

const tell = ({ message, hint }: Refusal) => {
  const pen = penFor(process.stderr)
  say(`${pen.bad("tenterhook:")} ${message}`)
  if (hint !== undefined) say(pen.dim(hint))
}

const isShowHelp = (error: unknown) =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp"

keepWriteErrors()
const { code, isAnswer } = await main(process.argv.slice(2))
await flushed()
const lost = lostOutput()
if (lost !== null) tell(new Refusal(lost))
await flushed()
process.exit(lost !== null && code === exitCode.ok && !isAnswer ? exitCode.failure : code)
