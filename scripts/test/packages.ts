/** The packages of the workspace, as their manifests describe them. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { within } from "../workspace.mjs"

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly private?: boolean
  readonly files?: ReadonlyArray<string>
  readonly exports?: Record<string, null | string | Record<string, string>>
  readonly bin?: Record<string, string>
  readonly engines?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

/** The files that an entry of `exports` leads those to who installed the package: all but its source. */
export const targetsOf = (entry: null | string | Record<string, string>) => {
  if (entry === null || typeof entry === "string") return entry === null ? [] : [entry]
  return Object.entries(entry).flatMap(([condition, file]) => (condition === "@tenterhook/source" ? [] : [file]))
}

export const packages = ["packages", "apps"]
  .flatMap((room) => readdirSync(within(room)).map((name) => within(room, name)))
  .filter((folder) => existsSync(join(folder, "package.json")))
  .map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest
    return { name: manifest.name, folder, manifest }
  })

/** What a user can install. */
export const published = packages.filter(({ manifest }) => manifest.private !== true)
