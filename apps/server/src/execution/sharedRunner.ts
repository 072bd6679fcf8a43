/** Where durable workflows run: whichever process holds their shard, of all that share the database. */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { ConfigProvider, Layer, Option, References } from "effect"
import { type MessageStorage, RunnerAddress, type Sharding } from "effect/cluster"
import type { SqlClient } from "effect/sql"

export interface RunnerPlace {
  /** Where the others reach this process. */
  readonly host: string
  readonly port: number
  /** Where it listens. Default: the same. */
  readonly listenHost?: string
}

/**
 * Locks of shards are the database's own and go with their connection: those of a killed process are free at once, those
 * of one that is frozen when its session has been idle for as long as a lock lasts. A process that is gone is no longer
 * counted when it has not been heard of for that long.
 */
export const sharedRunner = ({
  host,
  port,
  listenHost
}: RunnerPlace): Layer.Layer<Sharding.Sharding | MessageStorage.MessageStorage, never, SqlClient.SqlClient> =>
  NodeClusterSocket.layer({
    storage: "sql",
    shardingConfig: {
      runnerAddress: Option.some(RunnerAddress.RunnerAddress.make({ host, port })),
      runnerListenAddress: Option.some(RunnerAddress.RunnerAddress.make({ host: listenHost ?? host, port })),
      entityMessagePollInterval: 500,
      entityReplyPollInterval: 500,
      maxResidentEntities: "unbounded",
      shardsPerGroup: 64,
      shardLockExpiration: 10_000,
      shardLockRefreshInterval: 3000,
      refreshAssignmentsInterval: 1000,
      runnerHealthCheckInterval: 2000,
      entityTerminationTimeout: 1000
    }
  }).pipe(
    // An operator is told what is amiss, not where it listens.
    Layer.provide(Layer.succeed(References.MinimumLogLevel, "Warn")),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({}))),
    Layer.orDie
  )
