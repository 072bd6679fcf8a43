/** Paths that are not there, and methods that a path does not have. */
import { FindMyWay, type HttpServerError, type HttpServerRequest } from "effect/http"
import { HttpApi } from "effect/http-api"
import { about, MethodNotAllowed, NotFound } from "../api/Problem.ts"
import { answer } from "./answer.ts"

/** Routes beside those of the API, all of them GET. */
export type OtherPaths = ReadonlyArray<`/${string}`>

/** The answer to a request that has no route: 404, or 405 with what its path allows. */
export const notFoundOf = (api: HttpApi.Constraint, otherPaths: OtherPaths, config: FindMyWay.RouterConfig) => {
  const router = FindMyWay.make<true>(config)
  const methods = new Set<string>()
  const know = (method: FindMyMethod, path: FindMyWay.PathInput) => {
    methods.add(method)
    router.on(method, path, true)
  }
  for (const path of otherPaths) know("GET", path)
  HttpApi.reflect(api as unknown as HttpApi.Top, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => know(endpoint.method as FindMyMethod, endpoint.path as FindMyWay.PathInput)
  })

  return ({ method, url }: HttpServerRequest.HttpServerRequest, error: HttpServerError.RouteNotFound) => {
    const allowed = [...methods].filter((one) => router.find(one as FindMyMethod, url) !== undefined)
    if (allowed.length === 0 || error.description !== undefined) {
      return answer(new NotFound(about("path", error.description ?? `expected a path of this API, got ${pathOf(url)}`)))
    }
    const all = allowed.includes("GET") ? ["HEAD", ...allowed] : allowed
    const told = about("method", `expected ${all.join(", ")}, got ${method}`)
    return answer(new MethodNotAllowed({ ...told, allowed: all }), { allow: all.join(", ") })
  }
}

type FindMyMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

const pathOf = (url: string): string => JSON.stringify(url.split("?", 1)[0]!.slice(0, 200))
