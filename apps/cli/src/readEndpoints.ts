/** The file that says who gets what hooks announce. */
import type { EndpointOptions } from "@tenterhook/sdk"
import { Exit, Schema, SchemaIssue } from "effect"
import { readFile } from "./context/Input.ts"
import { parseJson } from "./context/parseJson.ts"
import { Refusal } from "./Refusal.ts"

export interface EndpointsFile {
  readonly endpoints: ReadonlyArray<EndpointOptions>
  readonly allow: ReadonlyArray<string>
}

/** Secrets may stand in it or in the environment. Refuses with everything that is wrong. */
export const readEndpoints = (file: string): EndpointsFile => {
  const value = parseJson(readFile(file), file)
  const exit = decode(value, { errors: "all", onExcessProperty: "error" })
  if (Exit.isFailure(exit)) throw new Refusal(problemsOf(file, exit), { hint })
  const { endpoints, allow = [] } = exit.value
  return {
    endpoints: endpoints.map((endpoint, index) => ({
      ...endpoint,
      secret: secretOf(endpoint.secret, `${file}: endpoints[${index}]`)
    })),
    allow
  }
}

const optional = Schema.optionalKey
const Texts = Schema.Array(Schema.NonEmptyString)

const Secret = Schema.Union([Schema.NonEmptyString, Schema.Struct({ env: Schema.NonEmptyString })])

const Endpoint = Schema.Struct({
  url: Schema.NonEmptyString,
  secret: Secret,
  events: optional(Texts),
  filter: optional(Schema.Record(Schema.String, Schema.Unknown)),
  headers: optional(Schema.Record(Schema.String, Schema.String)),
  ratePerSecond: optional(Schema.Finite),
  concurrency: optional(Schema.Int),
  fifo: optional(Schema.Boolean),
  mode: optional(Schema.NonEmptyString),
  rules: optional(
    Schema.Struct({
      attempts: optional(Schema.Int),
      delaysMs: optional(Schema.NonEmptyArray(Schema.Finite)),
      jitter: optional(Schema.Finite),
      retries: optional(Schema.Literals(["any", "transient"])),
      timeoutMs: optional(Schema.Finite)
    })
  )
})

const decode = Schema.decodeUnknownExit(Schema.Struct({ endpoints: Schema.Array(Endpoint), allow: optional(Texts) }))

const secretOf = (secret: typeof Secret.Type, where: string): string => {
  if (typeof secret === "string") return secret
  const found = process.env[secret.env]
  if (found !== undefined && found !== "") return found
  throw new Refusal(`${where}.secret: the environment has no ${secret.env}`)
}

const problemsOf = (file: string, exit: Exit.Failure<unknown, Schema.SchemaError>) =>
  exit.cause.reasons
    .flatMap((reason) => (reason._tag === "Fail" ? formatter(reason.error.issue).issues : []))
    .map(({ path = [], message }) => {
      const at = path.map((part) => (typeof part === "object" ? part.key : part))
      const place = at.reduce<string>(
        (text, key) =>
          typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
        ""
      )
      return `${file}: ${place === "" ? "" : `${place}: `}${message}`
    })
    .join("\n")

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const hint =
  'as {"endpoints": [{"url": "https://ops.example.com/hooks", "secret": {"env": "OPS_SECRET"}, "events": ["agent.*"]}]}'
