/** The engine in this process, as a subject of the conformance suite. */
import * as conformance from "@tenterhook/conformance"
import { createHooks } from "@tenterhook/sdk"
import type { CasePlugins } from "./CasePlugins.ts"

export const engineSubject = ({ modules, kinds }: CasePlugins): conformance.Subject =>
  conformance.engineSubject({
    needs: ["shell", "tool-call", "webhook", "clock", ...kinds],
    createHooks: (options) => createHooks({ ...options, plugins: modules })
  })
