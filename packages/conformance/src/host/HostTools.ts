/** The tools that a case gives its host, as functions that remember how they were called. */
import type { CaseTool } from "../case/Case.ts"
import { isRecord } from "../case/Matcher.ts"

/** A tool as a host in process takes it. */
export interface HostTool {
  readonly name: string
  readonly description: string
  readonly inputSchema: { readonly type: "object" }
  /** Whether it returns something else than a text or an object. */
  readonly returnsPlainValue: boolean
  readonly run: (input: unknown, call: { readonly signal: AbortSignal }) => Promise<unknown>
}

export interface ToolCall {
  readonly tool: string
  readonly input: unknown
}

export interface HostTools {
  readonly tools: ReadonlyArray<HostTool>
  /** The calls since the last time it was asked, in the order in which they came. */
  readonly takeCalls: () => ReadonlyArray<ToolCall>
}

export const hostTools = (tools: ReadonlyArray<CaseTool>): HostTools => {
  const calls: Array<ToolCall> = []
  return {
    tools: tools.map((tool) => ({
      name: tool.name,
      description: descriptions[tool.does],
      inputSchema: { type: "object" },
      returnsPlainValue: tool.does === "return" && typeof tool.output !== "string" && !isRecord(tool.output),
      run: (input, { signal }) => {
        calls.push({ tool: tool.name, input })
        return behave(tool, input, signal)
      }
    })),
    takeCalls: () => calls.splice(0)
  }
}

const behave = async (tool: CaseTool, input: unknown, signal: AbortSignal): Promise<unknown> => {
  switch (tool.does) {
    case "return":
      return tool.output
    case "echo":
      return input
    case "fail":
      throw new Error(tool.error)
    case "hang":
      return new Promise((_, stopped) =>
        signal.addEventListener("abort", () => stopped(new Error("stopped")), { once: true })
      )
  }
}

const descriptions: Readonly<Record<CaseTool["does"], string>> = {
  return: "Returns what the case says.",
  echo: "Returns its input.",
  fail: "Fails.",
  hang: "Never answers."
}
