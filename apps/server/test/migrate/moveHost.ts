/** A move in a process of its own, which its parent may kill. */
import { moveFolder } from "../../src/migrate.ts"

const [data, databaseUrl] = process.argv.slice(2)
await moveFolder({ data: data!, databaseUrl: databaseUrl!, tell: (text) => void process.send!(text) })
process.disconnect()
