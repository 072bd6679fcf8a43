/**
 * Requests made from the document alone: values that fit its schemas, and flaws of every kind. What no schema says is
 * known by the names of fields: which id is whose, and which configs do no harm.
 */
import * as fc from "fast-check"
import { agentHooks, uploads } from "./configs.ts"
import type { Document, JsonSchema, Operation, Parameter } from "./Document.ts"

/** What earlier answers brought; a recipe names them as `@agents:7`. */
export const poolNames = [
  "agents",
  "hookSets",
  "executions",
  "endpoints",
  "deliveries",
  "announcements",
  "fires",
  "servers",
  "cursors"
] as const
export type PoolName = (typeof poolNames)[number]

/** A request whose references are still to be filled in. */
export interface Recipe {
  readonly operation: Operation
  readonly method: string
  /** As it goes on the wire, with its query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** What is wrong with it on purpose. Null: nothing. */
  readonly flaw: string | null
}

export interface GenerateOptions {
  /** Where endpoints may send to. */
  readonly receiver: string
}

export const recipes = (document: Document, { receiver }: GenerateOptions): fc.Arbitrary<Recipe> => {
  const words = wordsFor(receiver)

  const valueOf = (given: JsonSchema, name: string, depth: number): fc.Arbitrary<unknown> => {
    const known = words[name]
    if (known !== undefined) return known
    const schema = document.resolve(given)
    if (schema["enum"] !== undefined) return fc.constantFrom(...schema["enum"])
    if (schema["const"] !== undefined) return fc.constant(schema["const"])
    const choices = schema["anyOf"] ?? schema["oneOf"]
    if (choices !== undefined) return fc.oneof(...choices.map((choice: JsonSchema) => valueOf(choice, name, depth)))
    if (schema["allOf"] !== undefined)
      return valueOf(Object.assign({}, schema, ...schema["allOf"], { allOf: undefined }), name, depth)
    switch (schema["type"]) {
      case "null":
        return fc.constant(null)
      case "boolean":
        return fc.boolean()
      case "integer":
        return fc.integer({ min: lowest(schema, -1e6), max: Math.max(lowest(schema, -1e6), schema["maximum"] ?? 1e6) })
      case "number":
        return fc.double({ min: lowest(schema, -1e6), max: schema["maximum"] ?? 1e6, noNaN: true })
      case "string":
        return textOf(schema)
      case "array":
        return fc.array(valueOf(schema["items"] ?? {}, name, depth + 1), {
          minLength: schema["minItems"] ?? 0,
          maxLength: Math.max(schema["minItems"] ?? 0, depth > 3 ? 1 : 3)
        })
      case "object":
        return objectOf(schema, depth)
      default:
        return anyJson
    }
  }

  const objectOf = (schema: JsonSchema, depth: number): fc.Arbitrary<unknown> => {
    const properties = Object.entries<JsonSchema>(schema["properties"] ?? {})
    const required = new Set<string>(schema["required"] ?? [])
    const fields = properties.map(([name, property]) => {
      const value = valueOf(property, name, depth + 1).map((one) => [[name, one] as const])
      return required.has(name)
        ? value
        : fc.oneof({ weight: 7, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: value })
    })
    const more =
      typeof schema["additionalProperties"] === "object"
        ? fc.array(
            fc.tuple(fc.string({ minLength: 1, maxLength: 8 }), valueOf(schema["additionalProperties"], "", depth + 1)),
            {
              maxLength: 2
            }
          )
        : properties.length === 0
          ? fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), anyJson, { maxKeys: 2 }).map(Object.entries)
          : fc.constant([])
    return fc
      .tuple(fc.tuple(...fields), more)
      .map(([own, others]) => oneTarget(Object.fromEntries([...own.flat(), ...others])))
  }

  const of = (operation: Operation): fc.Arbitrary<Recipe> => {
    const where = (place: Parameter["in"]) =>
      fc.tuple(
        ...operation.parameters
          .filter((one) => one.in === place)
          .map(({ name, schema, required }) => {
            const value = valueOf(schema, place === "path" ? idOf(operation) : name, 0).map((one) => [
              [name, String(one)] as const
            ])
            return required
              ? value
              : fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: value })
          })
      )
    const body = operation.body === null ? fc.constant(undefined) : valueOf(operation.body, bodyName(operation), 0)
    return fc.tuple(where("path"), where("query"), where("header"), body).map(([path, query, headers, value]) => {
      const params = Object.fromEntries(path.flat())
      const text = operation.path.replace(/\{(\w+)\}/g, (_, name) => encoded(params[name] ?? "x"))
      const search = query.flat().map(([name, one]) => `${encodeURIComponent(name)}=${encoded(one)}`)
      return {
        operation,
        method: operation.method,
        target: search.length === 0 ? text : `${text}?${search.join("&")}`,
        headers: {
          ...Object.fromEntries(headers.flat()),
          ...(value === undefined ? {} : { "content-type": "application/json" })
        },
        body: value === undefined ? null : JSON.stringify(value),
        flaw: null
      }
    })
  }

  const sound = fc.oneof(
    ...document.operations.map((operation) => ({ weight: weightOf(operation), arbitrary: of(operation) }))
  )
  const flawed = sound.chain((recipe) => fc.oneof(...flawsOf(recipe)))
  return fc.oneof({ weight: 1, arbitrary: sound }, { weight: 1, arbitrary: flawed })
}

