/** Where durable workflows run: this process alone, with its messages in the database that it already has. */
import { ConfigProvider, Layer } from "effect"
import { type MessageStorage, type Sharding, SingleRunner } from "effect/cluster"
import { Digest } from "effect/crypto"
import type { SqlClient } from "effect/sql"

/**
 * Nothing else may run on the same database. As nobody else can hold a lock, none is kept: what a killed process left
 * is resumed at once.
 */
export const singleRunner: Layer.Layer<Sharding.Sharding | MessageStorage.MessageStorage, never, SqlClient.SqlClient> =
  SingleRunner.layer({
    runnerStorage: "memory",
    shardingConfig: {
      // Only what a notification missed waits for a poll.
      entityMessagePollInterval: 300,
      entityReplyPollInterval: 300,
      maxResidentEntities: "unbounded",
      // Every read of the inbox names all of them.
      shardsPerGroup: 16,
      // What runs at the end is on record and is run again; nobody waits for it.
      entityTerminationTimeout: 1000
    }
  }).pipe(
    Layer.provide(Digest.layerWebCrypto),
    // An operator's HOST and PORT are not the cluster's.
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({}))),
    Layer.orDie
  )
