/** A notice or problem as cases match it. */
import { formatProblem } from "@tenterhook/core"

export interface Remark {
  readonly file?: string | null
  readonly line?: number | null
  readonly column?: number | null
  readonly path?: string
  readonly text: string
}

/** `coder.json:3:5: hooks[0].event: unknown event …` */
export const noticeText = ({ file = null, line = null, column = null, path, text }: Remark): string =>
  formatProblem({ file, line, column, text, ...(path === undefined ? {} : { path }) })