/** What may be wrong with a request. */
const flawsOf = (recipe: Recipe): Array<fc.Arbitrary<Recipe>> => {
  const { target, operation, body } = recipe
  const spoilt = (flaw: string, changes: Partial<Recipe>): Recipe => ({ ...recipe, ...changes, flaw })
  const withHeaders = (flaw: string, headers: Record<string, string>) =>
    spoilt(flaw, { headers: { ...recipe.headers, ...headers } })
  const flaws: Array<fc.Arbitrary<Recipe>> = [
    fc
      .constantFrom("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "GET", "POST", "PROPFIND", "QUERY")
      .map((method) => spoilt(`method ${method}`, { method })),
    oddQuery.map((query) =>
      spoilt(`query ${query}`, { target: `${target}${target.includes("?") ? "&" : "?"}${query}` })
    ),
    fc
      .constantFrom("", "Basic YTpi", "Bearer ", "Bearer th_unknown", "Bearer th_\u00ff", "Bearer a b")
      .map((authorization) => withHeaders(`authorization ${authorization}`, { authorization })),
    fc
      .constantFrom("x".repeat(256), "a b", "\u00e9", "", "fixed-key", "same")
      .map((key) => withHeaders(`idempotency key ${key.slice(0, 10)}`, { "idempotency-key": key })),
    fc
      .constantFrom("//", "/../", "/%00", "/%2e%2e/", "%", "/%ff%fe", "/x/y/z", ";a=b", "/")
      .map((end) => spoilt(`path ending ${end}`, { target: `${target.split("?", 1)[0]}${end}` }))
  ]
  if (operation.path.includes("{"))
    flaws.push(
      oddSegment.map((segment) =>
        spoilt(`path parameter ${segment.slice(0, 30)}`, { target: operation.path.replace(/\{\w+\}/, segment) })
      ),
      oddSegment.map((segment) =>
        spoilt(`path parameter ${segment.slice(0, 30)}`, { target: operation.path.replace(/\{\w+\}/, segment) })
      )
    )
  if (body === null) return flaws
  const value = JSON.parse(body) as unknown
  const spoiltValue = fc
    .tuple(fc.nat(), oddValue)
    .map(([at, odd]) => spoilt(`value ${odd.slice(0, 30)}`, { body: replaced(value, at, odd) }))
  const withoutKey = fc.nat().map((at) => spoilt("a key less", { body: without(value, at) }))
  const withKey = fc
    .tuple(fc.constantFrom("__proto__", "constructor", "toString", "extra", "", "\u0000"), oddValue)
    .map(([key, odd]) =>
      spoilt(`key ${key} more`, {
        body: isObject(value)
          ? `{${JSON.stringify(key)}:${odd},${JSON.stringify(value).slice(1)}`.replace(",}", "}")
          : odd
      })
    )
  return [
    ...flaws,
    spoiltValue,
    spoiltValue,
    spoiltValue,
    spoiltValue,
    withoutKey,
    withoutKey,
    withKey,
    fc.nat(Math.max(0, body.length - 1)).map((end) => spoilt("broken JSON", { body: body.slice(0, end) })),
    fc
      .tuple(fc.nat(body.length), fc.constantFrom("\u0000", "}", '"', "\ud800", ",", "\\", "NaN", "\ufeff"))
      .map(([at, text]) => spoilt("broken JSON", { body: body.slice(0, at) + text + body.slice(at) })),
    oddValue.map((odd) => spoilt(`body ${odd.slice(0, 30)}`, { body: odd })),
    fc
      .constantFrom(
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/problem+json",
        "application/",
        "\u00ff"
      )
      .map((type) => withHeaders(`content type ${type}`, { "content-type": type })),
    fc.constant(spoilt("no body", { body: null, headers: { authorization: recipe.headers["authorization"] ?? "" } }))
  ]
}

/** JSON texts that somebody may send where something else is expected. */
const oddValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "null",
    "true",
    "0",
    "-1",
    "1e308",
    "1e999",
    "-0",
    "9007199254740993",
    "0.1",
    '""',
    '" "',
    "[]",
    "{}",
    "[null]",
    "[[]]",
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"__proto__"',
    '"constructor"',
    '"../../etc/passwd"',
    '"%00"',
    '{"__proto__":null}',
    '{"toString":1}',
    '{"length":1e9}',
    '"2026-13-45T99:99:99Z"',
    '"-1"',
    '"\\u202e\\ufeff"',
    `"${"x".repeat(20_000)}"`,
    `${"[".repeat(150)}${"]".repeat(150)}`,
    `${'{"a":'.repeat(300)}1${"}".repeat(300)}`,
    `[${"1,".repeat(5000)}1]`
  ),
  fc.json({ maxDepth: 3 })
)

