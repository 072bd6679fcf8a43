/** A config whose text is at hand already. */
export interface ConfigText {
  /** How messages and a hook's source name it; its ending tells JSON from YAML. Nothing is read from there. */
  readonly file: string
  readonly text: string
  /** Absolute: where the config's relative paths start. Default: the hooks' `cwd`. */
  readonly folder?: string
}
