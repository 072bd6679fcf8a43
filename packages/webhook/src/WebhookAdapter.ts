/**
 * The adapter of kind `http`: one request, and its answer is the reply. No redirect is followed, and nothing is repeated
 * but where the action itself says so (`tries`), because its product's protocol does.
 */
import {
  AdapterError,
  Adapters,
  CurrentContext,
  emptyReply as nothingSaid,
  type EventContext,
  HttpAction,
  type Invocation,
  Missing,
  type Reply,
  type Running,
  Spawn,
  textOf,
  Transport
} from "@tenterhook/core"
import { Effect, Fiber, Layer, Option, Result, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import type { Dispatcher } from "undici"
import type { GuardOptions } from "./guard/Guard.ts"
import { type AgentOptions, type Client, openClient } from "./request/Client.ts"
import { codingsOf, decodeBody } from "./request/ContentCoding.ts"
import { Exchange, type ExchangeLimits } from "./request/Exchange.ts"
import { headerList, headersProblem, headerText } from "./request/headers.ts"
import { makeKept } from "./request/Kept.ts"
import { troubleOf } from "./request/Trouble.ts"
import { sign } from "./signature/sign.ts"
import { SignatureError } from "./signature/SignatureError.ts"

export interface Limits {
  /** Read of an answer's body at most; then the connection is ended. Default: 1 MiB. */
  readonly readBytes: number
  /** Kept of it, half from its beginning and half from its end. Default: 64 KiB. */
  readonly outputBytes: number
}

export interface Options {
  /** Where requests may go. Default: public addresses only. */
  readonly guard?: GuardOptions
  readonly limits?: Partial<Limits>
  readonly agent?: AgentOptions
}

/** What a reply's `value` is once the head of an answer has come. */
export interface HttpValue {
  readonly status: number
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON where the answer says that it is some and all of it is there; otherwise its text. Decoded by its `content-encoding`. */
  readonly body: unknown
  /** Why the body cannot be read: a `content-encoding` that is unknown, damaged or too long. The reply has no output then. */
  readonly problem?: string
  /** How many requests were made, where the action asks for several tries. */
  readonly attempts?: number
}

/** Registers the adapter. Its connections are closed with the layer. */
export const layerWith = (options: Options): Layer.Layer<never, never, Adapters> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const adapters = yield* Adapters
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => openClient(options)),
        (it) => Effect.promise(() => it.close())
      )
      const { readBytes, outputBytes } = { ...defaultLimits, ...options.limits }
      const headBytes = Math.ceil(outputBytes / 2)
      const limits = { readBytes, headBytes, tailBytes: outputBytes - headBytes, keepsCoded: true }
      yield* adapters.register({ kind: "http", action: HttpAction, start: startOn(client, limits) })
    })
  )

/** Registers the adapter with its usual limits: public addresses only, and no connection before the first request. */
export const layer: Layer.Layer<never, never, Adapters> = layerWith({})

export const defaultLimits: Limits = { readBytes: 1_048_576, outputBytes: 65_536 }

const startOn = (client: Client, limits: ExchangeLimits) =>
  Effect.fnUntraced(function* (
    invocation: Invocation<HttpAction>
  ): Effect.fn.Return<Running, AdapterError, Scope.Scope> {
    const { hook } = invocation
    const context = Option.getOrElse(yield* Effect.serviceOption(CurrentContext), (): EventContext => ({}))
    const prepared = prepare(client, invocation, context.env ?? process.env)
    if (Result.isFailure(prepared)) return yield* new AdapterError({ hook, reason: prepared.failure })
    const once = exchangeOn(client, limits, invocation, prepared.success)
    return invocation.action.tries === undefined ? yield* once : yield* tried(once, invocation, invocation.action.tries)
  })

