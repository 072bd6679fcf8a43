/** What the options of `serve` may be. A key that the interface gains and the shape lacks is a type error. */
import {
  anything,
  callable,
  type Check,
  checkOptions,
  environment,
  flag,
  InvalidOptions,
  list,
  number,
  object,
  shape,
  text,
  toolList
} from "@tenterhook/sdk/options"
import type { KubernetesPlace } from "./execution/kubernetes.ts"
import type { ServeOptions } from "./serve.ts"
import { ServeError } from "./ServeError.ts"

/** Throws `ServeError` for an unknown option or a wrong type. */
export const checkServeOptions = (options: unknown): void => {
  try {
    checkOptions("serve", serveOptions, options)
  } catch (error) {
    throw error instanceof InvalidOptions ? new ServeError(error.message) : error
  }
}

const kubernetes: Record<keyof KubernetesPlace, Check> = { api: text, account: text }

const fields: Record<keyof ServeOptions, Check> = {
  port: number,
  host: text,
  data: text,
  databaseUrl: text,
  database: object,
  clusterHost: text,
  clusterPort: number,
  clusterListen: shape({ host: text, port: number }, { required: ["host", "port"] }),
  kubernetes: shape(kubernetes),
  allow: list(text),
  // The toolkit checks them.
  toolServers: object,
  shared: text,
  tools: toolList,
  // Plug-ins are checked where they are read.
  adapters: anything,
  dialects: anything,
  plugins: anything,
  env: environment,
  deploymentId: text,
  noKeyOnLoopback: flag,
  ratePerSecond: number,
  maxBodyBytes: number,
  recordDays: number,
  log: callable,
  logEntry: callable
}
const serveOptions = shape(fields)
