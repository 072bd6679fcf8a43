/** `npm start`: sets up, then the tour. `npm start -- <args>`: sets up, then the command line with those arguments. */
import { setUp } from "./setup.mjs"
import { node, run, say, within } from "./workspace.mjs"

const args = process.argv.slice(2)
const program = args.length > 0 ? within("apps", "cli", "bin", "tenterhook.js") : within("scripts", "tour.ts")

const start = async () => {
  await setUp()
  say("")
  const { code } = await run([node, program, ...args], { stdin: "inherit" })
  process.exitCode = code
}

await start().catch((error) => {
  say(error.message)
  process.exitCode = 1
})
