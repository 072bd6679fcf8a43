/** The OpenAPI document as those who generate clients from it expect it, where the definition alone says it worse. */

/** For `OpenApi.Transform` of the whole API. */
export const asDocument = (spec: Json): Json => {
  const components = spec["components"].schemas as Record<string, Json>

  // A wire form without a name of its own is known by the name of what it becomes.
  for (const name of Object.keys(components)) {
    const own = name.replace(/Encoded$/, "")
    if (own === name || components[own] !== undefined) continue
    components[own] = components[name]!
    delete components[name]
    eachSchema(spec, (schema) => {
      if (schema["$ref"] === refTo(name)) schema["$ref"] = refTo(own)
    })
  }
  spec["components"].schemas = Object.fromEntries(Object.entries(components).toSorted(([a], [b]) => (a < b ? -1 : 1)))

  const closed = new Set<unknown>(strictBodies.map((name) => components[name]))
  for (const operation of operationsOf(spec)) {
    const body = operation["requestBody"]?.content["application/json"]
    if (body === undefined) for (const status of ofBodies) delete operation["responses"][status]
    else {
      if (isStrict(operation)) closed.add(body.schema)
      if (examples[operation["operationId"]] !== undefined) body.example = examples[operation["operationId"]]
    }
    for (const parameter of operation["parameters"]) Object.assign(parameter, parameters[parameter.name])
  }

  eachSchema(spec, (schema) => {
    // What is not known yet is no fault of an answer; and of a request only where it is refused.
    if (schema["additionalProperties"] === false && !closed.has(schema)) delete schema["additionalProperties"]
    if (schema["minimum"] === -Number.MAX_SAFE_INTEGER && schema["maximum"] === Number.MAX_SAFE_INTEGER) {
      delete schema["minimum"]
      delete schema["maximum"]
      schema["format"] = "int64"
    } else if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"]
    if (Array.isArray(schema["anyOf"])) schema["anyOf"] = withoutTwins(schema["anyOf"])
  })
  components["AgentSettings"]!["properties"].hooks = agentHooks
  for (const [name, texts] of Object.entries(descriptions))
    for (const [field, description] of Object.entries(texts))
      components[name]!["properties"][field].description = description

  return spec
}

/** Of a body that need not be there. */
export const optionalBody = (operation: Json): Json => ({
  ...operation,
  requestBody: { ...operation["requestBody"], required: false }
})

/** Bodies in which a key that means nothing is refused. */
const strictBodies = ["NewEndpoint", "EndpointSettings"]
const isStrict = ({ tags }: Json): boolean => tags.includes("Endpoints") || tags.includes("Tool servers")

/** Statuses that only a request with a body can get. */
const ofBodies = ["413", "415"]

const parameters: Readonly<Record<string, Json>> = {
  limit: {
    description: "How many at most.",
    schema: { type: "integer", minimum: 1, maximum: 200, default: 50 }
  },
  cursor: { description: "`nextCursor` of the page before." },
  from: { description: "Of what was made at this time or later." },
  to: { description: "Of what was made before this time." },
  version: { description: "Default: the latest.", schema: { type: "integer", minimum: 1 } },
  proceed: { schema: { type: "boolean" } }
}

const step = {
  type: "object",
  properties: { tool_name: { type: "string", minLength: 1 }, args: { type: ["object", "null"] } },
  required: ["tool_name"]
}
const steps = { type: ["array", "null"], items: step }

const agentHooks = {
  type: ["object", "null"],
  description: "Replaces all hooks. Needs `hooks:write`.",
  properties: { execution_start: steps, execution_end: steps }
}

const hooks = {
  dialect: "oats",
  configs: [
    {
      file: "coder.json",
      text: '{"hooks": [{"event": "pre_tool_use", "matcher": "bash", "command": "./check.sh", "timeout": 5}]}'
    }
  ]
}

