/** What the options of each call may be. A key that an interface gains and its shape lacks is a type error. */
import type { EventClass, HostCapability } from "@tenterhook/core"
import type { FireOptions } from "../AnyHooks.ts"
import type { ConfigText } from "../ConfigText.ts"
import type { ConnectOptions } from "../connectHooks.ts"
import type { HooksOptions } from "../createHooks.ts"
import type { ExecutionEnd } from "../Execution.ts"
import type { DeliverOptions } from "../Mailroom.ts"
import type { EndpointOptions } from "../outbox.ts"
import type { ToolDefinition, ToolkitOptions } from "@tenterhook/tool-call"
import {
  anything,
  callable,
  type Check,
  flag,
  list,
  number,
  object,
  record,
  shape,
  type ShapeOptions,
  signal,
  test,
  text,
  word
} from "./Check.ts"

const shapeOf = <A>(fields: Readonly<Record<keyof A & string, Check>>, options?: ShapeOptions): Check =>
  shape(fields, options)

const capabilities: Record<HostCapability, true> = {
  ask: true,
  defer: true,
  rewrite: true,
  context: true,
  resume: true
}
const classes: Record<EventClass, true> = { gate: true, loop: true, transform: true, observe: true }

export const host = list(word(Object.keys(capabilities)), "a list of what the host honours")

const configText = shapeOf<ConfigText>({ file: text, text, folder: text }, { required: ["file", "text"] })
const oneConfig: Check = (value, path) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? configText(value, path)
    : test("the path of a config, or { file, text }", (one) => typeof one === "string")(value, path)
export const config: Check = (value, path) =>
  Array.isArray(value) ? list(oneConfig)(value, path) : oneConfig(value, path)

export const environment = record(text)

/** A tool may be an object with more to it, e.g. an instance of a class. */
export const toolList = list(
  shapeOf<ToolDefinition>(
    { name: text, description: text, inputSchema: object, run: callable },
    { required: ["name", "run"], refuse: "typos" }
  ),
  "a list of tools"
)
const toolkit = shapeOf<ToolkitOptions>({
  tools: toolList,
  servers: object,
  folder: text,
  resolver: callable,
  env: object,
  limits: shapeOf<NonNullable<ToolkitOptions["limits"]>>({
    outputBytes: number,
    messageBytes: number,
    startMs: number,
    graceMs: number
  }),
  connect: callable
})
const tools: Check = (value, path) => (Array.isArray(value) ? toolList(value, path) : toolkit(value, path))

export const endpoints = list(
  shapeOf<EndpointOptions>(
    {
      url: text,
      secret: text,
      events: list(text),
      filter: object,
      headers: record(text),
      ratePerSecond: number,
      concurrency: number,
      fifo: flag,
      mode: text,
      // The outbox checks them, names and values.
      rules: object
    },
    { required: ["url", "secret"] }
  ),
  "a list of endpoints"
)

export const hooksOptions = shapeOf<HooksOptions>({
  config,
  dialect: text,
  mode: text,
  lenient: flag,
  // Their dialect checks them.
  hooks: anything,
  cwd: text,
  env: environment,
  // Plug-ins are checked where they are read.
  adapters: anything,
  dialects: anything,
  plugins: anything,
  configPlugins: flag,
  tools,
  allow: list(text),
  endpoints,
  dataFolder: text,
  host,
  ask: callable,
  clock: object
})

export const connectOptions = shapeOf<ConnectOptions>(
  {
    url: text,
    key: text,
    agent: text,
    hookSet: text,
    version: number,
    config,
    dialect: text,
    mode: text,
    lenient: flag,
    hooks: anything,
    cwd: text,
    env: environment,
    host,
    ask: callable,
    leaseMs: number,
    signal
  },
  { required: ["url"] }
)

export const fireOptions = shapeOf<FireOptions>({
  host,
  class: word(Object.keys(classes)),
  signal,
  whenAborted: word(["reject", "report"])
})

const outcomes: Record<ExecutionEnd["outcome"], true> = {
  success: true,
  error: true,
  aborted: true,
  budget_exhausted: true
}
/** The end goes into a context, which checks the rest. */
export const executionEnd: Check = (value, path) => [
  ...object(value, path),
  ...word(Object.keys(outcomes))(Object(value).outcome, "outcome")
]

export const deliverOptions = shapeOf<DeliverOptions>({ timeoutMs: number })
