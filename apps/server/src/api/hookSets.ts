/** Hook sets: configs in any dialect, with all their versions. */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { strict } from "./strict.ts"
import { Exchange, Idempotency } from "./Exchange.ts"
import { Instant, pageOf, pageQuery } from "./page.ts"
import { NotFound, Unacceptable } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const optional = Schema.optionalKey

export const ConfigText = Schema.Struct({
  /** What messages and reports call it. */
  file: Schema.NonEmptyString,
  text: Schema.String,
  /** Absolute, on the server: where relative paths of the config start. Default: the server's shared folder. */
  folder: optional(Schema.NonEmptyString)
}).annotate({ identifier: "ConfigText" })

export const HookSetUpload = Schema.Struct({
  name: optional(Schema.String),
  /** Recognized by what the configs look like where it is absent. */
  dialect: optional(Schema.NonEmptyString),
  /** Default: the dialect's documented mode. */
  mode: optional(Schema.NonEmptyString),
  /** Unknown keys and events of a native config are notices, not errors: for a config of a newer version. Default: false. */
  lenient: optional(Schema.Boolean),
  /** Empty for a dialect that is configured by environment alone. */
  configs: Schema.Array(ConfigText),
  /** Which tool servers its hooks may call, and whether the server's own tools, such as those for files. Default: all. */
  tools: optional(
    Schema.Struct({ servers: optional(Schema.Array(Schema.NonEmptyString)), shared: optional(Schema.Boolean) })
  ),
  /** Places beside public addresses that its requests may go to, as `127.0.0.1:8080`. Default: the server's own list. */
  allow: optional(Schema.Array(Schema.NonEmptyString))
}).annotate({ identifier: "HookSetUpload" })
export type HookSetUpload = typeof HookSetUpload.Type

export const LoadNotice = Schema.Struct({
  file: Schema.NullOr(Schema.String),
  line: Schema.NullOr(Schema.Int),
  column: Schema.NullOr(Schema.Int),
  text: Schema.String
}).annotate({ identifier: "LoadNotice" })

const summary = {
  id: Schema.String,
  version: Schema.Int,
  name: Schema.NullOr(Schema.String),
  dialect: Schema.String,
  mode: Schema.String,
  /** Of its configs and settings: two uploads with the same digest are the same. */
  digest: Schema.String,
  /** How many hooks it has. */
  hooks: Schema.Int,
  createdAt: Instant,
  updatedAt: Instant
}

export const HookSetSummary = Schema.Struct(summary).annotate({ identifier: "HookSetSummary" })

export const HookSet = Schema.Struct({
  ...summary,
  lenient: Schema.Boolean,
  notices: Schema.Array(LoadNotice),
  configs: Schema.Array(ConfigText),
  tools: Schema.NullOr(
    Schema.Struct({ servers: optional(Schema.Array(Schema.String)), shared: optional(Schema.Boolean) })
  ),
  allow: Schema.NullOr(Schema.Array(Schema.String))
}).annotate({ identifier: "HookSet" })
export type HookSet = typeof HookSet.Type

const Checked = Schema.Struct({
  ok: Schema.Literal(true),
  dialect: Schema.String,
  mode: Schema.String,
  hooks: Schema.Int,
  notices: Schema.Array(LoadNotice)
}).annotate({ identifier: "CheckedHookSet" })

const id = { id: Schema.NonEmptyString }
const version = { version: optional(Schema.FiniteFromString.check(Schema.isInt(), Schema.isGreaterThan(0))) }

export class HookSetsApi extends HttpApiGroup.make("hookSets")
  .add(
    HttpApiEndpoint.post("create", "/v1/hook-sets", {
      payload: HookSetUpload,
      success: HookSet.pipe(HttpApiSchema.status(201)),
      error: Unacceptable
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["hooks:write"])
      .annotate(OpenApi.Summary, "Upload a hook set"),
    HttpApiEndpoint.post("check", "/v1/hook-sets/check", {
      payload: HookSetUpload,
      success: Checked,
      error: Unacceptable
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["hooks:write"])
      .annotate(OpenApi.Summary, "Check a hook set without saving it"),
    HttpApiEndpoint.put("replace", "/v1/hook-sets/:id", {
      params: id,
      payload: HookSetUpload,
      success: HookSet,
      error: [NotFound, Unacceptable]
    })
      .annotate(RequiredScopes, ["hooks:write"])
      .annotate(OpenApi.Summary, "Upload its next version")
      .annotate(OpenApi.Description, "The same again is no new version. Earlier versions stay."),
    HttpApiEndpoint.get("list", "/v1/hook-sets", { query: pageQuery, success: pageOf(HookSetSummary) })
      .annotate(RequiredScopes, ["hooks:read"])
      .annotate(OpenApi.Summary, "All hook sets, in their latest version"),
    HttpApiEndpoint.get("get", "/v1/hook-sets/:id", { params: id, query: version, success: HookSet, error: NotFound })
      .annotate(RequiredScopes, ["hooks:read"])
      .annotate(OpenApi.Summary, "One hook set: its latest version, or another"),
    HttpApiEndpoint.get("versions", "/v1/hook-sets/:id/versions", {
      params: id,
      query: pageQuery,
      success: pageOf(HookSetSummary),
      error: NotFound
    })
      .annotate(RequiredScopes, ["hooks:read"])
      .annotate(OpenApi.Summary, "The versions of a hook set"),
    HttpApiEndpoint.delete("remove", "/v1/hook-sets/:id", {
      params: id,
      success: HttpApiSchema.NoContent,
      error: NotFound
    })
      .annotate(RequiredScopes, ["hooks:write"])
      .annotate(OpenApi.Summary, "Remove a hook set with all its versions")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(HttpApi.PayloadParseOptions, strict)
  .annotate(OpenApi.Title, "Hook sets")
  .annotate(
    OpenApi.Description,
    "Configs of hooks in any dialect. A config that cannot be loaded is refused, with file and line."
  ) {}
