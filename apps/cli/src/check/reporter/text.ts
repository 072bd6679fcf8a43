/** For people. */
import { formatNotice } from "../../openHooks.ts"
import { shortPath } from "../../show/shortPath.ts"
import { penFor } from "../../terminal/Terminal.ts"
import { remarksOf } from "../Remark.ts"
import type { Reporter } from "./Reporter.ts"

export const text: Reporter = (result) => {
  const pen = penFor(process.stdout)
  const remarks = remarksOf(result)
  const count = (level: string) => remarks.filter((remark) => remark.level === level).length
  return [
    ...remarks.map(
      (remark) => `${(remark.level === "error" ? pen.bad : pen.doubtful)(remark.level)} ${formatNotice(remark)}`
    ),
    ...result.sets.map(
      (set) =>
        `${set.file === null ? `(${set.dialect})` : shortPath(set.file)}: ${pen.good("ok")}, ${set.dialect}, ${counted(set.hooks.length, "hook")}`
    ),
    ...(["error", "warning"] as const).filter((level) => count(level) > 0).map((level) => counted(count(level), level))
  ].join("\n")
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`
