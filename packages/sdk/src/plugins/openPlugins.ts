/** Brings together what is plugged in, in code and by modules. Two with one name are refused. */
import type { AnyAdapter, Dialect } from "@tenterhook/core"
import * as ours from "@tenterhook/dialects"
import { show } from "@tenterhook/dialects"
import type { EngineAdapter, PlainAdapter } from "../PlainAdapter.ts"
import type { PlainDialect } from "../PlainDialect.ts"
import { adapterOf } from "./adapterOf.ts"
import { dialectOf, type EngineDialect } from "./dialectOf.ts"
import { type Found, importPlugin } from "./importPlugin.ts"
import { PluginError } from "./PluginError.ts"
import { resolveModule } from "./resolveModule.ts"
import type { Origin } from "./Shape.ts"

export interface PluginOptions {
  readonly dialects?: ReadonlyArray<PlainDialect | EngineDialect>
  readonly adapters?: ReadonlyArray<PlainAdapter | EngineAdapter>
  /** Modules: paths relative to `cwd`, or packages that are installed there or above. */
  readonly plugins?: ReadonlyArray<string>
  /** Absolute. */
  readonly cwd: string
}

/** What is plugged in, as the engine uses it. */
export interface PluggedIn {
  readonly dialects: ReadonlyArray<Dialect>
  readonly adapters: ReadonlyArray<AnyAdapter>
  /** The files of the modules. Absolute. */
  readonly modules: ReadonlyArray<string>
  /** By id and by kind, where each comes from. */
  readonly origins: Origins
}

interface Origins {
  readonly dialects: ReadonlyMap<string, Found>
  readonly adapters: ReadonlyMap<string, Found>
}

/** Rejects with `PluginError`. What was plugged in before comes first. */
export const openPlugins = async (options: PluginOptions, before?: PluggedIn): Promise<PluggedIn> => {
  const dialects = foundIn("dialects", options.dialects)
  const adapters = foundIn("adapters", options.adapters)
  const modules: Array<string> = []
  for (const module of listIn("plugins", options.plugins)) {
    if (typeof module !== "string" || module.trim() === "")
      throw new PluginError({
        module: null,
        text: `plugins: expected a file or the name of a package, got ${show(module)}`
      })
    const file = resolveModule(module, options.cwd)
    const found = await importPlugin(module, file)
    modules.push(file)
    dialects.push(...found.dialects)
    adapters.push(...found.adapters)
  }
  const known = before ?? nothingPlugged
  const spoken = named(dialects, known.origins.dialects, builtInDialects, {
    read: dialectOf,
    name: ({ id }) => id,
    what: (id) => `dialects with the id "${id}"`
  })
  const kinds = named(adapters, known.origins.adapters, builtInAdapters, {
    read: adapterOf,
    name: ({ kind }) => kind,
    what: (kind) => `adapters of the kind "${kind}"`
  })
  return {
    dialects: [...known.dialects, ...spoken.read],
    adapters: [...known.adapters, ...kinds.read],
    modules: [...new Set([...known.modules, ...modules])],
    origins: { dialects: spoken.origins, adapters: kinds.origins }
  }
}

const nothingPlugged: PluggedIn = {
  dialects: [],
  adapters: [],
  modules: [],
  origins: { dialects: new Map(), adapters: new Map() }
}

const isDialect = (value: unknown): value is Dialect =>
  typeof value === "object" && value !== null && "decode" in value && "modes" in value

/** Recognized after those that are plugged in, for whoever plugs one in means it. */
export const builtIn: ReadonlyArray<Dialect> = Object.values(ours).filter(isDialect)
const builtInDialects = new Map(builtIn.map(({ id, title }) => [id, `the built-in one, ${title}`]))
/** Those of kind `tool` and `http` may be replaced. */
const builtInAdapters = new Map(["shell", "function"].map((kind) => [kind, "the built-in one"]))

const foundIn = (key: string, list: unknown): Array<Found> =>
  listIn(key, list).map((value, index) => ({ value, origin: { module: null, name: `${key}[${index}]` } }))

const listIn = (key: string, list: unknown): ReadonlyArray<unknown> => {
  if (list === undefined) return []
  if (Array.isArray(list)) return list
  throw new PluginError({ module: null, text: `${key}: expected a list, got ${show(list)}` })
}

/** Each with its name, but for those that were there before. */
const named = <A>(
  found: ReadonlyArray<Found>,
  before: ReadonlyMap<string, Found>,
  builtIn: ReadonlyMap<string, string>,
  how: {
    readonly read: (value: any, origin: Origin) => A
    readonly name: (it: A) => string
    readonly what: (name: string) => string
  }
) => {
  const origins = new Map(before)
  const read: Array<A> = []
  for (const one of found) {
    const it = how.read(one.value, one.origin)
    const name = how.name(it)
    const other = origins.get(name)
    if (other?.value === one.value) continue
    const place = other === undefined ? builtIn.get(name) : placeOf(other.origin)
    if (place !== undefined) {
      const text = `two ${how.what(name)}: ${place}, and ${placeOf(one.origin)}; rename one`
      throw new PluginError({ module: null, text })
    }
    origins.set(name, one)
    read.push(it)
  }
  return { read, origins }
}

const placeOf = ({ module, name }: Origin) => (module === null ? name : `${name} of ${module}`)
