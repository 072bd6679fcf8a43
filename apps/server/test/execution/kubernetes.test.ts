/** Kubernetes is asked which servers live: at an HTTPS server that answers as its API does. */
import { databases } from "@tenterhook/testing-databases"
import { PostgresClient } from "@tenterhook/postgres"
import { hasPostgres } from "@tenterhook/testing-postgres"
import { Effect, Exit, References, Scope } from "effect"
import { RunnerAddress, RunnerHealth } from "effect/cluster"
import { SqlClient } from "effect/sql"
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { accountOf, kubernetesHealth, type KubernetesPlace } from "../../src/execution/kubernetes.ts"
import { serve } from "../../src/serve.ts"
import { makeFolder } from "../Server.ts"

describe("servers in Kubernetes", () => {
  it("live as long as their pod is ready, or comes up", async () => {
    const api = await openApi()
    const alive = await askedAt(api.place)
    assert.deepStrictEqual(alive, { "10.0.0.1": true, "10.0.0.2": true, "10.0.0.3": false, "10.0.0.9": false })
    assert.deepStrictEqual(api.asked, ["/api/v1/namespaces/hooks/pods?fieldSelector=status.phase%3DRunning"])
  })

  it("all live as long as Kubernetes does not say", async () => {
    const api = await openApi()
    writeFileSync(join(api.place.account!, "token"), "another")
    assert.notInclude(Object.values(await askedAt(api.place)), false)
    assert.strictEqual(api.asked.length, 1)
  })

  it("need a service account", () => {
    const folder = makeFolder()
    assert.throws(() => accountOf({ api: "https://127.0.0.1:1", account: folder }), `expected the file ${folder}/token`)
    assert.throws(() => accountOf({ account: folder }), "expected KUBERNETES_SERVICE_HOST in the environment")
  })

  it.runIf(hasPostgres())("are not counted any more once their pod is gone", { timeout: 180_000 }, async () => {
    const api = await openApi()
    const scope = Scope.makeUnsafe()
    onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    const { place: databaseUrl } = await Effect.runPromise(Scope.provide(databases[1]!.database, scope))
    const server = await serve({ port: 0, data: join(makeFolder(), "data"), databaseUrl, kubernetes: api.place })
    onTestFinished(server.close)
    const ask = (query: string) =>
      Effect.runPromise(
        SqlClient.SqlClient.use((sql) => sql.unsafe<{ healthy: boolean }>(query)).pipe(
          Effect.provide(PostgresClient.layer({ url: databaseUrl }))
        )
      )
    const until = async (query: string) => {
      const since = performance.now()
      while ((await ask(query)).length === 0) {
        assert.isBelow(performance.now() - since, 90_000)
        await new Promise((done) => setTimeout(done, 100))
      }
    }
    await until("SELECT 1 FROM cluster_runners")
    // Its pod is in no list. It holds no shard, so that the other one looks after it in any case.
    const gone = { address: { host: "10.0.0.9", port: 4701 }, groups: ["other"], weight: 1 }
    await ask(`INSERT INTO cluster_runners (address, runner, healthy, last_heartbeat)
      VALUES ('10.0.0.9:4701', '${JSON.stringify(gone)}', true, now() + interval '1 hour')`)
    await until("SELECT 1 FROM cluster_runners WHERE address = '10.0.0.9:4701' AND NOT healthy")
  })
})

const askedAt = (place: KubernetesPlace) =>
  Effect.gen(function* () {
    const { isAlive } = yield* RunnerHealth.RunnerHealth
    const found: Record<string, boolean> = {}
    for (const host of ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"])
      found[host] = yield* isAlive(RunnerAddress.RunnerAddress.make({ host, port: 4701 }))
    return found
  }).pipe(
    Effect.provide(kubernetesHealth(accountOf(place))),
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.runPromise
  )

/** As it is described in the Kubernetes API, "List Pod". */
const openApi = async () => {
  const account = join(makeFolder(), "serviceaccount")
  mkdirSync(account)
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key.pem -out ca.crt"
  const names = ["-subj", "/CN=kubernetes", "-addext", "subjectAltName=IP:127.0.0.1"]
  execFileSync("openssl", [...words.split(" "), ...names], { cwd: account, stdio: "ignore" })
  writeFileSync(join(account, "token"), "whoever-asks\n")
  writeFileSync(join(account, "namespace"), "hooks")
  const asked: Array<string> = []
  const read = (name: string) => readFileSync(join(account, name))
  const server = createServer({ key: read("key.pem"), cert: read("ca.crt") }, (request, response) => {
    asked.push(request.url!)
    const isAllowed = request.headers.authorization === "Bearer whoever-asks"
    response.writeHead(isAllowed ? 200 : 403, { "content-type": "application/json" })
    response.end(JSON.stringify(isAllowed ? podList : { kind: "Status", apiVersion: "v1", code: 403 }))
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  const place: KubernetesPlace = { api: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, account }
  return { place, asked }
}

const pod = (podIP: string, ready: "True" | "False", readySince: string) => ({
  metadata: { name: `tenterhook-${podIP}`, namespace: "hooks" },
  status: {
    phase: "Running",
    podIP,
    hostIP: "192.168.0.1",
    conditions: [
      { type: "Initialized", status: "True", lastTransitionTime: began, lastProbeTime: null },
      { type: "Ready", status: ready, lastTransitionTime: readySince, lastProbeTime: null }
    ]
  }
})

const began = "2026-11-21T10:00:00Z"
const podList = {
  kind: "PodList",
  apiVersion: "v1",
  metadata: { resourceVersion: "1" },
  items: [
    pod("10.0.0.1", "True", "2026-11-21T10:00:05Z"),
    pod("10.0.0.2", "False", began),
    pod("10.0.0.3", "False", "2026-11-21T11:00:00Z"),
    pod("127.0.0.1", "True", "2026-11-21T10:00:05Z")
  ]
}
