/** One configured server: started when it is first needed, used again and again, started anew after its death. */
import { type AdapterReason, Spawn, ToolFailed } from "@tenterhook/core"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { saidBy } from "../said.ts"
import { fullName, type Said, type Tool } from "../Tool.ts"
import { type Connect, type Connection, type ConnectOptions, type ServerTool, SessionLost } from "./Connection.ts"
import type { ServerConfig } from "./ServerConfig.ts"

export interface Server {
  readonly name: string
  /** Its tools as last listed; null where it has not been asked since it was started. */
  readonly known: () => ReadonlyArray<Tool> | null
  /** Asks it for its tools, starting it if need be. */
  readonly list: Effect.Effect<ReadonlyArray<Tool>, AdapterReason>
}

export interface ServerOptions extends ConnectOptions {
  readonly connect: Connect
}

/** What it starts lives in the scope, not in the one who happens to need it first. */
export const makeServer = (name: string, config: ServerConfig, scope: Scope.Scope, options: ServerOptions): Server => {
  let current: Session | null = null

  const begin = Effect.suspend(() => {
    const own = Scope.forkUnsafe(scope)
    const session: Session = {
      connection: Deferred.makeUnsafe(),
      tools: null,
      checking: null,
      over: false,
      end: Effect.void
    }
    session.end = Effect.suspend(() => {
      session.over = true
      return Scope.close(own, Exit.void)
    })
    current = session
    const life = options.connect(name, config, options).pipe(
      Scope.provide(own),
      Effect.tap((connection) => Deferred.succeed(session.connection, connection)),
      Effect.flatMap((connection) => connection.broken),
      Effect.catch((error) => Deferred.fail(session.connection, error)),
      Effect.ensuring(Deferred.fail(session.connection, closed(name)))
    )
    const whole = Effect.interruptible(Effect.andThen(life, session.end))
    return Effect.as(Effect.forkIn(whole, scope), session)
  })

  const ready = Effect.fnUntraced(function* () {
    if (current?.checking != null) yield* Fiber.await(current.checking)
    const session = current === null || current.over ? yield* Effect.uninterruptible(begin) : current
    return { session, connection: yield* Deferred.await(session.connection) }
  })

  /** A server that lets a call hang may be dead altogether: then the next call gets a new one. */
  const check = (session: Session, connection: Connection) =>
    Effect.gen(function* () {
      if (session.over || (session.checking !== null && session.checking.pollUnsafe() === undefined)) return
      const answers = Effect.timeoutOrElse(connection.answers, {
        duration: answerMs,
        orElse: () => Effect.succeed(false)
      })
      const checking = Effect.flatMap(answers, (yes) => {
        if (!yes) session.over = true
        return yes ? Effect.void : Effect.asVoid(Effect.forkIn(session.end, scope))
      })
      session.checking = yield* Effect.forkIn(checking, scope)
    })

  const callOnce = Effect.fnUntraced(function* (tool: string, input: Readonly<Record<string, unknown>>) {
    const { session, connection } = yield* ready()
    return yield* connection.callTool(tool, input).pipe(
      Effect.onInterrupt(() => check(session, connection)),
      Effect.tapError((error) => (error instanceof SessionLost ? session.end : Effect.void))
    )
  })

  const call = Effect.fnUntraced(function* (tool: ServerTool, input: Readonly<Record<string, unknown>>) {
    const result = yield* callOnce(tool.name, input).pipe(
      Effect.catchIf(
        (error) => error instanceof SessionLost,
        () => callOnce(tool.name, input)
      ),
      Effect.catchIf(
        (error) => error instanceof SessionLost,
        (error) => Effect.fail(new ToolFailed({ name: tool.name, why: error.why }))
      )
    )
    const said: Said = saidBy(result)
    if (result.isError) {
      return yield* new ToolFailed({
        name: fullName({ server: name, name: tool.name }),
        why: said.text || "it did not say why"
      })
    }
    return said
  })

  const toolOf = (tool: ServerTool): Tool => ({ ...tool, server: name, call: (input) => call(tool, input) })

  return {
    name,
    known: () => (current === null || current.over ? null : current.tools),
    list: Effect.gen(function* () {
      const { session, connection } = yield* ready()
      const tools = (yield* connection.listTools).map(toolOf)
      session.tools = tools
      return tools
    })
  }
}

interface Session {
  readonly connection: Deferred.Deferred<Connection, AdapterReason>
  tools: ReadonlyArray<Tool> | null
  checking: Fiber.Fiber<void> | null
  over: boolean
  end: Effect.Effect<void>
}

const closed = (name: string) => new Spawn({ what: `MCP server "${name}"`, why: "the host's tools were closed" })

/** How long a server may take to answer a ping. */
const answerMs = 2000
