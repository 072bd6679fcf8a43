/** Why a server gave no report: it says no, or it cannot be reached, or it was never clear what to ask of it. */

/** The server's own words, as RFC 9457 has them. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  readonly errors: ReadonlyArray<ProblemEntry>
  /** The scopes that the key lacks. */
  readonly missing?: ReadonlyArray<string>
}

/** One thing that is wrong. `field` is a path as `payload.context.sessionId`; of a hook config, the path in its file. */
export interface ProblemEntry {
  readonly field: string
  readonly message: string
  readonly file?: string | null
  readonly line?: number | null
  readonly column?: number | null
}

/** The server answered that it will not: nothing was fired. */
export class ServerRefused extends Error {
  readonly _tag = "ServerRefused"
  override readonly name = "ServerRefused"
  readonly status: number
  readonly problem: ProblemDocument

  constructor(problem: ProblemDocument) {
    super(wordsOf(problem))
    this.status = problem.status
    this.problem = problem
  }
}

/** No answer came, or none of a Tenterhook server. Whether hooks ran is known only where nobody listened at all. */
export class ServerUnreachable extends Error {
  readonly _tag = "ServerUnreachable"
  override readonly name = "ServerUnreachable"
  readonly url: string
  readonly why: string

  constructor(url: string, why: string) {
    super(`cannot reach the server at ${url}: ${why}`)
    this.url = url
    this.why = why
  }
}

/** The options of `connectHooks` cannot be as they are. */
export class InvalidConnection extends Error {
  readonly _tag = "InvalidConnection"
  override readonly name = "InvalidConnection"
}

/** What the detail says before the entries, unless it says the same as they do. */
const wordsOf = ({ title, detail = title, errors }: ProblemDocument): string => {
  const lines = errors.map(lineOf)
  const told = new Set([...lines, ...errors.map(({ message }) => message)])
  const more = detail.split("\n").some((line) => !told.has(line))
  return (more ? [detail, ...lines] : lines).join("\n")
}

/** `coder.json:3:17: hooks[0].timeout: expected …`, as of a config that is loaded here. */
const lineOf = ({ field, message, file, line, column }: ProblemEntry): string => {
  const place = [file, line, line === undefined || line === null ? null : column]
  const known = place.filter((part) => part !== undefined && part !== null).join(":")
  return [known, field, message].filter((part) => part !== "").join(": ")
}
