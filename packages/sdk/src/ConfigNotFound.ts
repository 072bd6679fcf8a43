/** No config was named, and none was found. Without hooks every event would proceed, so this is an error. */
export class ConfigNotFound extends Error {
  readonly _tag = "ConfigNotFound"
  override readonly name = "ConfigNotFound"
  /** The names that were looked for, our own first. */
  readonly files: ReadonlyArray<string>
  /** Absolute, in the order they were looked at. */
  readonly folders: ReadonlyArray<string>
  /** The message without what to do about it. */
  readonly problem: string

  constructor(files: ReadonlyArray<string>, folders: ReadonlyArray<string>) {
    const where = folders.length === 1 ? folders[0] : `${folders[0]} and above, up to ${folders.at(-1)}`
    const looked =
      files.length === 0 ? "the dialect has no file names to look for" : `looked for ${files.join(", ")} in ${where}`
    const problem = `no hook config: ${looked}`
    super(`${problem}; name one with config, give hooks, or pass config: [] for none`)
    this.files = files
    this.folders = folders
    this.problem = problem
  }
}
