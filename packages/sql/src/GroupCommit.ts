/** Callers that come at the same time share a commit: it takes as long for many as for one. */
import { Cause, Effect, Exit, Option } from "effect"
import { type SqlClient, SqlError } from "effect/sql"
import type { Transaction } from "./transactions.ts"

/**
 * Succeeds once the commit has it, with what was written for it.
 *
 * Within a transaction of the caller's it is written there, and stands and falls with the caller's own work. A caller
 * that is interrupted while it waits takes its item back; what is being written by then is written.
 *
 * What the database refuses because of the item itself (a constraint, a value that it cannot hold) fails for this caller
 * alone: then each of the batch is written once more, within a savepoint of its own, and the others are committed. So
 * is a defect. Whatever else fails (a lock, the disk, COMMIT itself) fails for everyone of the batch, and nothing of it
 * was written.
 */
export type GroupCommit<A, B> = (one: A) => Effect.Effect<B, SqlError.SqlError>

export interface GroupCommitOptions<A, B> {
  readonly sql: SqlClient.SqlClient
  readonly transaction: Transaction
  /**
   * Writes all of them, within the transaction, and gives what came of each in the same order. It may be called twice
   * for the same item, after a rollback. What is to happen after the commit is registered here: `sql.afterCommit`.
   */
  readonly write: (list: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, SqlError.SqlError>
  /** Of one commit at most; a single item that is larger gets a commit of its own. Default: 1000. */
  readonly maxSize?: number
  /** How much one item adds to a commit. Default: 1. */
  readonly sizeOf?: (one: A) => number
  /** How many commits may be under way at the same time: more than one only where the database has more. Default: 1. */
  readonly lanes?: number
  /** `write` is all or nothing by itself, so it needs no transaction around it. Default: false. */
  readonly atomic?: boolean
}

export const makeGroupCommit = <A, B>({
  sql,
  transaction,
  write,
  maxSize = 1000,
  sizeOf = () => 1,
  lanes = 1,
  atomic = false
}: GroupCommitOptions<A, B>): GroupCommit<A, B> => {
  let waiting: Array<Waiting<A, B>> = []
  let writing = 0

  const takeBatch = (): ReadonlyArray<Waiting<A, B>> => {
    let size = 0
    const over = waiting.findIndex(({ item }, index) => (size += sizeOf(item)) > maxSize && index > 0)
    const batch = over === -1 ? waiting : waiting.slice(0, over)
    waiting = over === -1 ? [] : waiting.slice(over)
    return batch
  }

  const together = (batch: ReadonlyArray<Waiting<A, B>>) =>
    Effect.map(write(batch.map(({ item }) => item)), (results) => {
      if (results.length !== batch.length)
        throw new Error(`expected what was written to give ${batch.length} results, got ${results.length}`)
      return results.map((result): Written<B> => Exit.succeed(result))
    })

  const eachAlone = (batch: ReadonlyArray<Waiting<A, B>>) =>
    Effect.gen(function* () {
      const exits: Array<Written<B>> = []
      for (const one of batch) {
        const exit = yield* Effect.exit(sql.withTransaction(together([one])))
        if (Exit.isFailure(exit) && !isOwn(exit.cause)) return yield* exit
        exits.push(Exit.isSuccess(exit) ? exit.value[0]! : Exit.failCause(exit.cause))
      }
      return exits
    })

  const writeBatch = Effect.fnUntraced(function* (batch: ReadonlyArray<Waiting<A, B>>) {
    // A COMMIT that fails may have happened all the same: only what failed before it is written once more.
    let isOneAmiss = false
    const attempt = Effect.tapCause(together(batch), (cause) => Effect.sync(() => void (isOneAmiss = isOwn(cause))))
    let exit = yield* Effect.exit(atomic ? attempt : transaction(attempt))
    if (Exit.isFailure(exit) && batch.length > 1 && isOneAmiss) exit = yield* Effect.exit(transaction(eachAlone(batch)))
    batch.forEach(({ resume }, index) => resume(Exit.isSuccess(exit) ? exit.value[index]! : Exit.failCause(exit.cause)))
  })

  /** Belongs to no caller: one that is interrupted leaves the others' work alone. */
  const lane = Effect.gen(function* () {
    while (true) {
      // Others that are about to come are let in first.
      yield* Effect.yieldNow
      const batch = takeBatch()
      if (batch.length === 0) return void writing--
      yield* writeBatch(batch)
    }
  })

  const shared = (item: A) =>
    Effect.withFiber<B, SqlError.SqlError>(({ context }) =>
      Effect.callback((resume) => {
        const mine: Waiting<A, B> = { item, resume }
        waiting.push(mine)
        if (writing < lanes) {
          writing++
          Effect.runForkWith(context)(lane)
        }
        return Effect.suspend(() => {
          const at = waiting.indexOf(mine)
          if (at >= 0) return Effect.sync(() => void waiting.splice(at, 1))
          return Effect.callback<void>((over) => void (mine.resume = () => over(Effect.void)))
        })
      })
    )

  return (item) =>
    Effect.flatMap(Effect.serviceOption(sql.transactionService), (outer) =>
      Option.isSome(outer) ? Effect.map(write([item]), ([mine]) => mine!) : shared(item)
    )
}

/** Whether the item itself may be why: another one could be written all the same. */
const isOwn = (cause: Cause.Cause<SqlError.SqlError>): boolean =>
  cause.reasons.every(
    (reason) => Cause.isDieReason(reason) || (Cause.isFailReason(reason) && ofTheItem.has(reason.error.reason._tag))
  )

const ofTheItem: ReadonlySet<string> = new Set(["UniqueViolation", "ConstraintError", "SqlSyntaxError", "UnknownError"])

type Written<B> = Exit.Exit<B, SqlError.SqlError>

interface Waiting<A, B> {
  readonly item: A
  /** Called once, when it is known what came of it. */
  resume: (written: Written<B>) => void
}
