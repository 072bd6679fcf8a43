/** What is wrong with a request that does not fit its description: an entry for each thing, with the field's path. */
import { Effect, SchemaIssue } from "effect"
import { HttpServerRequest } from "effect/http"
import type { HttpApiError } from "effect/http-api"
import { about, InvalidRequest, type ProblemEntry } from "../api/Problem.ts"

export const isRequestFault = ({ kind }: HttpApiError.HttpApiSchemaError): boolean => slots[kind] !== undefined

export const invalidRequest = (error: HttpApiError.HttpApiSchemaError) =>
  Effect.gen(function* () {
    const slot = slots[error.kind]!
    if (slot === "payload") {
      const text = yield* textOf(yield* HttpServerRequest.HttpServerRequest)
      const fault = text === null ? null : notJson(text)
      if (fault !== null) return new InvalidRequest(about(slot, fault))
    }
    const { issues } = format(error.cause.issue)
    const errors = issues.slice(0, shownEntries).map(({ path = [], message }): ProblemEntry => {
      const field = [slot, ...path.map((part) => String(typeof part === "object" ? part.key : part))].join(".")
      return { field: cut(field), message: message === excess ? "there is no such key here" : cut(message) }
    })
    const first = errors[0]!
    const more = issues.length === 1 ? "" : `, and ${issues.length - 1} more`
    return new InvalidRequest({ detail: `${first.field}: ${first.message}${more}`, errors })
  })

/** A body that cannot be read is told by whoever reads it. */
const textOf = (request: HttpServerRequest.HttpServerRequest) => Effect.orElseSucceed(request.text, () => null)

const notJson = (text: string): string | null => {
  if (text === "") return "expected a JSON body, got none"
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return cut(`expected JSON, got a text that is none: ${(error as Error).message}`)
  }
}

/** What the client sent comes back in these, so it may not be long. */
const cut = (text: string): string => (text.length <= shownLength ? text : `${text.slice(0, shownLength - 1)}…`)

/** How effect says it. */
const excess = "Expected no excess property"
const format = SchemaIssue.makeFormatterStandardSchemaV1()
const slots: Readonly<Record<string, string | undefined>> = {
  Params: "params",
  Headers: "headers",
  Query: "query",
  Payload: "payload"
}
const shownEntries = 50
const shownLength = 300
