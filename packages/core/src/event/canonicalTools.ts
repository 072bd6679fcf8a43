/** What hosts call the tools that most agents have, so that one config fits them all. Any other name may be used as well. */
export interface CanonicalTool {
  readonly description: string
  /** Names of the same tool in products, which their hosts pass as `tool.nativeName`. */
  readonly elsewhere: ReadonlyArray<string>
}

/** By canonical name, which is what `tool.name` holds: lower case, with `_` between words. */
export const canonicalTools: Readonly<Record<string, CanonicalTool>> = {
  bash: { description: "Runs a shell command.", elsewhere: ["Bash", "Shell", "run_shell_command", "exec_command"] },
  read: { description: "Reads a file.", elsewhere: ["Read"] },
  write: { description: "Writes a file.", elsewhere: ["Write"] },
  edit: { description: "Changes a file.", elsewhere: ["Edit", "MultiEdit", "apply_patch"] },
  glob: { description: "Finds files by name.", elsewhere: ["Glob"] },
  grep: { description: "Finds text in files.", elsewhere: ["Grep", "search_file_content"] },
  web_fetch: { description: "Reads a page of the web.", elsewhere: ["WebFetch"] },
  web_search: { description: "Searches the web.", elsewhere: ["WebSearch", "google_web_search"] },
  agent: { description: "Starts a subagent.", elsewhere: ["Agent", "Task", "spawn_agent"] }
}
