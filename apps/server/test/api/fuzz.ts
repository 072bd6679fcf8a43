/** A campaign of requests made from the OpenAPI document of a running server, and what each answer has to be. */
import * as fc from "fast-check"
import { Agent, createServer, type IncomingMessage, request as send } from "node:http"
import type { AddressInfo } from "node:net"
import { type Document, type Operation, readDocument } from "./Document.ts"
import { type PoolName, poolNames, type Recipe, recipes } from "./generate.ts"

export interface FuzzOptions {
  readonly url: string
  /** May do everything. */
  readonly key: string
  readonly requests: number
  readonly seed: number
  /** Where endpoints send to. */
  readonly receiver: string
  /** Requests at the same time. Default: 4. */
  readonly parallel?: number
  readonly onProgress?: (done: number) => void
}

export interface FuzzResult {
  readonly seed: number
  readonly requests: number
  readonly seconds: number
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<number, number>>
  /** Operations that were answered with 2xx at least once, of all that there are. */
  readonly reached: ReadonlyArray<string>
  readonly operations: ReadonlyArray<string>
  /** What an answer was and must not be, with its request. */
  readonly broken: ReadonlyArray<string>
}

export const fuzz = async (options: FuzzOptions): Promise<FuzzResult> => {
  const { url, key, requests, seed, receiver, parallel = 4, onProgress } = options
  const document = await readDocument(url)
  const arbitrary = recipes(document, { receiver })
  const agent = new Agent({ keepAlive: true, maxSockets: parallel * 2 })
  const pools = emptyPools()
  const statuses: Record<number, number> = {}
  const reached = new Set<string>()
  const broken: Array<string> = []
  const since = performance.now()

  const one = async (recipe: Recipe) => {
    const asked = filledIn(recipe, pools)
    const answer = await exchange(url, key, asked, agent)
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
    const operation = operationOf(document, asked.method, asked.target, recipe)
    for (const what of faultsOf(asked, answer, operation)) {
      if (broken.length < 200) broken.push(`${what}\n  ${shownRequest(asked)}\n  ${shownAnswer(answer)}`)
    }
    if (answer.status >= 200 && answer.status < 300 && operation !== null) {
      reached.add(operation.id)
      learn(pools, operation.id, answer.json)
      if (operation.method === "DELETE") forget(pools, asked.target)
    }
  }

  let done = 0
  for (let batch = 0; done < requests; batch++) {
    const wanted = fc.sample(arbitrary, { seed: seed + batch, numRuns: Math.min(batchSize, requests - done) })
    const waiting = wanted.values()
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        for (const recipe of waiting) await one(recipe)
      })
    )
    done += wanted.length
    onProgress?.(done)
  }
  agent.destroy()

  return {
    seed,
    requests: done,
    seconds: (performance.now() - since) / 1000,
    statuses,
    reached: [...reached].toSorted(),
    operations: document.operations.map(({ id }) => id).toSorted(),
    broken
  }
}

const batchSize = 500

/** Flawed requests one by one, and after each refusal a look at whether the server still has what it had. */
export const standstill = async ({ url, key, requests, seed, receiver }: FuzzOptions) => {
  const document = await readDocument(url)
  const agent = new Agent({ keepAlive: true })
  const pools = emptyPools()
  /** Executions as their ids alone: their leases run out by themselves. */
  const held = async () => {
    const look = async (target: string) => (await exchange(url, key, { ...looking, target }, agent)).json
    const agents = await look("/ai/agents?limit=200")
    const endpoints = await look("/v1/endpoints?limit=200")
    const executions = await look("/v1/executions?limit=200")
    const others = [await look("/v1/hook-sets?limit=200"), await look("/v1/tool-servers")]
    pools.agents = agents.data.map(idIn)
    pools.endpoints = endpoints.data.map(idIn)
    return JSON.stringify([agents, endpoints, executions.data.map(idIn), ...others])
  }

  let before = await held()
  let refused = 0
  const changed: Array<string> = []
  const flawed = fc.sample(recipes(document, { receiver }), { seed, numRuns: requests })
  for (const recipe of flawed) {
    const asked = filledIn(recipe, pools)
    if (asked.method === "GET" || asked.method === "HEAD") continue
    const answer = await exchange(url, key, asked, agent)
    const after = await held()
    if (answer.status >= 400) {
      refused++
      if (after !== before) changed.push(`${shownRequest(asked)}\n  ${shownAnswer(answer)}\n  ${before}\n  ${after}`)
    }
    before = after
  }
  agent.destroy()
  return { refused, changed }
}

