/** The plug-ins that cases are written for. Opened once before any case, so that one that cannot be used is an error of the run. */
export interface CasePlugins {
  /** Absolute paths: each case has a working folder of its own. */
  readonly modules: ReadonlyArray<string>
  /** The kinds of their adapters, which a case may need. */
  readonly kinds: ReadonlyArray<string>
}

export const openCasePlugins = async (plugins: ReadonlyArray<string>): Promise<CasePlugins> => {
  if (plugins.length === 0) return { modules: [], kinds: [] }
  const { openPlugins } = await import("@tenterhook/sdk")
  const { modules, adapters } = await openPlugins({ plugins, cwd: process.cwd() })
  return { modules, kinds: adapters.map(({ kind }) => kind) }
}
