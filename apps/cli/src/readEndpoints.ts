/** The file of `--endpoints`: who gets what hooks announce. */
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
export const readEndpoints = async (file: string): Promise<EndpointsFile> => {
  const value = parseJson(readFile(file), file)
  const { decode, keys } = await fileSchema()
  const exit = decode(value, { errors: "all", onExcessProperty: "error" })
  if (Exit.isFailure(exit)) throw new Refusal(await problemsOf(file, exit, keys), { hint })
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

/** `secret` may also name a variable; the rest is what the SDK takes. */
type Endpoint = Omit<EndpointOptions, "secret"> & { readonly secret: typeof Secret.Type }

const fileSchema = async () => {
  const { EndpointRules } = await import("@tenterhook/webhook/outbox")
  const fields = endpointFields(EndpointRules) satisfies Record<keyof EndpointOptions, Schema.Top>
  const Endpoint = Schema.Struct(fields) satisfies Schema.Schema<Endpoint>
  const keys = ["endpoints", "allow", ...Object.keys(fields), ...Object.keys(EndpointRules.fields)]
  return {
    decode: Schema.decodeUnknownExit(Schema.Struct({ endpoints: Schema.Array(Endpoint), allow: optional(Texts) })),
    keys
  }
}

const endpointFields = <Rules extends Schema.Top>(Rules: Rules) => ({
  url: Schema.NonEmptyString,
  secret: Secret,
  events: optional(Texts),
  filter: optional(Schema.Record(Schema.String, Schema.Unknown)),
  headers: optional(Schema.Record(Schema.String, Schema.String)),
  ratePerSecond: optional(Schema.Finite),
  concurrency: optional(Schema.Int),
  fifo: optional(Schema.Boolean),
  mode: optional(Schema.NonEmptyString),
  rules: optional(Rules)
})

const secretOf = (secret: typeof Secret.Type, where: string): string => {
  if (typeof secret === "string") return secret
  const found = process.env[secret.env]
  if (found !== undefined && found !== "") return found
  throw new Refusal(`${where}.secret: the environment has no ${secret.env}`)
}

const problemsOf = async (
  file: string,
  exit: Exit.Failure<unknown, Schema.SchemaError>,
  keys: ReadonlyArray<string>
) => {
  const { nearest } = await import("@tenterhook/dialects")
  const unknownKey = (key: string) => {
    const near = nearest(key, keys)
    return `unknown key "${key}"${near === undefined ? "" : `; did you mean "${near}"?`}`
  }
  return exit.cause.reasons
    .flatMap((reason) => (reason._tag === "Fail" ? formatter(reason.error.issue).issues : []))
    .map(({ path = [], message }) => {
      const at = path.map((part) => (typeof part === "object" ? part.key : part))
      const isUnknown = /excess property/.test(message)
      const place = placeOf(isUnknown ? at.slice(0, -1) : at)
      return `${file}: ${place === "" ? "" : `${place}: `}${isUnknown ? unknownKey(String(at.at(-1))) : message}`
    })
    .join("\n")
}

const placeOf = (path: ReadonlyArray<PropertyKey>) =>
  path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    ""
  )

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const hint =
  'e.g. {"endpoints": [{"url": "https://ops.example.com/hooks", "secret": {"env": "OPS_SECRET"}, "events": ["agent.*"]}]}'
