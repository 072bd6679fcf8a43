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
