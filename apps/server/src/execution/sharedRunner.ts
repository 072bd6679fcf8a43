/** Where durable workflows run: whichever process holds their shard, of all that share the database. */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { Effect, Layer, Option, References } from "effect"
import {
  type MessageStorage,
  RunnerAddress,
  RunnerHealth,
  Runners,
  RunnerStorage,
  type Sharding,
  ShardingConfig,
  SocketRunner,
  SqlMessageStorage,
  SqlRunnerStorage
} from "effect/cluster"
import { Digest } from "effect/crypto"
import { RpcSerialization } from "effect/rpc"
import type { SqlClient } from "effect/sql"
import { connect } from "node:net"
import { type KubernetesAccount, kubernetesHealth } from "./kubernetes.ts"

export interface RunnerPlace {
  /** Where the others reach this process. */
  readonly host: string
  readonly port: number
  /** Where it listens. Default: the same. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Tells which of the others live. Default: they are asked themselves. */
  readonly kubernetes?: KubernetesAccount
}

/**
 * Locks of shards are the database's own and go with their connection: those of a killed process are free at once, those
 * of one that is frozen when its session has been idle for as long as a lock lasts. A process that is gone is no longer
 * counted when it has not been heard of for that long; at once, where nobody listens at its place when another starts.
 */
export const sharedRunner = ({
  host,
  port,
  listen = { host, port },
  kubernetes
}: RunnerPlace): Layer.Layer<Sharding.Sharding | MessageStorage.MessageStorage, never, SqlClient.SqlClient> => {
  const address = RunnerAddress.RunnerAddress.make({ host, port })
  const config = ShardingConfig.layer({
    runnerAddress: Option.some(address),
    runnerListenAddress: Option.some(RunnerAddress.RunnerAddress.make(listen)),
    entityMessagePollInterval: 500,
    entityReplyPollInterval: 500,
    maxResidentEntities: "unbounded",
    shardsPerGroup,
    shardLockExpiration: 10_000,
    shardLockRefreshInterval: 3000,
    refreshAssignmentsInterval: 1000,
    runnerHealthCheckInterval: 2000,
    entityTerminationTimeout: 1000
  })
  const health =
    kubernetes === undefined
      ? RunnerHealth.layerPing.pipe(
          Layer.provide(Runners.layerRpc),
          Layer.provide(NodeClusterSocket.layerClientProtocol)
        )
      : kubernetesHealth(kubernetes)
  return SocketRunner.layer.pipe(
    Layer.provide([NodeClusterSocket.layerSocketServer, NodeClusterSocket.layerClientProtocol, health]),
    Layer.provide(withoutDeparted(address)),
    Layer.provideMerge(SqlMessageStorage.layer),
    Layer.provide(Layer.orDie(SqlRunnerStorage.layer)),
    Layer.provide([config, RpcSerialization.layerSchemaBinary(), Digest.layerWebCrypto]),
    // An operator is told what is amiss, not where it listens.
    Layer.provide(Layer.succeed(References.MinimumLogLevel, "Warn")),
    Layer.orDie
  )
}

/**
 * Runners that were killed are left in the storage, and would be given shards as long as they are counted. Those where
 * nobody listens are taken out; one that lives after all enters itself again.
 */
const withoutDeparted = (mine: RunnerAddress.RunnerAddress) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const storage = yield* RunnerStorage.RunnerStorage
      const others = (yield* storage.getRunners)
        .map(([{ address }]) => address)
        .filter(({ host, port }) => !(host === mine.host && port === mine.port))
      yield* Effect.forEach(
        others,
        (address) =>
          Effect.flatMap(isRefused(address), (refused) => (refused ? storage.unregister(address) : Effect.void)),
        { concurrency: "unbounded", discard: true }
      )
    })
  )

/** What does not answer in time, or is not reached, may live. */
const isRefused = ({ host, port }: RunnerAddress.RunnerAddress) =>
  Effect.callback<boolean>((resume) => {
    const socket = connect({ host, port, timeout: refusedMs })
    const told = (refused: boolean) => {
      socket.destroy()
      resume(Effect.succeed(refused))
    }
    socket.once("connect", () => told(false))
    socket.once("timeout", () => told(false))
    socket.once("error", (error: NodeJS.ErrnoException) => told(error.code === "ECONNREFUSED"))
    return Effect.sync(() => void socket.destroy())
  })

/** All servers on a database have to agree on it. */
const shardsPerGroup = 64
const refusedMs = 1000
