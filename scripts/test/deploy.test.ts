/** What docker/ and deploy/ hold agrees with the server: nothing here starts Docker, Kubernetes or systemd. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { existsSync, globSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { within } from "../workspace.mjs"

const { parseAllDocuments } = createRequire(within("packages/conformance/package.json"))("yaml")
const read = (file: string) => readFileSync(within(file), "utf8")
const documentsOf = (file: string): Array<any> =>
  parseAllDocuments(read(file), { merge: true }).map((one: any) => {
    assert.deepStrictEqual(one.errors, [], file)
    return one.toJS()
  })

const help = execFileSync(
  process.execPath,
  ["--conditions=@tenterhook/source", within("apps/cli/src/main.ts"), "serve", "--help"],
  { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } }
)
const serveSource = read("apps/server/src/serve.ts")
const constant = (name: string) =>
  Number(new RegExp(`const ${name} = ([\\d_]+)`).exec(serveSource)![1]!.replaceAll("_", ""))
const drainSeconds = constant("drainMs") / 1000
const port = constant("defaultPort")
const paths = [...read("apps/server/src/api/system.ts").matchAll(/HttpApiEndpoint\.get\("\w+", "([^"]+)"/g)].map(
  ([, path]) => path!
)
const variables = [...read("apps/cli/src/databaseFlag.ts").matchAll(/process\.env\["(\w+)"\]/g)].map(([, name]) => name)

/** A command line of `serve`: its flags are there, each with a value where it takes one. */
const checkServe = (words: ReadonlyArray<string>) => {
  assert.strictEqual(words[0], "serve")
  const given = new Map<string, string>()
  for (let at = 1; at < words.length; at++) {
    const [flag, value] = words[at]!.split("=") as [string, string?]
    assert.match(flag, /^--/)
    assert.match(help, new RegExp(`^\\s+${flag}[ ,]`, "m"), `serve has no ${flag}`)
    given.set(flag, value ?? words[++at]!)
  }
  return given
}

/** Beside its own, what the files around it may set. */
const checkVariables = (names: ReadonlyArray<string>, more: ReadonlyArray<string>) =>
  assert.deepStrictEqual(
    names.filter((name) => !variables.includes(name) && !more.includes(name)),
    []
  )

describe("docker", () => {
  const file = read("docker/Dockerfile")
  const lines = file
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter(Boolean)
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")))
  const all = (word: string, of = last) =>
    of.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim())

  it("the image is built from the clone and holds the command line alone", () => {
    assert.strictEqual(all("FROM", lines).length, 2)
    assert.include(file, "node scripts/setup.mjs")
    assert.isTrue(existsSync(within("scripts/setup.mjs")))
    const copies = all("COPY")
    assert.isAbove(copies.length, 0)
    for (const copy of copies) assert.match(copy, /^--from=build \/tenterhook\//)
    const { bin, files } = JSON.parse(read("apps/cli/package.json"))
    for (const folder of files)
      assert.include(copies, `--from=build /tenterhook/apps/cli/${folder} /opt/tenterhook/${folder}`)
    assert.include(file, `/opt/tenterhook/${bin.tenterhook.replace("./", "")} `)
    // The command line says its version.
    assert.include(copies.join("\n"), "/tenterhook/apps/cli/package.json")
  })

  it("it runs behind an init, as nobody in particular, and knows no secret", () => {
    assert.deepStrictEqual(all("USER"), ["1000:1000"])
    assert.deepStrictEqual(JSON.parse(all("ENTRYPOINT")[0]!), ["tini", "--", "tenterhook"])
    assert.deepStrictEqual(all("STOPSIGNAL"), ["SIGTERM"])
    assert.deepStrictEqual(all("VOLUME"), ["/data"])
    assert.notMatch(file, /^(ARG|ENV) .*(KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL)/m)
    assert.isAbove(Number(/docker stop --time (\d+)/.exec(file)![1]), drainSeconds)
  })

  it("it listens where it says so, and its health is the server's", () => {
    assert.deepStrictEqual(all("EXPOSE"), [String(port)])
    const given = checkServe(JSON.parse(all("CMD")[0]!))
    assert.strictEqual(given.get("--data"), "/data")
    const [, path] = new RegExp(`http://127\\.0\\.0\\.1:${port}(/\\w+)`).exec(all("HEALTHCHECK")[0]!)!
    assert.strictEqual(path, "/livez")
    assert.include(paths, path)
  })

  it("what a clone has beside its sources stays outside", () => {
    const ignored = read("docker/Dockerfile.dockerignore").split("\n")
    for (const name of [".git", "**/node_modules", "**/dist", "**/.env", "**/.tenterhook"])
      assert.include(ignored, name)
  })

  it("three servers, a Postgres and a proxy stand together", () => {
    const [compose] = documentsOf("docker/compose.yaml")
    const servers = Object.entries<any>(compose.services).filter(([, { image }]) => image === "tenterhook")
    assert.strictEqual(servers.length, 3)
    for (const [name, server] of servers) {
      const given = checkServe(server.command)
      assert.strictEqual(given.get("--cluster-host"), name)
      assert.strictEqual(given.get("--host"), "0.0.0.0")
      assert.deepStrictEqual(server.volumes, ["data:/data"])
      checkVariables(Object.keys(server.environment), [])
      assert.match(server.environment.DATABASE_URL, /^postgres:\/\/\w+:\$\{POSTGRES_PASSWORD:\?[^}]+\}@postgres:5432\//)
      assert.isAbove(Number.parseInt(server.stop_grace_period), drainSeconds)
      assert.deepInclude(server, { read_only: true, cap_drop: ["ALL"] })
      assert.isTrue(existsSync(join(within("docker"), server.build.context, server.build.dockerfile)))
      // Nobody but the proxy is reached from outside.
      assert.notProperty(server, "ports")
    }
    const { postgres, proxy } = compose.services
    assert.match(postgres.image, /^postgres:17/)
    assert.notProperty(postgres, "ports")
    assert.isDefined(postgres.healthcheck)
    assert.deepStrictEqual(
      proxy.depends_on,
      servers.map(([name]) => name)
    )
    assert.include(paths, new URL(proxy.healthcheck.test.at(-1)).pathname)
    const caddy = read("docker/Caddyfile")
    for (const [name] of servers) assert.include(caddy, ` ${name}:${port}`)
    assert.include(paths, /health_uri (\S+)/.exec(caddy)![1])
    assert.include(caddy, `\n:${port} {`)
    assert.deepStrictEqual(proxy.ports, [`127.0.0.1:${port}:${port}`])
  })
})

