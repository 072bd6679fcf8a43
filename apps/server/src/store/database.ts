/** Where everything is kept: a file of the data folder, which is one server's, or a Postgres that several share. */
import { NoDatabase, PostgresClient } from "@tenterhook/postgres"
import { SqliteClient } from "@tenterhook/sqlite"
import { Effect, Layer } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { type FolderMoved, mayBeServed, type StillArriving, whenArrived } from "../migrate/moved.ts"
import { claimFolder, databaseFile, type FolderTaken, type FolderUnfit, makeFolder } from "./DataFolder.ts"

export interface Place {
  /** Made where it is not there. With a database elsewhere it holds only what is this machine's. */
  readonly data: string
  /** `postgres://…`. Null: a file in the folder. */
  readonly databaseUrl: string | null
  /** In the place of both. */
  readonly other?: { readonly client: Layer.Layer<SqlClient.SqlClient, unknown>; readonly shared: boolean } | undefined
}

/** Once it answers. The folder is claimed where it holds the database. */
export const databaseAt = ({
  data,
  databaseUrl,
  other
}: Place): Layer.Layer<
  SqlClient.SqlClient,
  SqlError.SqlError | FolderTaken | FolderUnfit | FolderMoved | NoDatabase | StillArriving
> => {
  // The cluster of a server that is alone lies in the folder, whatever the database is.
  if (other !== undefined)
    return Layer.unwrap(
      Effect.as(
        other.shared ? Effect.sync(() => makeFolder(data)) : claimFolder(data, ["cluster.db"]),
        Layer.orDie(other.client)
      )
    )
  return databaseUrl === null
    ? Layer.unwrap(
        Effect.as(
          Effect.andThen(claimFolder(data), mayBeServed(data)),
          SqliteClient.layer({ filename: databaseFile(data) })
        )
      )
    : Layer.unwrap(
        Effect.as(
          Effect.sync(() => makeFolder(data)),
          whenArrived(PostgresClient.layer({ url: databaseUrl, maxConnections: connections }))
        )
      )
}

/** Two are held: for the locks of the cluster, and to hear what other servers announce. */
const connections = 16
