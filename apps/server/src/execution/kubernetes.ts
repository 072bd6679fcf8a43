/** Which servers live, as Kubernetes knows it: a pod that is gone is not asked until it does not answer. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, Schema } from "effect"
import { K8sHttpClient, RunnerHealth } from "effect/cluster"
import { HttpClient, HttpClientRequest } from "effect/http"
import { readFileSync } from "node:fs"
import { join } from "node:path"

export interface KubernetesPlace {
  /** Default: `https://` and what `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` of the environment say. */
  readonly api?: string
  /** Where the pod's service account lies. Default: `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly account?: string
}

export class NotInKubernetes extends Schema.TaggedError<NotInKubernetes>()("NotInKubernetes", {
  expected: Schema.String
}) {
  override get message() {
    return `Kubernetes cannot be asked which servers live: expected ${this.expected}; leave out --cluster-health, or run in a pod with a service account`
  }
}

/** What a pod is told of the API that it may ask. */
export interface KubernetesAccount {
  readonly api: string
  readonly namespace: string
  readonly authority: string
  /** Read for each question: Kubernetes replaces it. */
  readonly tokenFile: string
}

/** Throws `NotInKubernetes`. */
export const accountOf = ({ api, account = accountFolder }: KubernetesPlace): KubernetesAccount => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = process.env
  if (api === undefined && host === undefined)
    throw new NotInKubernetes({ expected: "KUBERNETES_SERVICE_HOST in the environment" })
  const read = (name: string) => {
    try {
      return readFileSync(join(account, name), "utf8").trim()
    } catch {
      throw new NotInKubernetes({ expected: `the file ${join(account, name)}` })
    }
  }
  read("token")
  return {
    api: api ?? `https://${host!.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: read("namespace"),
    authority: read("ca.crt"),
    tokenFile: join(account, "token")
  }
}

/** Asked every ten seconds at most for the pods of the own namespace; as long as it does not answer, all live. */
export const kubernetesHealth = ({
  api,
  namespace,
  authority,
  tokenFile
}: KubernetesAccount): Layer.Layer<RunnerHealth.RunnerHealth> => {
  const client = Layer.effect(
    K8sHttpClient.K8sHttpClient,
    Effect.map(HttpClient.HttpClient, (http) =>
      http.pipe(
        HttpClient.mapRequest((request) =>
          request.pipe(
            HttpClientRequest.prependUrl(`${api}/api`),
            HttpClientRequest.bearerToken(readFileSync(tokenFile, "utf8").trim())
          )
        ),
        HttpClient.filterStatusOk,
        HttpClient.transformResponse((asking) =>
          Effect.catchTag(Effect.timeout(asking, answerMs), "TimeoutError", Effect.die)
        )
      )
    )
  )
  return RunnerHealth.layerK8s({ namespace }).pipe(
    Layer.provide(client),
    Layer.provide(NodeHttpClient.layerNodeHttpNoAgent),
    Layer.provide(NodeHttpClient.layerAgentOptions({ ca: authority }))
  )
}

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"
const answerMs = 5000