describe("kubernetes", () => {
  const folder = "deploy/kubernetes"
  const listed = documentsOf(`${folder}/kustomization.yaml`)[0].resources as ReadonlyArray<string>
  const resources = listed.flatMap((name) => documentsOf(`${folder}/${name}`))
  const of = (kind: string) => resources.filter((one) => one.kind === kind)
  const { spec } = of("Deployment")[0]
  const pod = spec.template.spec
  const [container] = pod.containers

  it("every manifest is listed, and all speak of the same servers", () => {
    const files = globSync("*.yaml", { cwd: within(folder) }).filter((name) => name !== "kustomization.yaml")
    assert.deepStrictEqual([...listed].toSorted(), files.toSorted())
    const labels = spec.template.metadata.labels
    assert.deepStrictEqual(spec.selector.matchLabels, labels)
    for (const service of of("Service")) assert.deepStrictEqual(service.spec.selector, labels)
    assert.deepStrictEqual(of("PodDisruptionBudget")[0].spec.selector.matchLabels, labels)
    assert.deepStrictEqual(of("NetworkPolicy")[0].spec.podSelector.matchLabels, labels)
    for (const spread of pod.topologySpreadConstraints) assert.deepStrictEqual(spread.labelSelector.matchLabels, labels)
  })

  it("it is started as `serve` understands it", () => {
    const given = checkServe(container.args)
    const [http, cluster] = ["http", "cluster"].map(
      (name) => container.ports.find((one: any) => one.name === name).containerPort
    )
    assert.strictEqual(given.get("--port"), String(http))
    assert.strictEqual(given.get("--cluster-port"), String(cluster))
    assert.strictEqual(given.get("--cluster-host"), "$(POD_IP)")
    const env = Object.fromEntries(container.env.map(({ name, ...rest }: any) => [name, rest]))
    checkVariables(Object.keys(env), ["POD_IP"])
    assert.strictEqual(env.POD_IP.valueFrom.fieldRef.fieldPath, "status.podIP")
    assert.isDefined(env.DATABASE_URL.valueFrom.secretKeyRef)
    assert.isEmpty(of("Secret"))
    for (const service of of("Service")) {
      for (const one of service.spec.ports)
        assert.strictEqual(one.port, container.ports.find(({ name }: any) => name === one.targetPort).containerPort)
    }
    const [headless] = of("Service").filter((one) => one.spec.clusterIP === "None")
    assert.isTrue(headless.spec.publishNotReadyAddresses)
    assert.include(
      headless.spec.ports.map(({ name }: any) => name),
      "cluster"
    )
  })

  it("the cluster's port is open to the servers alone", () => {
    const { ingress } = of("NetworkPolicy")[0].spec
    for (const rule of ingress)
      if (rule.ports.some(({ port }: any) => port === "cluster")) assert.isAbove(rule.from.length, 0)
  })

  it("probes ask what is there, and its end takes the time that it takes", () => {
    assert.strictEqual(container.livenessProbe.httpGet.path, "/livez")
    assert.strictEqual(container.startupProbe.httpGet.path, "/livez")
    assert.strictEqual(container.readinessProbe.httpGet.path, "/readyz")
    assert.includeMembers(paths, ["/livez", "/readyz"])
    const pause = Number(container.lifecycle.preStop.exec.command[1])
    assert.isAbove(pod.terminationGracePeriodSeconds, drainSeconds + pause)
  })

  it("it may do nothing that it need not", () => {
    const given = checkServe(container.args)
    assert.deepInclude(pod.securityContext, { runAsNonRoot: true, runAsUser: 1000 })
    // The account is for `--cluster-health=kubernetes` alone.
    assert.strictEqual(given.get("--cluster-health"), "kubernetes")
    const [account] = of("ServiceAccount")
    assert.strictEqual(pod.serviceAccountName, account.metadata.name)
    assert.deepStrictEqual(
      of("Role").map(({ rules }) => rules),
      [[{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }]]
    )
    const [binding] = of("RoleBinding")
    assert.deepStrictEqual(binding.subjects, [{ kind: "ServiceAccount", name: account.metadata.name }])
    assert.deepInclude(binding.roleRef, { kind: "Role", name: of("Role")[0].metadata.name })
    assert.isEmpty(of("ClusterRole"))
    assert.deepInclude(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] }
    })
    const mounts = container.volumeMounts.map(({ mountPath }: any) => mountPath)
    assert.sameMembers(mounts, ["/data", "/tmp"])
  })
})

