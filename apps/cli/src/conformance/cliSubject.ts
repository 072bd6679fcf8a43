/** This very command line as a process, as a subject of the conformance suite. */
import { commandSubject, type Subject } from "@tenterhook/conformance"
import type { CasePlugins } from "./CasePlugins.ts"

export const cliSubject = ({ modules, kinds }: CasePlugins): Subject =>
  commandSubject([process.execPath, ...process.execArgv, process.argv[1]!], {
    name: "cli",
    needs: ["shell", "exec", "tool-call", "webhook", ...kinds],
    args: modules.flatMap((module) => ["--plugin", module])
  })
