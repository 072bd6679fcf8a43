/** An event that nobody knows, told with the nearest one. */
import { UnknownEvent } from "@tenterhook/core"
import { nearest } from "@tenterhook/dialects"
import { Refusal } from "./Refusal.ts"

/** For `catch`: throws the error again, in words that help. */
export const naming = (error: unknown): never => {
  if (!(error instanceof UnknownEvent)) throw error
  const near = nearest(error.name, error.known)
  if (near === undefined) throw error
  throw new Refusal(`unknown event "${error.name}"; did you mean "${near}"?`)
}