describe("systemd", () => {
  const settings = new Map(
    read("deploy/systemd/tenterhook.service")
      .split("\n")
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
  )

  it("it is started as `serve` understands it", () => {
    const [node, program, ...words] = settings.get("ExecStart")!.split(" ")
    assert.strictEqual(node, "/usr/bin/node")
    const { bin } = JSON.parse(read("apps/cli/package.json"))
    assert.strictEqual(program, join("/opt/tenterhook", bin.tenterhook))
    assert.strictEqual(words.pop(), "$TENTERHOOK_OPTIONS")
    assert.strictEqual(checkServe(words).get("--data"), `%S/${settings.get("StateDirectory")}`)
    const example = /TENTERHOOK_OPTIONS="([^"]+)"/.exec(read("deploy/systemd/tenterhook.service"))!
    checkServe(["serve", ...example[1]!.split(" ")])
  })

  it("its end takes the time that it takes, and hooks are left to the server", () => {
    assert.isAbove(Number(settings.get("TimeoutStopSec")), drainSeconds)
    assert.strictEqual(settings.get("KillMode"), "mixed")
    assert.strictEqual(settings.get("KillSignal"), "SIGTERM")
  })

  it("it has no user of its own and no rights", () => {
    for (const name of ["DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome"])
      assert.strictEqual(settings.get(name), "yes", name)
    assert.strictEqual(settings.get("ProtectSystem"), "strict")
    assert.strictEqual(settings.get("CapabilityBoundingSet"), "")
    assert.isUndefined(settings.get("MemoryDenyWriteExecute"))
  })
})

it("the document names no file that is not there", () => {
  const text = read("docs/operations.md")
  const named = [...text.matchAll(/`((?:docker|deploy)\/[\w./-]+)`/g)].map(([, file]) => file!)
  assert.isAbove(named.length, 0)
  assert.deepStrictEqual(
    named.filter((file) => !existsSync(within(file))),
    []
  )
  for (const [command] of text.matchAll(/tenterhook(?:\.js)? serve (--[^\n`]*)/g)) {
    const words = command.replaceAll("\\", "").trim().split(/\s+/)
    for (const flag of words.filter((word) => word.startsWith("--")))
      assert.match(help, new RegExp(`^\\s+${flag}[ ,]`, "m"), `serve has no ${flag}`)
  }
})
