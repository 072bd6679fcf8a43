/** Runs a hook as a command, and ends all that it started. */
export * as ShellAdapter from "./ShellAdapter.ts"
export { selfCheck } from "./selfCheck.ts"
export { endTree, type ProcessTree } from "./ProcessTree.ts"
export { temporaryFolder } from "./Folder.ts"
export { hostFolder } from "./WorkingFolder.ts"
