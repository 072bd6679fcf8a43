/** This very command line as a process, as a subject of the conformance suite. */
import { commandSubject, type Subject } from "@tenterhook/conformance"

export const cliSubject = (): Subject =>
  commandSubject([process.execPath, ...process.execArgv, process.argv[1]!], {
    name: "cli",
    needs: ["shell", "exec", "tool-call", "webhook"]
  })