const examples: Readonly<Record<string, unknown>> = {
  "agents.create": {
    name: "coder",
    hooks: {
      execution_start: [{ tool_name: "read_file", args: { path: "/shared/brief.md" } }],
      execution_end: [{ tool_name: "append_file", args: { path: "/shared/done.txt", content: "done" } }]
    }
  },
  "agents.update": { hooks: {} },
  "toolServers.replace": { mcpServers: { files: { command: "npx", args: ["-y", "@acme/files"] } } },
  "hookSets.create": { name: "checks", ...hooks },
  "hookSets.check": hooks,
  "fires.fire": {
    agentId: "ag_0512cadc03c4e4c81fe51244",
    event: "pre_tool_use",
    context: { sessionId: "s1", tool: { name: "bash", input: { command: "ls" } } }
  },
  "fires.explain": { hooks, event: "pre_tool_use", context: { tool: { name: "bash" } } },
  "executions.start": {
    agentId: "ag_0512cadc03c4e4c81fe51244",
    context: { threadId: "t1" },
    leaseMs: 60_000
  },
  "executions.end": { outcome: "success", output: "All done." },
  "endpoints.create": { url: "https://example.com/hooks", events: ["agent.*"] },
  "endpoints.replay": { from: "2026-11-21T00:00:00.000Z" }
}

const whose = "Exactly one of agentId, hookSetId and hooks says whose hooks are meant."
const hookTarget = {
  agentId: whose,
  hookSetId: whose,
  version: "Of the hook set. Default: its latest.",
  hooks: `${whose} Needs \`hooks:write\`.`,
  host: "What the host honours of an answer. Default: everything.",
  context: "Who and where. `env` needs `hooks:write`."
}

const descriptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  FireRequest: {
    ...hookTarget,
    event: "A canonical name, one of the dialect's own, or `<namespace>:<name>`.",
    class: "Of a namespaced event. Default: `observe`.",
    executionId: "The execution that it is part of; its hooks are meant where nothing else is named."
  },
  StartRequest: {
    ...hookTarget,
    id: "Default: `context.executionId`, else one is made.",
    leaseMs: "How long the host may be silent before it counts as dead, in milliseconds. Default: 60 000."
  },
  EndRequest: { context: "More for the end hooks' context. `env` needs `hooks:write`." },
  HookSetUpload: {
    dialect: "Recognized by what the configs look like where it is absent.",
    mode: "Default: the dialect's documented mode.",
    configs: "Empty for a dialect that is configured by environment alone.",
    tools: "Which tool servers its hooks may call, and whether the shared folder's file tools. Default: all of them.",
    allow:
      "Places beside public addresses that its requests may go to, as `127.0.0.1:8080`. Default: the server's own list."
  },
  ConfigText: {
    file: "What messages and reports call it.",
    folder: "Absolute, on the server: where relative paths of the config start. Default: the server's shared folder."
  },
  NewEndpoint: {
    events: "Types of announcements: exact, a beginning (`agent.*`), or `*`. Default: all.",
    filter: 'By what an announcement says: `{"status": "failed"}`. Default: all.',
    headers: "Added to each request.",
    concurrency: "Requests at the same time at most. Default: 10.",
    fifo: "One delivery after the other, in the order of the announcements. Default: false.",
    mode: "`standard` (default), `wacht-documented` or `wacht-upstream`.",
    secret: "`whsec_` and 24 to 64 bytes in base64. Default: one is made."
  },
  ProblemEntry: {
    field:
      "A path as `payload.context.sessionId`, `query.limit` or `headers.authorization`; in a hook config, the path there.",
    line: "Of a hook config, counted from 1; so is the column."
  }
}

const withoutTwins = (schemas: ReadonlyArray<Json>): ReadonlyArray<Json> => {
  const seen = new Set<string>()
  return schemas.filter((one) => {
    const text = JSON.stringify(one)
    return seen.has(text) ? false : seen.add(text)
  })
}

const refTo = (name: string): string => `#/components/schemas/${name}`

const operationsOf = (spec: Json): ReadonlyArray<Json> =>
  Object.values<Json>(spec["paths"]).flatMap((item) => Object.values<Json>(item))

/** Every object of the document: those that are no schemas have none of their keys. */
const eachSchema = (node: unknown, visit: (schema: Json) => void): void => {
  if (typeof node !== "object" || node === null) return
  if (!Array.isArray(node)) visit(node)
  for (const child of Object.values(node)) eachSchema(child, visit)
}

type Json = Record<string, any>