const exchangeOn = (
  client: Client,
  limits: ExchangeLimits,
  { hook }: Invocation<HttpAction>,
  { request, what }: Prepared
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function* () {
    const listeners: Array<(end: Effect.Effect<Reply, AdapterError>) => void> = []
    let settled: Effect.Effect<Reply, AdapterError> | null = null
    let said: Reply | null = null
    const exchange = new Exchange(limits, (it) => {
      said = replyOf(it, limits)
      settled =
        it.end instanceof Error
          ? Effect.fail(new AdapterError({ hook, reason: reasonOf(it.end, it, what), reply: said }))
          : Effect.succeed(said)
      for (const listener of listeners) listener(settled)
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => client.agent.dispatch(request, exchange)),
      () => Effect.sync(() => exchange.stop())
    )
    const running: Running = {
      reply: Effect.callback<Reply, AdapterError>((resume) => {
        if (settled === null) listeners.push(resume)
        else resume(settled)
      }),
      stop: () =>
        Effect.sync(() => {
          exchange.stop()
          return said ?? replyOf(exchange, limits)
        })
    }
    return running
  })

/** One request after the other, until one is answered with 2xx or no try is left. What was never sent is not repeated. */
const tried = Effect.fnUntraced(function* (
  once: Effect.Effect<Running, never, Scope.Scope>,
  { hook, action }: Invocation<HttpAction>,
  { delaysMs, timeoutMs }: NonNullable<HttpAction["tries"]>
): Effect.fn.Return<Running, never, Scope.Scope> {
  let attempts = 0
  const counted = (reply: Reply): Reply => ({ ...reply, value: { ...Object(reply.value), attempts } })
  const late = new Transport({
    what: `${action.method} ${originOf(action.url)}`,
    why: `nothing came within ${timeoutMs} ms`
  })
  const attempt = Effect.scoped(
    Effect.gen(function* () {
      attempts++
      const running = yield* once
      return yield* Effect.timeoutOrElse(running.reply, {
        duration: timeoutMs,
        orElse: () =>
          Effect.flatMap(running.stop("timeout"), (reply) =>
            Effect.fail(new AdapterError({ hook, reason: late, reply }))
          )
      })
    })
  )
  const all = Effect.gen(function* () {
    for (const delayMs of delaysMs) {
      const result = yield* Effect.result(attempt)
      if (Result.isSuccess(result) ? isSuccess(result.success) : result.failure.reason._tag !== "transport")
        return yield* settled(result)
      yield* Effect.sleep(delayMs)
    }
    return yield* attempt
  })
  const settled = (result: Result.Result<Reply, AdapterError>) =>
    Result.isSuccess(result) ? Effect.succeed(result.success) : Effect.fail(result.failure)
  const fiber = yield* Effect.forkScoped(
    all.pipe(
      Effect.map(counted),
      Effect.mapError(
        (error) => new AdapterError({ hook, reason: error.reason, reply: counted(error.reply ?? nothingSaid) })
      )
    )
  )
  return {
    reply: Fiber.join(fiber),
    stop: () => Effect.as(Fiber.interrupt(fiber), counted(nothingSaid))
  }
})

const isSuccess = (reply: Reply) => {
  const { status } = Object(reply.value) as Partial<HttpValue>
  return status !== undefined && status >= 200 && status < 300
}

const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : "the address")

interface Prepared {
  readonly request: Dispatcher.DispatchOptions
  /** For messages: without path and query, which may hold a secret. */
  readonly what: string
}

