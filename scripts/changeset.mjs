/** `npm run changeset …`: the changesets command line. It starts pnpm, which npx puts on the PATH for it. */
import { pnpm, run } from "./workspace.mjs"

const { code } = await run([...pnpm(), "exec", "changeset", ...process.argv.slice(2)], { stdin: "inherit" })
process.exitCode = code
