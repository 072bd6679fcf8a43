/** Holds a tool's input against its JSON Schema. The only file that knows ajv, imported when the first schema is met. */
import type { JsonSchema } from "../Tool.ts"
import { type Allowance, fullAllowance, GaveUp, regexFactory } from "./linearRegex.ts"

export type Input = Readonly<Record<string, unknown>>

export type Checked =
  | { readonly _tag: "fits"; readonly input: Input }
  | { readonly _tag: "wrong"; readonly why: string }
  /** The schema cannot be compiled, or its patterns take too long on this input: it says nothing about the input. */
  | { readonly _tag: "unusable"; readonly why: string }

/**
 * What is wrong, each with its path: `input.path must be string, found number`. Names that begin with `_` are said
 * beside the input (`_runtime`): a schema that allows no further names does not refuse them, they are left out.
 */
export const checkInput = async (schema: JsonSchema, input: Input): Promise<Checked> => {
  const check = await checkOf(schema)
  if (typeof check === "string") return { _tag: "unusable", why: check }
  try {
    return held(check, input)
  } catch (error) {
    if (error instanceof GaveUp) return { _tag: "unusable", why: error.message }
    throw error
  }
}

const held = (check: Check, input: Input): Checked => {
  if (check(input) === true) return { _tag: "fits", input }
  const refused = new Set(
    (check.errors ?? []).flatMap(({ instancePath, keyword, params }) => {
      const name: unknown = params["additionalProperty"] ?? params["unevaluatedProperty"]
      return instancePath === "" && keyword.endsWith("Properties") && typeof name === "string" && name.startsWith("_")
        ? [name]
        : []
    })
  )
  const rest =
    refused.size === 0 ? input : Object.fromEntries(Object.entries(input).filter(([name]) => !refused.has(name)))
  if (refused.size > 0 && check(rest) === true) return { _tag: "fits", input: rest }
  const errors = check.errors ?? []
  const lines = [...new Set(errors.map((error) => lineOf(error, rest)))]
  const more = lines.length > shown ? `; and ${lines.length - shown} more` : ""
  return { _tag: "wrong", why: lines.slice(0, shown).join("; ") + more }
}

interface Check {
  (input: unknown): unknown
  errors?: ReadonlyArray<Problem> | null
}

interface Problem {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Record<string, any>
  readonly message?: string
}

const checks = new WeakMap<JsonSchema, Promise<Check | string>>()

/** The check, or why there is none. */
const checkOf = (schema: JsonSchema): Promise<Check | string> => {
  const known = checks.get(schema)
  if (known !== undefined) return known
  const made = compile(schema).catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
  checks.set(schema, made)
  return made
}

/** 2020-12, as MCP has it, where the schema does not say otherwise. */
const compile = async (schema: JsonSchema): Promise<Check> => {
  const { $schema, ...rest } = schema
  const draft = typeof $schema === "string" ? $schema : ""
  const allowance: Allowance = { characters: fullAllowance }
  const options = {
    code: { regExp: await regexFactory(schema, allowance) },
    strict: false,
    allErrors: true,
    validateFormats: false,
    addUsedSchema: false,
    logger: false
  } as const
  if (/draft-0[4-7]/.test(draft)) {
    const { Ajv } = exportsOf(await import("ajv"))
    return within(allowance, new Ajv(options).compile(rest))
  }
  const { Ajv2020 } = exportsOf(await import("ajv/dist/2020.js"))
  return within(allowance, new Ajv2020(options).compile(rest))
}

/** Renews the allowance with each check. */
const within = (allowance: Allowance, check: Check): Check => {
  const renewed: Check = (input) => {
    allowance.characters = fullAllowance
    const fits = check(input)
    renewed.errors = check.errors ?? null
    return fits
  }
  return renewed
}

/** A bundler gives what CommonJS exports as `default` alone. */
const exportsOf = <Module extends object>(module: Module): Module =>
  Object.keys(module).length > 1 || !("default" in module) ? module : (module.default as Module)

const lineOf = ({ instancePath, keyword, params, message }: Problem, input: unknown): string => {
  const path = instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
  const at = nameOf(path)
  switch (keyword) {
    case "required":
      return `${nameOf([...path, params["missingProperty"]])} is missing`
    case "additionalProperties":
    case "unevaluatedProperties":
      return `${nameOf([...path, params["additionalProperty"] ?? params["unevaluatedProperty"]])} is not known to the tool`
    case "type":
      return `${at} must be ${[params["type"]].flat().join(" or ")}, found ${kindOf(valueAt(input, path))}`
    case "enum":
      return `${at} must be one of ${JSON.stringify(params["allowedValues"])}, found ${JSON.stringify(valueAt(input, path))?.slice(0, 80)}`
    case "const":
      return `${at} must be ${JSON.stringify(params["allowedValue"])}`
    default:
      return `${at} ${message ?? `does not fit "${keyword}"`}`
  }
}

const nameOf = (path: ReadonlyArray<string>): string =>
  path.reduce(
    (name, part) =>
      /^\d+$/.test(part)
        ? `${name}[${part}]`
        : /^[\w$]+$/.test(part)
          ? `${name}.${part}`
          : `${name}[${JSON.stringify(part)}]`,
    "input"
  )

const valueAt = (input: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined,
    input
  )

const kindOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value)

const shown = 5