const oddSegment = fc.oneof(
  fc.constantFrom(
    "%2f",
    "a%2fb",
    "..%2f..%2fetc",
    "%00",
    "%",
    "%zz",
    "%ff",
    "x".repeat(300),
    "x".repeat(600),
    "x".repeat(9000),
    "__proto__",
    "constructor",
    "%20",
    "%F0%9F%92%A9",
    "%ED%A0%80",
    "*",
    ":id",
    "{id}",
    "null",
    "undefined",
    "-1",
    "'%20OR%201=1--"
  ),
  fc.string({ minLength: 1, maxLength: 20, unit: "binary" }).map(encoded)
)

const oddQuery = fc.oneof(
  fc.constantFrom(
    "limit=1&limit=2",
    "limit=0",
    "limit=-1",
    "limit=201",
    "limit=1e2",
    "limit=",
    "limit=NaN",
    "limit=%20",
    "limit=1.5",
    "limit[]=1",
    "cursor=",
    "cursor=x",
    "cursor=%00",
    "cursor=null",
    `cursor=${"A".repeat(3000)}`,
    "cursor=LTE",
    "cursor=a&cursor=b",
    "from=yesterday",
    "from=2026-01-01",
    "to=9999-99-99T00:00:00Z",
    "from=-271821-04-20T00:00:00Z",
    "to=2026-01-01T00:00:00.000000001%2B23:59",
    "status=none",
    "status=",
    "types=fire,none",
    "types=,",
    "version=0",
    "version=x",
    "version=1&version=2",
    "proceed=maybe",
    "verdict=__proto__",
    "__proto__=1",
    "a",
    "&&&",
    "=",
    "%=%",
    "x=%ff",
    "agentId=%00",
    "agentId=a&agentId=b",
    "executionId=%ED%A0%80",
    "event=",
    "unknown=1"
  ),
  fc.string({ maxLength: 20, unit: "binary" }).map(encoded)
)

const anyJson = fc.jsonValue({ maxDepth: 2 })

const reference = (pool: PoolName) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.nat(1000).map((n) => `@${pool}:${n}`) },
    { weight: 1, arbitrary: fc.constantFrom("none", "ag_none", "x".repeat(200)) }
  )

