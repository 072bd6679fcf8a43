/** The environment of a command. Nothing is inherited but what its action says. */
import type { ShellAction } from "@tenterhook/core"

/**
 * `host` is the environment that `inherit` and a list of names take from. A name without a value is absent. `cwd` is the
 * command's working folder: an inherited PWD becomes this folder, and an inherited OLDPWD, which is the host's, is left out.
 */
export const environmentOf = (
  env: ShellAction["env"],
  host: Readonly<Record<string, string | undefined>>,
  cwd: string
): Record<string, string> => {
  const result: Record<string, string> = {}
  const names = env.base === "inherit" ? Object.keys(host) : env.base === "closed" ? [] : env.base
  for (const name of names) {
    const value = host[name]
    if (value !== undefined) result[name] = value
  }
  Object.assign(result, env.set)
  // A dialect may have spelled out the host's environment in `set`.
  if (result["PWD"] !== undefined && result["PWD"] === host["PWD"]) result["PWD"] = cwd
  if (result["OLDPWD"] !== undefined && result["OLDPWD"] === host["OLDPWD"]) delete result["OLDPWD"]
  // Unset or 0, bash takes itself for a remote login and runs the user's start-up files.
  if (!/^[1-9]\d*$/.test(result["SHLVL"] ?? "")) result["SHLVL"] = "1"
  return result
}

/** Names the fire that started a process, for people and for later hosts. */
export const fireVariable = "TENTERHOOK_FIRE"

/**
 * Names the one command that started a process, and below it the commands of hosts within: `<outer>/<inner>/`.
 * The fire is not enough: its other hooks, and what they left running on purpose, must survive when one hook is stopped.
 */
export const runVariable = "TENTERHOOK_RUN"
