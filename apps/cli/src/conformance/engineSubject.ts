/** The engine in this process, as a subject of the conformance suite. */
import * as conformance from "@tenterhook/conformance"
import { createHooks } from "@tenterhook/sdk"

export const engineSubject = (): conformance.Subject =>
  conformance.engineSubject({
    needs: ["shell", "tool-call", "webhook", "clock"],
    createHooks: (options) => createHooks(options)
  })
