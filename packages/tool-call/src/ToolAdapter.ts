/** The adapter of kind `tool`: a call of one of the host's tools, its input checked before and its deadline kept. */
import {
  type Adapter,
  AdapterError,
  Adapters,
  type AdapterReason,
  emptyReply,
  type Invocation,
  type Reply,
  type Running,
  textOf,
  ToolAction,
  ToolFailed
} from "@tenterhook/core"
import { Effect, Exit, Fiber, Layer } from "effect"
import { checkInput, type Input } from "./input/checkInput.ts"
import { boundedBytes } from "./Output.ts"
import { fullName, type Said, type Tool } from "./Tool.ts"
import { makeToolkit, type Toolkit, type ToolkitOptions } from "./Toolkit.ts"
import { ToolsError } from "./ToolsError.ts"

/** The adapter itself, for hosts that register it on their own: whoever made the toolkit closes it. */
export const adapterOf = (toolkit: Toolkit): Adapter<ToolAction> => ({
  kind: "tool",
  action: ToolAction,
  start: startOn(toolkit)
})

/** Registers the adapter. The toolkit is closed with the layer: servers end, and calls that still run are cancelled. */
export const layer = (toolkit: Toolkit): Layer.Layer<never, never, Adapters> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() => toolkit.close)
      const adapters = yield* Adapters
      yield* adapters.register(adapterOf(toolkit))
    })
  )

/** Makes the toolkit, too. */
export const layerWith = (options: ToolkitOptions): Layer.Layer<never, ToolsError, Adapters> =>
  Layer.unwrap(
    Effect.map(
      Effect.try({
        try: () => makeToolkit(options),
        catch: (error) =>
          error instanceof ToolsError ? error : new ToolsError({ source: "tools", problems: [String(error)] })
      }),
      layer
    )
  )

const startOn = (toolkit: Toolkit) =>
  Effect.fnUntraced(function* ({ hook, action }: Invocation<ToolAction>) {
    const failed = (reason: AdapterReason, reply?: Reply) =>
      new AdapterError({ hook, reason, ...(reply === undefined ? {} : { reply }) })
    const tool = yield* Effect.mapError(toolkit.find(action.name), (reason) => failed(reason))
    const input = yield* Effect.mapError(inputFor(tool, action.args), (reason) => failed(reason))

    // In the toolkit's scope, so that ending it need not be waited for: a server may be slow even to hear of it.
    const call = yield* Effect.acquireRelease(Effect.forkIn(Effect.exit(tool.call(input)), toolkit.scope), (fiber) =>
      Effect.sync(() => fiber.interruptUnsafe())
    )
    const settled = (exit: Exit.Exit<Said, AdapterReason>) =>
      Effect.matchEffect(exit, {
        onFailure: (reason) =>
          Effect.fail(failed(reason, reason._tag === "tool" ? replyOf(textSaid(reason.why), toolkit) : undefined)),
        onSuccess: (said) => Effect.succeed(replyOf(said, toolkit))
      })
    const running: Running = {
      reply: Effect.flatMap(Fiber.join(call), settled),
      stop: () =>
        Effect.sync(() => {
          const over = call.pollUnsafe()
          if (over !== undefined && Exit.isSuccess(over) && Exit.isSuccess(over.value))
            return replyOf(over.value.value, toolkit)
          call.interruptUnsafe()
          return emptyReply
        })
    }
    return running
  })

const inputFor = Effect.fnUntraced(function* (tool: Tool, args: Input) {
  if (tool.inputSchema === undefined) return args
  const schema = tool.inputSchema
  const checked = yield* Effect.promise(() => checkInput(schema, args))
  if (checked._tag === "fits") return checked.input
  // What a server's schema means is for the server to judge; the host's own is a mistake of the host.
  if (checked._tag === "unusable" && tool.server !== null) return args
  const why = checked._tag === "wrong" ? checked.why : `its inputSchema cannot be used: ${checked.why}`
  return yield* new ToolFailed({ name: fullName(tool), why })
})

const textSaid = (text: string): Said => ({ text, value: undefined })

const replyOf = ({ text, value }: Said, { limits }: Toolkit): Reply => {
  const { bytes, ...bounds } = boundedBytes(text, limits.outputBytes)
  if (!bounds.truncated) return { ...emptyReply, output: bytes, ...(value === undefined ? {} : { value }) }
  // Half a value would be misread; half a text can be seen to be one.
  return { ...emptyReply, output: bytes, ...bounds, ...(typeof value === "string" ? { value: textOf(bytes) } : {}) }
}
