/** Which files every dialect looks for, our own first, and where: for the person whose config was not found. */
import type { Folder } from "@tenterhook/core"
import { Effect } from "effect"

export const lookedFor = async (
  cwd: string
): Promise<{ readonly files: ReadonlyArray<string>; readonly folders: ReadonlyArray<string> }> => {
  const { foldersUp } = await import("@tenterhook/sdk")
  const { dialects } = await import("./dialects.ts")
  const files = new Set<string>()
  const listening: Folder = { path: cwd, env: {}, read: (file) => Effect.sync(() => (files.add(file), null)) }
  await Effect.runPromise(Effect.forEach(dialects, (dialect) => dialect.discover(listening)))
  const own = (file: string) => file.startsWith("tenterhook.")
  return { files: [...files].toSorted((a, b) => Number(own(b)) - Number(own(a))), folders: foldersUp(cwd) }
}
