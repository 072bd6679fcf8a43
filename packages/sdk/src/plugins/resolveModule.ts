/** Which file a plug-in is, as a path or the name of a package. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { createRequire, isBuiltin } from "node:module"
import { basename, dirname, isAbsolute, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { PluginError } from "./PluginError.ts"
import { isObject } from "./Shape.ts"
import { wordsOf } from "./thrown.ts"

/** Absolute. A path is relative to the folder, a package is looked for from there upwards. Throws `PluginError`. */
export const resolveModule = (name: string, folder: string): string => {
  const refused = (text: string) => new PluginError({ module: name, text })
  if (/^[a-z][a-z0-9+.-]+:/i.test(name) && !name.startsWith("file:"))
    throw refused("expected a file or the name of a package, got a URL")
  const path = name.startsWith("file:") ? pathOf(name, refused) : resolve(folder, name)
  const isPath = /^\.{0,2}[/\\]|^file:|^\.{1,2}$/.test(name) || isAbsolute(name)
  if (!existsSync(path)) {
    if (!isPath) return packageFile(name, folder, refused)
    const near = withExtension(path)
    throw refused(`no such file; looked for ${path}${near === undefined ? "" : `; did you mean ${near}?`}`)
  }
  const stat = statSync(path)
  if (stat.isFile()) return path
  if (!stat.isDirectory()) throw refused("is not a regular file")
  try {
    return createRequire(join(folder, "plug-in.js")).resolve(path)
  } catch {
    throw refused(`is a folder without a module: neither package.json with main nor index.js; looked in ${path}`)
  }
}

type Refused = (text: string) => PluginError

const pathOf = (url: string, refused: Refused): string => {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw refused(wordsOf(error))
  }
}

/** The file with an ending that was left out. */
const withExtension = (path: string): string | undefined => {
  try {
    const found = readdirSync(dirname(path)).find((file) => file.replace(/\.[cm]?[jt]s$/, "") === basename(path))
    return found === undefined ? undefined : join(dirname(path), found)
  } catch {
    return undefined
  }
}

const packageFile = (name: string, folder: string, refused: Refused): string => {
  if (isBuiltin(name)) throw refused("is a module of the runtime; expected a file or the name of a package")
  try {
    return createRequire(join(folder, "plug-in.js")).resolve(name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const installed = installedAt(name, folder)
    if (installed === undefined) {
      throw refused(
        `no such file or package; looked for ${resolve(folder, name)} and in node_modules from ${folder} upwards`
      )
    }
    const file = code === "ERR_PACKAGE_PATH_NOT_EXPORTED" ? exportedFile(name, installed) : undefined
    if (file !== undefined && existsSync(file)) return file
    throw refused(`the package is at ${installed}, and its module cannot be found: ${wordsOf(error)}`)
  }
}

const installedAt = (name: string, folder: string): string | undefined => {
  const own = packageName(name)
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = join(at, "node_modules", own)
    if (existsSync(join(found, "package.json"))) return found
    if (dirname(at) === at) return undefined
  }
}

const packageName = (name: string) => name.split("/", name.startsWith("@") ? 2 : 1).join("/")

/** What the package exports to `import` alone, which `require` does not find. */
const exportedFile = (name: string, installed: string): string | undefined => {
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    readonly exports?: unknown
  }
  const subpath = `.${name.slice(packageName(name).length)}`
  const isMap = isObject(exports) && Object.keys(exports).some((key) => key.startsWith("."))
  const target = importTarget(isMap ? exports[subpath] : subpath === "." ? exports : undefined)
  return target === undefined ? undefined : join(installed, target)
}

const importTarget = (target: unknown): string | undefined => {
  if (typeof target === "string") return target
  if (!isObject(target)) return undefined
  for (const [condition, inner] of Object.entries(target)) {
    const found = ["node", "import", "default"].includes(condition) ? importTarget(inner) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
