/** Why a server could not come up, in words for whoever started it. */
import { databaseFile } from "./store/DataFolder.ts"

/** It could not come up: the port is taken, the folder is another server's, the database is a later version's. */
export class ServeError extends Error {
  override readonly name = "ServeError"
}

/** Where it was to listen, and the option that says so. */
export interface Listening {
  readonly host: string
  readonly port: number
  readonly option: string
}

/** `others`: for the other servers on its database; null where there are none. */
export const wordsFor = (error: unknown, data: string, clients: Listening, others: Listening | null): string => {
  const causes: Array<Failure> = []
  for (let each: any = error; each !== undefined && each !== null && causes.length < 10; each = each.cause)
    causes.push(each)
  const refused = causes.find((each) => typeof each.code === "string" && each.code.startsWith("E"))
  const { host, port, option } = others !== null && isAt(others, refused, clients) ? others : clients
  const code = refused?.code
  if (code === "EADDRINUSE") return `${host}:${port} is taken by another program; choose another with ${option}`
  if (causes.some(({ message }) => message === "file is not a database"))
    return `${databaseFile(data)} is no database; give another folder with --data`
  if (code === "EACCES") return `${host}:${port} or the data folder is not for this user: ${causes.at(-1)?.message}`
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `${host} is no address of this machine`
  return causes.at(-1)?.message ?? String(error)
}

/** What failed, as Node says it where it has to do with a place. */
interface Failure {
  readonly code?: string
  readonly message?: string
  readonly port?: number
  readonly address?: string
  readonly hostname?: string
}

const isAt = ({ host, port }: Listening, failure: Failure | undefined, clients: Listening) =>
  failure?.port === port || (host !== clients.host && (failure?.hostname ?? failure?.address) === host)
