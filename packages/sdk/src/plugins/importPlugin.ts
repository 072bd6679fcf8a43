/** Imports a plug-in module, and finds the adapters and dialects among its exports. Every failure says why, without a stack trace. */
import { nearest, show } from "@tenterhook/dialects"
import { extname } from "node:path"
import { pathToFileURL } from "node:url"
import { PluginError } from "./PluginError.ts"
import { expected, isObject, type Origin } from "./Shape.ts"
import { wordsOf } from "./thrown.ts"

/** `file` is absolute, `module` what the module's user calls it. Rejects with `PluginError`. */
export const importPlugin = async (module: string, file: string): Promise<Contents> => {
  let exports: unknown
  try {
    exports = await inTime(import(/* webpackIgnore: true */ /* @vite-ignore */ pathToFileURL(file).href))
  } catch (error) {
    throw new PluginError({ module, text: whyNot(error, file) })
  }
  return contentsOf(module, exports as Exports)
}

/** A module that waits for something for ever would keep its host waiting without a word. */
const inTime = <A>(importing: Promise<A>): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Late()), timeoutMs)
  })
  return Promise.race([importing, late]).finally(() => clearTimeout(timer))
}

const timeoutMs = 30_000

class Late extends Error {}

const whyNot = (error: unknown, file: string): string => {
  const { code } = Object(error) as { readonly code?: unknown }
  if (error instanceof Late) return `did not finish loading within ${timeoutMs / 1000} s`
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" || extname(file) === ".json")
    return `a ${extname(file) === "" ? "file without an ending" : `${extname(file)} file`} cannot be imported here; expected JavaScript (.mjs, .js, .cjs) or TypeScript without enums and namespaces (.ts, .mts)`
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND")
    return `imports a module that cannot be found: ${firstLine(error)}`
  if (
    error instanceof SyntaxError ||
    String(code).startsWith("ERR_INVALID_TYPESCRIPT") ||
    String(code).startsWith("ERR_UNSUPPORTED_TYPESCRIPT")
  ) {
    const place = syntaxPlace(error)
    return place === undefined
      ? `cannot be parsed: ${wordsOf(error)}; \`node --check\` on the module shows the line`
      : `cannot be parsed: ${wordsOf(error)} (${place})`
  }
  const place = thrownPlace(error)
  return `failed while it was loaded: ${wordsOf(error)}${place === undefined ? "" : ` (${place})`}`
}

/** The rest of the message of CommonJS is a stack of requires. */
const firstLine = (error: unknown) => wordsOf(error).replace(/ Require stack:.*$/, "")

/** Node puts `file:line` in front of the stack of a syntax error, but not for each kind of module. */
const syntaxPlace = (error: unknown): string | undefined =>
  /^(?:file:\/\/)?(\/\S.*:\d+)$/m.exec(stackOf(error).split("\n", 1)[0]!)?.[1]

/** The first place in a stack that is not in the runtime. */
const thrownPlace = (error: unknown): string | undefined =>
  /^[ \t]+at .*?(?:file:\/\/)?(\/[^()\n]*:\d+:\d+)\)?$/m.exec(stackOf(error))?.[1]

const stackOf = (error: unknown): string => {
  const { stack } = Object(error) as { readonly stack?: unknown }
  return typeof stack === "string" ? stack : ""
}

/** A dialect or an adapter as it was exported, and under which name. */
export interface Found {
  readonly value: unknown
  readonly origin: Origin
}

/** Named exports, a default export, or both; `module.exports` of CommonJS is its default export. */
const contentsOf = (module: string, exports: Exports): Contents => {
  const dialects = new Map<unknown, Found>()
  const adapters = new Map<unknown, Found>()
  const add = (into: Map<unknown, Found>, value: unknown, name: string) => {
    if (!into.has(value)) into.set(value, { value, origin: { module, name } })
  }
  const collect = (from: Exports, prefix: string) => {
    for (const [one, many, into] of [
      ["dialect", "dialects", dialects],
      ["adapter", "adapters", adapters]
    ] as const) {
      const list = from[many]
      if (list !== undefined && !Array.isArray(list)) expected({ module, name: prefix }, many, "a list", list)
      for (const [index, value] of ((list ?? []) as ReadonlyArray<unknown>).entries())
        add(into, value, `${prefix}${many}[${index}]`)
      if (from[one] !== undefined) add(into, from[one], `${prefix}${one}`)
    }
  }
  collect(exports, "")
  const main = mainExport(exports)
  if (isObject(main)) {
    if (keys.some((key) => main[key] !== undefined)) {
      const meant = misspelled(Object.keys(main))
      if (meant !== undefined) throw new PluginError({ module, text: `default has ${meant}` })
      collect(main, "default.")
    } else if ("kind" in main) add(adapters, main, "default")
    else if ("id" in main || "load" in main) add(dialects, main, "default")
  }
  if (dialects.size === 0 && adapters.size === 0) throw new PluginError({ module, text: nothingIn(exports, main) })
  return { dialects: [...dialects.values()], adapters: [...adapters.values()] }
}

type Exports = Readonly<Record<string, unknown>>

interface Contents {
  readonly dialects: ReadonlyArray<Found>
  readonly adapters: ReadonlyArray<Found>
}

const keys = ["dialects", "adapters", "dialect", "adapter"]

/** A module that was compiled to CommonJS has its default export one deeper. */
const mainExport = (exports: Exports): unknown => {
  const main = exports["default"]
  return isObject(main) && main["__esModule"] === true ? main["default"] : main
}

const misspelled = (names: ReadonlyArray<string>): string | undefined => {
  for (const name of names) {
    const meant = keys.includes(name) ? undefined : nearest(name, keys)
    if (meant !== undefined) return `"${name}"; did you mean "${meant}"?`
  }
  return undefined
}

const nothingIn = (exports: Exports, main: unknown): string => {
  const names = Object.keys(exports).filter((name) => name !== "default" && name !== "module.exports")
  const inside = isObject(main) ? Object.keys(main) : []
  const shown = [
    ...names,
    ...(main === undefined
      ? []
      : [inside.length === 0 ? `default, ${show(main)}` : `default with ${inside.join(", ")}`])
  ]
  const meant = misspelled([...names, ...inside])
  const what = shown.length === 0 ? "nothing" : shown.slice(0, 10).join(", ")
  return `exports ${what}; ${meant === undefined ? form : `it has ${meant}`}`
}

const form =
  "expected dialects, adapters, dialect or adapter, or as default one of these or definePlugin({ dialects, adapters })"
