/** The two file tools that a host gets with a folder, as `Source: Wacht, execution hooks` names them. */
import type { ToolDefinition } from "../Tool.ts"
import { openSharedFolder, sharedName } from "./SharedFolder.ts"

export const fileTools = (folder: string): ReadonlyArray<ToolDefinition> => {
  const shared = openSharedFolder(folder)
  const path = { type: "string", minLength: 1, description: `A file below ${sharedName}` }
  return [
    {
      name: "read_file",
      description: `Reads a text file of ${sharedName}.`,
      inputSchema: { type: "object", properties: { path }, required: ["path"] },
      run: (input) => shared.read(input.path)
    },
    {
      name: "append_file",
      description: `Adds text to the end of a file of ${sharedName}, which is made where it is missing.`,
      inputSchema: { type: "object", properties: { path, content: { type: "string" } }, required: ["path", "content"] },
      run: async (input) => {
        await shared.append(input.path, input.content)
        return { path: input.path, appended: Buffer.byteLength(input.content) }
      }
    }
  ]
}
