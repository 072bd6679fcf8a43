/** An adapter, a dialect or a module of them that cannot be used. */
export class PluginError extends Error {
  readonly _tag = "PluginError"
  override readonly name = "PluginError"
  /** The module as it was named; null for what was given in code. */
  readonly module: string | null

  constructor({ module, text }: { readonly module: string | null; readonly text: string }) {
    super(module === null ? text : `plug-in ${module}: ${text}`)
    this.module = module
  }
}
