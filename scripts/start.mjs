/** `npm start`: sets up, then the tour. `npm start -- <args>`: sets up, then the command line with those arguments. */
import { setUp } from "./setup.mjs"
import { node, run, say, within } from "./workspace.mjs"

await setUp()

const args = process.argv.slice(2)
const program =
  args.length > 0
    ? [within("apps", "cli", "bin", "tenterhook.js"), ...args]
    : ["--conditions=@tenterhook/source", within("scripts", "tour.ts")]

say("")
// Ctrl-C reaches the program too: it decides.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {})
const { code, signal } = await run([node, ...program], { stdin: "inherit" })
process.exitCode = signal === null ? code : 130
