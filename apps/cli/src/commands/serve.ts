/** `tenterhook serve`: hooks as a service on this machine. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { does } from "../CommandLine.ts"
import { placeFor } from "../currentFolder.ts"
import { exitCode } from "../ExitCode.ts"
import { databaseFlag, databaseOf } from "../databaseFlag.ts"
import { jsonFlag, pluginFlag } from "../flags.ts"
import { checkAllow, toolFlags } from "../hostFlags.ts"
import { Refusal } from "../Refusal.ts"
import { serverLog } from "../ServerLog.ts"
import { dieOf, type EndSignal, onEndSignal } from "../signals.ts"
import { penFor, print, printJsonLine } from "../terminal/Terminal.ts"

export const serve = Command.make(
  "serve",
  {
    port: Flag.Int("port").pipe(
      Flag.withDefault(4700),
      Flag.withMetavar("number"),
      Flag.withDescription("Where it listens; 0 takes a port that is free")
    ),
    host: Flag.String("host").pipe(
      Flag.withDefault("127.0.0.1"),
      Flag.withMetavar("address"),
      Flag.withDescription("The address it listens on; 0.0.0.0 for all of this machine's")
    ),
    data: Flag.String("data").pipe(
      Flag.withDefault(".tenterhook"),
      Flag.withMetavar("folder"),
      Flag.withDescription("Where it keeps everything; made where it is not there")
    ),
    database: databaseFlag,
    clusterHost: Flag.String("cluster-host").pipe(
      Flag.optional,
      Flag.withMetavar("address"),
      Flag.withDescription("With a database URL: where the other servers on it reach this one; 127.0.0.1 where absent")
    ),
    clusterPort: Flag.Int("cluster-port").pipe(
      Flag.optional,
      Flag.withMetavar("number"),
      Flag.withDescription("With a database URL: the port for the other servers; one that is free where absent")
    ),
    clusterListen: Flag.String("cluster-listen").pipe(
      Flag.optional,
      Flag.withMetavar("address:port"),
      Flag.withDescription(
        "With a database URL: where it listens for the other servers, if they reach it through something that maps addresses or ports; the same where absent"
      )
    ),
    clusterHealth: Flag.Literals("cluster-health", ["ping", "kubernetes"]).pipe(
      Flag.optional,
      Flag.withDescription(
        "With a database URL: how it is known which servers live; ping asks them and is the default, kubernetes asks its API, in a pod with a service account that may list pods"
      )
    ),
    allow: Flag.String("allow").pipe(
      Flag.atLeast(0),
      Flag.withMetavar("place"),
      Flag.withDescription(
        "A place beside public addresses that hooks' requests and deliveries may go to, as 127.0.0.1:8080 or 10.0.0.0/8; may be repeated"
      )
    ),
    ...toolFlags,
    plugin: pluginFlag,
    env: Flag.String("env").pipe(
      Flag.atLeast(0),
      Flag.withMetavar("NAME"),
      Flag.withDescription(
        "A variable of the server's environment that hooks may see, beside PATH, HOME and the like; may be repeated"
      )
    ),
    noKeyOnLoopback: Flag.Boolean("no-key-on-loopback").pipe(
      Flag.withDefault(false),
      Flag.withoutNegation,
      Flag.withDescription("Whoever is on this machine needs no key")
    ),
    rateLimit: Flag.Int("rate-limit").pipe(
      Flag.optional,
      Flag.withMetavar("number"),
      Flag.withDescription("Requests a second of one key; 5000 where absent")
    ),
    maxBody: Flag.Int("max-body").pipe(
      Flag.optional,
      Flag.withMetavar("bytes"),
      Flag.withDescription("The largest request body; 16 MiB where absent")
    ),
    keepDays: Flag.Int("keep-days").pipe(
      Flag.optional,
      Flag.withMetavar("days"),
      Flag.withDescription("How long fires and ended executions are kept; 30 where absent")
    ),
    logFormat: Flag.Literals("log-format", ["text", "json"]).pipe(
      Flag.withDefault("text"),
      Flag.withDescription(
        "Of the log on stderr: a line for each request, each try of a delivery and each change of a key; --log-level warn leaves warnings"
      )
    ),
    json: jsonFlag
  },
  does(async (flags, { words }) => {
    if (flags.allow.length > 0) await checkAllow(flags.allow)
    for (const [name, value] of [
      ["--rate-limit", flags.rateLimit],
      ["--max-body", flags.maxBody],
      ["--keep-days", flags.keepDays]
    ] as const) {
      if (Option.isSome(value) && value.value < 1)
        throw new Refusal(`${name}: expected a number above 0, got ${value.value}`)
    }
    const databaseUrl = databaseOf(flags.database)
    for (const [name, value] of [
      ["--cluster-host", flags.clusterHost],
      ["--cluster-port", flags.clusterPort],
      ["--cluster-listen", flags.clusterListen],
      ["--cluster-health", flags.clusterHealth]
    ] as const) {
      if (value._tag === "Some" && Option.isNone(databaseUrl))
        throw new Refusal(`${name}: servers share a Postgres, not a folder`, { hint: "--database-url names one" })
    }
    const clusterListen = Option.map(flags.clusterListen, placeOf)
    if (Option.isSome(clusterListen) && Option.getOrElse(flags.clusterPort, () => 0) === 0)
      throw new Refusal("--cluster-listen: expected to be told as well where the others reach it", {
        hint: "--cluster-port, and --cluster-host if that is not 127.0.0.1"
      })
    const stop = firstAndSecond()
    const log = serverLog(words, flags.logFormat)
    const { serve: start } = await import("@tenterhook/server")
    const given = <A>(name: string, option: Option.Option<A>) => (Option.isSome(option) ? { [name]: option.value } : {})
    const server = await start({
      port: flags.port,
      host: flags.host,
      data: placeFor("--data", flags.data),
      allow: flags.allow,
      toolServers: await serversOf(flags.tools),
      env: environment(flags.env),
      plugins: flags.plugin,
      noKeyOnLoopback: flags.noKeyOnLoopback,
      log: log.message,
      logEntry: log.entry,
      ...given("databaseUrl", databaseUrl),
      ...given("clusterHost", flags.clusterHost),
      ...given("clusterPort", flags.clusterPort),
      ...given("clusterListen", clusterListen),
      ...(Option.getOrNull(flags.clusterHealth) === "kubernetes" ? { kubernetes: {} } : {}),
      ...given(
        "shared",
        Option.map(flags.shared, (path) => placeFor("--shared", path))
      ),
      ...given("ratePerSecond", flags.rateLimit),
      ...given("maxBodyBytes", flags.maxBody),
      ...given("recordDays", flags.keepDays)
    })
    if (flags.json) printJsonLine({ url: server.url, key: server.key, data: server.data, database: server.database })
    else tell(server, flags.noKeyOnLoopback)
    await stop.first
    await server.close()
    log.flush()
    stop.release()
    return exitCode.ok
  })
).pipe(
  Command.withDescription(
    "Hooks as a service: Wacht's API, fires, durable executions, deliveries, and a record of everything, in one data folder. SIGTERM lets what is under way end first; a second one does not, and loses nothing."
  ),
  Command.withShortDescription("Start the server"),
  Command.withExamples([
    { command: "tenterhook serve", description: "On this machine alone; prints its URL and, the first time, a key" },
    {
      command: "tenterhook serve --database-url postgres://tenterhook@db/tenterhook",
      description: "Everything in Postgres; several servers may share it"
    },
    {
      command: "tenterhook serve --host 0.0.0.0 --data /var/lib/tenterhook",
      description: "For others as well; put TLS in front of it"
    }
  ])
)

const tell = (
  { url, key, data, database }: { url: string; key: string | null; data: string; database: string | null },
  open: boolean
) => {
  const pen = penFor(process.stdout)
  print(`listening on ${url}`)
  print(pen.dim(`data in ${database ?? data}; reference at ${url}/docs`))
  if (key !== null) {
    print(`key ${key}`)
    print(pen.dim("It has every scope, and is shown this once; `tenterhook keys` makes others."))
  }
  if (open) print(pen.dim("Whoever is on this machine needs no key."))
}

const placeOf = (text: string) => {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || !(Number(port) > 0 && Number(port) < 65_536))
    throw new Refusal(`--cluster-listen: expected an address and a port such as 0.0.0.0:4701, got "${text}"`)
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) }
}

const serversOf = async (files: ReadonlyArray<string>) => {
  if (files.length === 0) return {}
  const { readServers } = await import("@tenterhook/tool-call")
  return Object.assign({}, ...files.map((file) => readServers(file)))
}

/** A server's environment holds its own secrets: hooks get what commands cannot do without, and what was named. */
const environment = (names: ReadonlyArray<string>): Record<string, string> => {
  const env: Record<string, string> = {}
  for (const name of [...usual, ...names]) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
    else if (names.includes(name)) throw new Refusal(`--env ${name}: the server's environment has no such variable`)
  }
  return env
}

const usual = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"]

/** The first signal ends it in order; a second one at once. */
const firstAndSecond = () => {
  let heard: (signal: EndSignal) => void
  const first = new Promise<EndSignal>((done) => (heard = done))
  let count = 0
  const release = onEndSignal((signal) => {
    if (++count > 1) dieOf(signal)
    heard(signal)
  })
  return { first, release }
}
