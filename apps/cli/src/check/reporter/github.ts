/** For GitHub Actions: an annotation for each remark. Source: GitHub, Workflow commands for GitHub Actions. */
import { relative, resolve } from "node:path"
import { type Remark, remarksOf } from "../Remark.ts"
import type { Reporter } from "./Reporter.ts"

export const github: Reporter = (result) => {
  const remarks = remarksOf(result)
  return remarks.length === 0 ? "no problems" : remarks.map(commandOf).join("\n")
}

const commandOf = ({ level, file, line, column, text }: Remark) => {
  const properties = [
    ...(file === null ? [] : [`file=${property(inRepository(file))}`]),
    ...(line === null ? [] : [`line=${line}`]),
    ...(line === null || column === null ? [] : [`col=${column}`]),
    "title=tenterhook"
  ]
  return `::${level} ${properties.join(",")}::${data(text)}`
}

/** Annotations belong to files of the checkout, wherever the command runs in it. */
const inRepository = (file: string) => relative(process.env["GITHUB_WORKSPACE"] || process.cwd(), resolve(file))

const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")
const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C")
