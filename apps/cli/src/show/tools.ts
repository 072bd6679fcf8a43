/** Tools as `list` prints them. */
import type { ToolSource } from "@tenterhook/sdk"
import type { Pen } from "../terminal/Terminal.ts"
import { firstLine } from "./explanation.ts"

export const listedTools = (sources: ReadonlyArray<ToolSource>) =>
  sources.map(({ server, tools, problem }) => ({
    server,
    problem,
    tools: tools.map(({ name, description, inputSchema }) => ({
      name,
      description: description ?? null,
      inputSchema: inputSchema ?? null
    }))
  }))

export type ListedTools = ReturnType<typeof listedTools>

export const formatTools = (sources: ListedTools, pen: Pen): string =>
  sources
    .map(({ server, tools, problem }) =>
      [
        `${pen.bold(server ?? "(this host)")}: ${tools.length === 1 ? "1 tool" : `${tools.length} tools`}`,
        ...(problem === null ? [] : [`  ${pen.bad(problem)}`]),
        ...tools.map(({ name, description }) =>
          [`  ${pen.bold(name)}`, ...(description === null ? [] : [pen.dim(firstLine(description))])].join("  ")
        )
      ].join("\n")
    )
    .join("\n\n")