const looking = { method: "GET", headers: {}, body: null, flaw: null } as unknown as Recipe
const idIn = ({ id }: { readonly id: string }) => id

/** A receiver of deliveries that takes two thirds of them. */
export const startReceiver = async () => {
  let count = 0
  const server = createServer((request, response) => {
    request.resume()
    response.statusCode = ++count % 3 === 0 ? 500 : 204
    response.end()
  })
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    place: `127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      })
  }
}

/** What must not be, each as a sentence. */
export const faultsOf = (asked: Recipe, answer: Answer, operation: Operation | null): ReadonlyArray<string> => {
  const { status, contentType, text, json } = answer
  const faults: Array<string> = []
  const must = (holds: boolean, what: string) => {
    if (!holds) faults.push(what)
  }
  if (status === 0) return [text]
  // Readiness says when work is late, as it is once a long run has slow endpoints; that is an answer and no fault.
  const isLate = status === 503 && operation?.path === "/readyz"
  must(status < 500 || isLate, `a fault of the server: ${status}`)
  const known = operation === null ? generalStatuses : new Set([...operation.statuses, ...generalStatuses])
  must(known.has(status), `the document does not know ${status} of ${operation?.id ?? "an unknown route"}`)
  if (asked.method === "HEAD") return faults

  if (status >= 400) {
    must(contentType.startsWith("application/problem+json"), `a ${status} that is "${contentType}"`)
    must(typeof json?.type === "string" && typeof json?.title === "string", "a problem without type and title")
    must(json?.status === status, `a problem whose status is ${json?.status}`)
    must(typeof json?.detail === "string" && json.detail !== "", "a problem without detail")
    if (status < 500) {
      const entries: ReadonlyArray<any> = Array.isArray(json?.errors) ? json.errors : []
      must(entries.length > 0, "a problem without errors")
      must(
        entries.every(
          ({ field, message }) =>
            typeof field === "string" && field !== "" && typeof message === "string" && message !== ""
        ),
        "a problem that names no field"
      )
    }
    must(!/\bat .+:\d+:\d+/.test(text), "a problem that shows a stack")
  }
  if (operation !== null && operation.statuses.has(status)) {
    const misfit = operation.misfit(status, json)
    must(misfit === null, `an answer that the document does not describe: ${misfit}`)
    if (status === 204) must(text === "", "a 204 with a body")
  }
  if (
    operation !== null &&
    status < 300 &&
    asked.body !== null &&
    (operation.isBodyRequired || !isNothing(asked.body))
  ) {
    must(
      operation.takes(parsed(asked.body.replace(/^\ufeff/, ""))),
      "a body was taken that the document does not describe"
    )
  }
  return faults
}

/** Before a request reaches its operation. */
const generalStatuses: ReadonlySet<number> = new Set([404, 405, 413, 415, 429])

export interface Answer {
  /** 0: there was none. */
  readonly status: number
  readonly contentType: string
  readonly text: string
  /** Null where the text is no JSON. */
  readonly json: any
}

export const exchange = (url: string, key: string, asked: Recipe, agent: Agent): Promise<Answer> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const fail = (error: Error) =>
      resolve({ status: 0, contentType: "", text: `no answer: ${error.message}`, json: null })
    const ended = (response: IncomingMessage, text: string) =>
      resolve({
        status: response.statusCode!,
        contentType: response.headers["content-type"] ?? "",
        text,
        json: parsed(text)
      })
    const body = asked.body === null ? null : Buffer.from(asked.body)
    const request = send(
      {
        hostname,
        port,
        agent,
        method: asked.method,
        path: asked.target,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === null ? {} : { "content-length": body.length }),
          ...asked.headers
        },
        timeout: 30_000
      },
      (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("error", fail)
        response.on("data", (chunk: string) => {
          text += chunk
          // A stream does not end by itself.
          if (!response.headers["content-type"]?.startsWith("text/event-stream")) return
          ended(response, text)
          request.destroy()
        })
        response.on("end", () => ended(response, text))
      }
    )
    request.on("timeout", () => request.destroy(new Error("30 s passed")))
    request.on("error", fail)
    request.end(body ?? undefined)
  })

type Pools = Record<PoolName, Array<string>>

const emptyPools = () => Object.fromEntries(poolNames.map((name) => [name, []])) as unknown as Pools

/** With the ids that earlier answers brought. */
const filledIn = (recipe: Recipe, pools: Pools): Recipe => {
  const fill = (text: string, write: (id: string) => string) =>
    text.replace(/@(\w+):(\d+)/g, (whole, name: PoolName, at: string) => {
      const pool = pools[name]
      if (pool === undefined) return whole
      return write(pool.length === 0 ? "none-yet" : pool[Number(at) % pool.length]!)
    })
  return {
    ...recipe,
    target: fill(recipe.target, encodeURIComponent),
    body: recipe.body === null ? null : fill(recipe.body, (id) => JSON.stringify(id).slice(1, -1))
  }
}

const learn = (pools: Pools, id: string, json: any) => {
  const keep = (name: PoolName, value: unknown) => {
    if (typeof value !== "string") return
    pools[name].push(value)
    if (pools[name].length > 30) pools[name].shift()
  }
  keep("cursors", json?.nextCursor)
  switch (id) {
    case "agents.create":
      return keep("agents", json.id)
    case "hookSets.create":
      return keep("hookSets", json.id)
    case "executions.start":
      return keep("executions", json.id)
    case "endpoints.create":
      return keep("endpoints", json.id)
    case "fires.fire":
      return keep("fires", json.fireId)
    case "endpoints.test":
    case "deliveries.replay":
      keep("announcements", json.announcementId)
      return keep("deliveries", json.id)
  }
}

const forget = (pools: Pools, target: string) => {
  const id = target.split("/").at(-1)!
  for (const name of poolNames) pools[name] = pools[name].filter((one) => one !== id)
}

/** Which operation a request came to; null where its path or method is none of the document's. */
const operationOf = (document: Document, method: string, target: string, recipe: Recipe): Operation | null => {
  // As the server reads them: a slash more does not matter, and a path ends at a semicolon as well.
  const path = target
    .split(/[?;]/, 1)[0]!
    .replace(/\/+/g, "/")
    .replace(/(?<=.)\/$/, "")
  const asked = method === "HEAD" ? "GET" : method
  if (recipe.flaw === null) return recipe.operation
  const parts = path.split("/")
  return (
    document.operations.find((one) => {
      const own = one.path.split("/")
      return (
        one.method === asked &&
        own.length === parts.length &&
        own.every((part, at) => (part.startsWith("{") ? parts[at] !== "" : part === parts[at]))
      )
    }) ?? null
  )
}

/** As good as no body. */
const isNothing = (body: string): boolean => body === "" || body === "null"

const parsed = (text: string) => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const shownRequest = ({ method, target, headers, body, flaw }: Recipe) =>
  `${method} ${cut(target)} ${JSON.stringify(headers)} ${body === null ? "" : cut(body)} (${flaw ?? "no flaw"})`

const shownAnswer = ({ status, contentType, text }: Answer) => `${status} ${contentType} ${cut(text)}`

const cut = (text: string) => (text.length <= 600 ? text : `${text.slice(0, 599)}…`)