/** By the name of a field. */
const wordsFor = (receiver: string): Readonly<Record<string, fc.Arbitrary<unknown>>> => ({
  agentId: reference("agents"),
  agent_id: reference("agents"),
  hookSetId: reference("hookSets"),
  executionId: reference("executions"),
  endpointId: reference("endpoints"),
  announcementId: reference("announcements"),
  deliveryId: reference("deliveries"),
  fireId: reference("fires"),
  cursor: reference("cursors"),
  serverName: fc.constantFrom("one", "one", "two", "two", "three four", "__proto__", "a/b"),
  "body of agents": fc.record(
    { name: fc.string(), description: fc.string(), hooks: fc.constantFrom(...agentHooks) },
    { requiredKeys: [] }
  ),
  hooks: fc.constantFrom(...uploads),
  "body of hookSets": fc
    .tuple(fc.constantFrom(...uploads), fc.string(), fc.constantFrom(undefined, [], [receiver]))
    .map(([upload, name, allow]) => ({
      ...upload,
      name,
      ...(allow === undefined ? {} : { allow: allow.map(placeOf) })
    })),
  mcpServers: fc.constantFrom(
    {},
    { one: { url: "http://mcp.invalid/" }, two: { command: "no-such-program-of-tenterhook", args: ["a"] } },
    { one: { url: "http://mcp.invalid/" } },
    { one: { url: "no url" } },
    { one: { command: 1 } }
  ),
  "body of toolServer": fc.constantFrom<unknown>(
    { url: "http://mcp.invalid/", headers: { a: "b" } },
    { command: "no-such-program-of-tenterhook" },
    { command: "" },
    {}
  ),
  url: fc.constantFrom(
    receiver,
    receiver,
    `${receiver}?a=1`,
    "http://10.0.0.1/",
    "https://hooks.invalid/x",
    "ftp://a",
    "not a url",
    "http://"
  ),
  secret: fc.constantFrom("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "short"),
  events: fc.constantFrom([], ["*"], ["agent.*"], ["test"], ["a.*.b"]),
  event: fc.constantFrom(
    "pre_tool_use",
    "execution_start",
    "execution_end",
    "stop",
    "user_prompt_submit",
    "post_tool_use",
    "a:b",
    "no_such_event",
    "pre_execution"
  ),
  headers: fc.constantFrom({}, { "x-a": "b" }, { "webhook-id": "mine" }, { "bad name": "x" }),
  concurrency: fc.constantFrom(1, 10, 10, 100),
  ratePerSecond: fc.constantFrom(null, 100, 0.5),
  rules: fc.constantFrom(null, {}, { timeoutMs: 1000 }, { delaysMs: [] }),
  filter: fc.constantFrom(null, {}, { status: "failed" }, { a: [1] }),
  leaseMs: fc.constantFrom(1000, 60_000, 86_400_000),
  limit: fc.constantFrom(1, 2, 50, 200),
  mode: fc.constantFrom("standard", "wacht-documented", "wacht-upstream", "none"),
  types: fc.constantFrom("fire", "execution,delivery"),
  env: fc.dictionary(fc.constantFrom("A", "B", "CI"), fc.string(), { maxKeys: 2 }),
  id: fc.uuid().map((id) => `own-${id}`),
  name: fc.string({ minLength: 1, maxLength: 20 }),
  "Idempotency-Key": fc.uuid()
})

/** Whose id stands in an operation's path. */
const idOf = ({ id, path }: Operation): string => {
  if (path.startsWith("/v1/tool-servers")) return "serverName"
  return poolOf[id.split(".")[0]!] ?? "name"
}
const poolOf: Readonly<Record<string, string>> = {
  agents: "agentId",
  hookSets: "hookSetId",
  fires: "fireId",
  executions: "executionId",
  endpoints: "endpointId",
  deliveries: "deliveryId"
}

const bodyName = ({ id, path }: Operation): string => {
  if (path === "/v1/tool-servers/{name}") return "body of toolServer"
  const group = id.split(".")[0]
  return group === "agents" || group === "hookSets" ? `body of ${group}` : ""
}

const weightOf = ({ id, method }: Operation): number => {
  if (id === "toolServers.remove") return 4
  if (method === "DELETE" || id === "system.stream") return 1
  return creating.has(id) ? 12 : 4
}

const creating: ReadonlySet<string> = new Set([
  "toolServers.put",
  "agents.create",
  "hookSets.create",
  "fires.fire",
  "executions.start",
  "executions.end",
  "endpoints.create",
  "endpoints.test"
])

/** Of the three ways to say whose hooks are meant a request has one. */
const oneTarget = (value: Record<string, unknown>) => {
  const [first, ...others] = ["agentId", "hookSetId", "hooks"].filter((name) => value[name] !== undefined)
  for (const name of others) delete value[name]
  if (first !== "hookSetId" && "event" in value) delete value["version"]
  return value
}

const textOf = (schema: JsonSchema): fc.Arbitrary<unknown> => {
  const minLength = schema["minLength"] ?? 0
  if (schema["format"] === "date-time")
    return fc
      .date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString())
  if (schema["pattern"] !== undefined) return fc.stringMatching(new RegExp(schema["pattern"]))
  return fc.string({ minLength, maxLength: Math.min(schema["maxLength"] ?? 20, minLength + 20), unit: "grapheme" })
}

const lowest = (schema: JsonSchema, otherwise: number): number =>
  schema["minimum"] ?? (schema["exclusiveMinimum"] === undefined ? otherwise : schema["exclusiveMinimum"] + 1)

/** The text of a value with one of its nodes replaced by another JSON text. */
const replaced = (value: unknown, at: number, odd: string): string => {
  const nodes = count(value)
  let left = at % nodes
  const write = (one: unknown): string => {
    if (left-- === 0) return odd
    if (Array.isArray(one)) return `[${one.map(write).join(",")}]`
    if (isObject(one))
      return `{${Object.entries(one)
        .map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`)
        .join(",")}}`
    return JSON.stringify(one)
  }
  return write(value)
}

const without = (value: unknown, at: number): string => {
  if (!isObject(value)) return "null"
  const keys = Object.keys(value)
  const gone = keys[at % Math.max(1, keys.length)]
  return JSON.stringify(Object.fromEntries(Object.entries(value).filter(([key]) => key !== gone)))
}

const count = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? 1 + Object.values(value).reduce((sum: number, one) => sum + count(one), 0)
    : 1

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** For a path or a query; a reference stays as it is until it is filled in. */
function encoded(text: string): string {
  return /^@\w+:\d+$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
}

/** `http://127.0.0.1:80/x` as a list of allowed places has it. */
const placeOf = (url: string): string => new URL(url).host
