/** What the API's definition says to others: the OpenAPI document, and a reference page made from it. */
import { Context, Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApi, type HttpApiGroup, OpenApi } from "effect/http-api"
import { Idempotency } from "../api/Exchange.ts"
import { RequiredScopes } from "../api/Scope.ts"
import { referencePage } from "./referencePage.ts"

/** The document, with the scopes of each operation and the header that makes a POST safe to send again. */
export const openApiOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
): OpenApi.OpenAPISpec => {
  const document = OpenApi.fromApi(api)
  document.servers = [{ url: "/" }]
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, middleware }) => {
      const path = endpoint.path.replace(/:(\w+)/g, "{$1}")
      const method = endpoint.method.toLowerCase() as "get" | "post" | "put" | "patch" | "delete"
      const operation = document.paths[path]![method]!
      const scopes = Context.get(endpoint.annotations, RequiredScopes)
      if (scopes !== null) {
        const needs = `Needs a key with ${scopes.map((scope) => `\`${scope}\``).join(" and ")}.`
        operation.description = operation.description === undefined ? needs : `${operation.description}\n\n${needs}`
        Object.assign(operation, { "x-required-scopes": scopes })
      }
      if ([...middleware].some(({ key }) => key === Idempotency.key))
        operation.parameters = [...(operation.parameters ?? []), idempotencyKey]
    }
  })
  return document
}

/** `GET /openapi.json` and `GET /docs`, both without a key. Made when they are asked for the first time. */
export const openApiLayer = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const document = lazily(() => openApiOf(api))
  const json = lazily(() => HttpServerResponse.jsonUnsafe(document()))
  const page = lazily(() => HttpServerResponse.html(referencePage(document())))
  return Layer.merge(
    HttpRouter.add("GET", openApiPaths[0], Effect.sync(json)),
    HttpRouter.add("GET", openApiPaths[1], Effect.sync(page))
  )
}

/** For `frontDoorLayer`, which tells unknown paths from those that are here. */
export const openApiPaths = ["/openapi.json", "/docs"] as const

const lazily = <A>(make: () => A) => {
  let made: A | undefined
  return () => (made ??= make())
}

const idempotencyKey: OpenApi.OpenAPISpecParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "1 to 255 visible characters of your choice. The same request with the same key gets the first one's answer for a day, with the header `Idempotency-Replayed: true`.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[!-~]+$" }
}
