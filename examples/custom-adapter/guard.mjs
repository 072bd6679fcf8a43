// A native hook's answer, from a thread: the event comes as JSON, the answer goes back as a value.
import { parentPort, workerData } from "node:worker_threads"

const event = JSON.parse(new TextDecoder().decode(workerData))
if (event.tool.input.command.includes("rm -rf")) parentPort.postMessage({ verdict: "deny", reason: "not here" })
