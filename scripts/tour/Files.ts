/** A scene's folder: fresh before it, and read afterwards to see what hooks wrote. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

export const write = (folder: string, files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    if (text.startsWith("#!")) chmodSync(path, 0o755)
  }
}

export interface Written {
  /** Below the folder. */
  readonly name: string
  readonly text: string
}

/** Every file below the folder. */
export const snapshot = (folder: string): ReadonlyMap<string, string> => {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))
  return new Map(
    paths
      .filter((path) => statSync(path).isFile())
      .map((path) => [relative(folder, path), readFileSync(path, "utf8")] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1))
  )
}

/** The files that are new or have other content. */
export const writtenSince = (folder: string, before: ReadonlyMap<string, string>): ReadonlyArray<Written> =>
  [...snapshot(folder)].flatMap(([name, text]) => (before.get(name) === text ? [] : [{ name, text }]))
