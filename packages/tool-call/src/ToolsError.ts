/** What is wrong with the tools that a host was given, all of it at once. */
import { Schema } from "effect"

export class ToolsError extends Schema.TaggedError<ToolsError>()("ToolsError", {
  /** The file, or how the tools were given. */
  source: Schema.String,
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.problems.map((problem) => `${this.source}: ${problem}`).join("\n")
  }
}
