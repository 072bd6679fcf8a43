/** What `check` says about one place: a problem or a warning, as reporters print it. */
import type { Checked } from "./checkConfigs.ts"

export interface Remark {
  /** `config`: it cannot be loaded; `notice`: a warning of its dialect; `lint`: a warning of our own rules. */
  readonly rule: "config" | "notice" | "lint"
  readonly level: "error" | "warning"
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
  readonly text: string
}

export const remarksOf = ({ problems, notices, lint }: Checked): ReadonlyArray<Remark> => [
  ...problems.map(({ path, text, ...place }) => ({
    ...place,
    rule: "config" as const,
    level: "error" as const,
    text: path === "" ? text : `${path}: ${text}`
  })),
  ...notices.map((notice) => ({ ...placed(notice), rule: "notice" as const, level: "warning" as const })),
  ...lint.map((finding) => ({ ...placed(finding), rule: "lint" as const, level: "warning" as const }))
]

const placed = ({ file, line, column, text }: Pick<Remark, "file" | "line" | "column" | "text">) => ({
  file,
  line,
  column,
  text
})
