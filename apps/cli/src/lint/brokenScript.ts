/** Scripts that are there and still do not run as they are meant to: Windows line ends, no interpreter, no text. */
import { type CommandFile, commandFiles } from "./commandFiles.ts"
import type { Rule } from "./Finding.ts"

export const brokenScript: Rule = ({ trial }) => {
  if (trial._tag !== "command") return []
  const { run } = trial.action
  const command = "command" in run && run.command.includes("\r") ? ["its command has a CR (Windows line end)"] : []
  return [...command, ...commandFiles(trial).flatMap(scriptRemarks)]
}

const scriptRemarks = ({ name, interpreter, text }: CommandFile) => {
  const remark = (what: string) => [{ text: `its script ${name} ${what}`, about: name }]
  if (text.trim() === "") return remark("is empty: it does nothing, and ends with 0")
  const [first = "", ...others] = text.split("\n")
  const isExecuted = interpreter === null
  const hasInterpreter = first.startsWith("#!")
  if (isExecuted && hasInterpreter && first.endsWith("\r")) {
    return remark(
      `has Windows line ends: line 1 ends with a CR, so no interpreter is found for it; save it with LF line ends`
    )
  }
  const reader = interpreter ?? (hasInterpreter ? first : "sh")
  if (shells.test(reader)) {
    const index = [first, ...others].findIndex((line) => line.endsWith("\r"))
    if (index >= 0) {
      return remark(
        `has Windows line ends: line ${index + 1} ends with a CR, which the shell takes for a part of the line; save it with LF line ends`
      )
    }
  }
  if (!isExecuted || hasInterpreter) return []
  return remark(`has no first line that names its interpreter (e.g. #!/bin/sh), so /bin/sh reads it`)
}

const shells = /(?:^|[/\s])(?:ba|da|z|k)?sh\b/
