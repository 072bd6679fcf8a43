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
import { presenter } from "./presenter.ts"
import { Refusal, refusalOf } from "./Refusal.ts"
import { flushed, keepWriteErrors, lostOutput } from "./terminal/Output.ts"
import { penFor, say } from "./terminal/Terminal.ts"
import { splitRest, tenterhook, usage } from "./tenterhook.ts"
import { version } from "./version.ts"

const main = async (argv: ReadonlyArray<string>): Promise<End> => {
  const { own, rest } = splitRest(argv)
  let ended: End = { code: exitCode.ok, isAnswer: false }
  const run = Effect.suspend(() => {
    usage(own, rest)
    return Command.runWith(tenterhook, { version })(own)
  }).pipe(
    Effect.provideService(CommandLine, { rest, end: (end) => void (ended = end) }),
    Effect.provideService(CliOutput.Presenter, presenter),
    Effect.provideService(
      CliConfig.CliConfig,
      CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions, GlobalFlag.LogLevel] })
    ),
    Effect.provide(NodeServices.layer)
  )
  const exit = await Effect.runPromiseExit(run)
  return Exit.isSuccess(exit) ? ended : { code: tell(Cause.squash(exit.cause)), isAnswer: true }
}

/** Words for a failure, and its exit code. effect/cli's own usage errors were told by the presenter. */
const tell = (error: unknown): number => {
  if (isUsage(error)) return exitCode.usage
  const refusal = refusalOf(error)
  const pen = penFor(process.stderr)
  say(`${pen.bad("tenterhook:")} ${refusal.message}`)
  if (refusal.hint !== undefined) say(pen.dim(refusal.hint))
  return refusal.code
}

const isUsage = (error: unknown) =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp"

keepWriteErrors()
const { code, isAnswer } = await main(process.argv.slice(2))
await flushed()
const lost = lostOutput()
if (lost !== null) tell(new Refusal(lost))
await flushed()
process.exit(lost !== null && code === exitCode.ok && !isAnswer ? exitCode.failure : code)
