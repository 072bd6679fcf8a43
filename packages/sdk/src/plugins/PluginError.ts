/** An adapter, a dialect or a module of them that cannot be used. */
import { Schema } from "effect"

export class PluginError extends Schema.TaggedError<PluginError>()("PluginError", {
  /** The module as it was named; null for what was given in code. */
  module: Schema.NullOr(Schema.String),
  text: Schema.String
}) {
  override get message() {
    return this.module === null ? this.text : `plug-in ${this.module}: ${this.text}`
  }
}
