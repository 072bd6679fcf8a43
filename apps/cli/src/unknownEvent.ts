/** An event that nobody knows, told with the nearest one. */
import { UnknownEvent } from "@tenterhook/core"
import { Refusal } from "./Refusal.ts"

/** For `catch`: throws the error again, in words that help. */
export const naming = async (error: unknown): Promise<never> => {
  if (!(error instanceof UnknownEvent)) throw error
  const { nearest } = await import("@tenterhook/dialects")
  const near = nearest(error.name, error.known)
  if (near === undefined) throw error
  throw new Refusal(`unknown event "${error.name}"; did you mean "${near}"?`, { kind: "event" })
}
