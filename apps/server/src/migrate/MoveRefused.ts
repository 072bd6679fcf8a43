/** The move cannot be as it was asked: nothing is lost, and nothing was moved. */
import { Schema } from "effect"

export class MoveRefused extends Schema.TaggedError<MoveRefused>()("MoveRefused", { why: Schema.String }) {
  override get message() {
    return this.why
  }
}
