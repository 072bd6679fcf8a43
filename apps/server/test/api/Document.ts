/** The OpenAPI document as any client sees it: read over HTTP, with nothing of the server's code. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"

export type JsonSchema = Readonly<Record<string, any>>

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required: boolean
  readonly schema: JsonSchema
}

export interface Operation {
  readonly id: string
  /** In upper case. */
  readonly method: string
  /** With `{name}` for its parameters. */
  readonly path: string
  readonly parameters: ReadonlyArray<Parameter>
  /** Null where it takes none. */
  readonly body: JsonSchema | null
  readonly isBodyRequired: boolean
  /** The statuses that the document knows for it. */
  readonly statuses: ReadonlySet<number>
  /** Why the body is not what is documented for the status, or has more; null where it does, or where it need not be JSON. */
  readonly misfit: (status: number, json: unknown) => string | null
  /** Whether a body fits the request's schema. */
  readonly takes: (json: unknown) => boolean
}

export interface Document {
  readonly json: JsonSchema
  readonly operations: ReadonlyArray<Operation>
  /** Follows a `$ref`. */
  readonly resolve: (schema: JsonSchema) => JsonSchema
}

export const readDocument = async (url: string): Promise<Document> => {
  const response = await fetch(`${url}/openapi.json`)
  const json = (await response.json()) as JsonSchema
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  addFormats.default(ajv)
  ajv.addSchema(json, "document")
  ajv.addSchema(closed(json), "closed")
  const validators = new Map<string, ValidateFunction>()
  const validatorAt = (root: "document" | "closed", ...path: ReadonlyArray<string>) => {
    const pointer = path.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")
    const $ref = `${root}#/${pointer}`
    let made = validators.get($ref)
    if (made === undefined) validators.set($ref, (made = ajv.compile({ $ref })))
    return made
  }

  const operations = Object.entries<JsonSchema>(json["paths"]).flatMap(([path, item]) =>
    Object.entries<JsonSchema>(item).map(([method, operation]): Operation => {
      const body = operation["requestBody"]?.content?.["application/json"]?.schema ?? null
      const place = ["paths", path, method]
      return {
        id: operation["operationId"],
        method: method.toUpperCase(),
        path,
        parameters: operation["parameters"] ?? [],
        body,
        isBodyRequired: operation["requestBody"]?.required ?? false,
        statuses: new Set(Object.keys(operation["responses"]).map(Number)),
        misfit: (status, value) => {
          const content = operation["responses"][status]?.content ?? {}
          const type = ["application/json", "application/problem+json"].find((one) => content[one] !== undefined)
          if (type === undefined) return null
          const validate = validatorAt("closed", ...place, "responses", String(status), "content", type, "schema")
          return validate(value) ? null : ajv.errorsText(validate.errors)
        },
        takes: (value) =>
          body === null ||
          validatorAt("document", ...place, "requestBody", "content", "application/json", "schema")(value) === true
      }
    })
  )

  const resolve = (schema: JsonSchema): JsonSchema => {
    if (typeof schema["$ref"] !== "string") return schema
    return resolve(json["components"].schemas[schema["$ref"].slice("#/components/schemas/".length)])
  }

  return { json, operations, resolve }
}

/** With objects that have their documented properties and no more: a client may be generous, our answers are exact. */
const closed = (node: any): any => {
  if (Array.isArray(node)) return node.map(closed)
  if (typeof node !== "object" || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  const isOpen = node.type === "object" && node.properties !== undefined && node.additionalProperties === undefined
  return isOpen ? { ...copy, additionalProperties: false } : copy
}