/** All that can be found out before anything is sent. */
const prepare = (
  client: Client,
  { action, payload, fireId }: Invocation<HttpAction>,
  env: Readonly<Record<string, string | undefined>>
): Result.Result<Prepared, Missing | Spawn> => {
  const target = client.target(action.url)
  if ("reason" in target) return Result.fail(new Spawn({ what: "the request", why: target.message }))
  const what = `${action.method} ${target.origin}`
  const unable = (why: string) => Result.fail(new Spawn({ what, why }))
  if (!methods.includes(action.method)) return unable(`expected one of ${methods.join(", ")}`)
  const problem = headersProblem(action.headers)
  if (problem !== null) return unable(problem)

  const asks = action.method === "GET" || action.method === "HEAD"
  const body = action.body !== undefined ? Buffer.from(action.body) : asks ? nothing : (payload ?? nothing)
  const headers = headerList([...(body.length === 0 ? [] : jsonType), "user-agent", "Tenterhook"], action.headers)
  if (/^[\x21-\x7e]+$/.test(fireId)) headers.push("tenterhook-fire", fireId)
  if (action.secret !== undefined) {
    const secret = env[action.secret.env]
    if (secret === undefined || secret === "")
      return Result.fail(
        new Missing({ name: `the secret that signs ${what}`, place: `the environment variable ${action.secret.env}` })
      )
    try {
      const signed = sign({ id: `msg_${randomUUID()}`, body }, secret.trim().split(/\s+/))
      headers.push(...Object.entries(signed).flat())
    } catch (error) {
      if (error instanceof SignatureError) return unable(`${action.secret.env}: ${error.message}`)
      throw error
    }
  }
  const request = {
    origin: target.origin,
    path: target.path,
    method: action.method,
    headers,
    body: body.length === 0 ? null : body
  }
  return Result.succeed({ request, what })
}

/** What the guard finds out while connecting is said as if it had been known before: nothing was sent. */
const reasonOf = (error: Error, { began }: Exchange, what: string): AdapterError["reason"] => {
  const { reason, message } = troubleOf(error, began)
  if (reason === "refused") return new Spawn({ what: "the request", why: message })
  return reason === "request" ? new Spawn({ what, why: message }) : new Transport({ what, why: message })
}

const replyOf = (exchange: Exchange, limits: ExchangeLimits): Reply => {
  const began = exchange.status !== 0
  const { output, truncated, cutObjects, problem } = bodyOf(exchange, limits)
  return {
    status: null,
    signal: null,
    output,
    diagnostics: nothing,
    ...(began ? { value: valueOf(exchange, output, truncated, problem) } : {}),
    truncated: began && truncated,
    ...(began && truncated && cutObjects !== undefined ? { cutObjects } : {}),
    leftRunning: 0
  }
}

type Body = Pick<Reply, "output" | "truncated" | "cutObjects"> & { readonly problem?: string }

/** What is kept of the body. One that is coded was kept as a whole, and is bounded once it is decoded. */
const bodyOf = (exchange: Exchange, { readBytes, headBytes, tailBytes }: ExchangeLimits): Body => {
  const body = exchange.body()
  const cut = exchange.truncated()
  const dropped = exchange.droppedBrace()
  const codings = codingsOf(headerText(exchange.headers["content-encoding"]) ?? "")
  if (codings.length === 0 || body.length === 0)
    return { output: body, truncated: cut, ...(dropped === undefined ? {} : { cutObjects: dropped }) }
  if (cut) return { output: nothing, truncated: true, problem: "not all of its coded body was read" }
  const decoded = decodeBody(body, codings, readBytes)
  if (!(decoded instanceof Uint8Array)) return { output: nothing, truncated: false, problem: decoded.problem }
  const kept = makeKept(headBytes, tailBytes)
  kept.add(decoded)
  const output = kept.bytes()
  return { output, truncated: kept.truncated(), cutObjects: kept.droppedBrace() }
}

/** Pieces of JSON may look like a whole; they are text. */
const valueOf = (
  { status, headers: all }: Exchange,
  output: Uint8Array,
  cut: boolean,
  problem: string | undefined
): HttpValue => {
  const headers: Record<string, string> = {}
  for (const name in all) headers[name] = headerText(all[name]) ?? ""
  const text = textOf(output)
  if (problem !== undefined) return { status, headers, body: text, problem }
  if (cut || !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers["content-type"] ?? ""))
    return { status, headers, body: text }
  try {
    return { status, headers, body: JSON.parse(text) as unknown }
  } catch {
    return { status, headers, body: text }
  }
}

const methods: ReadonlyArray<string> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
const jsonType = ["content-type", "application/json"]
const nothing = new Uint8Array(0)
