/** Callers that come at the same time share a commit: it takes as long for many as for one. */
import { Cause, Effect, Exit, Option, Semaphore } from "effect"
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
}

export const makeGroupCommit = <A, B>({
  sql,
  transaction,
  write,
  maxSize = 1000,
  sizeOf = () => 1
}: GroupCommitOptions<A, B>): GroupCommit<A, B> => {
  const turn = Semaphore.makeUnsafe(1)
  let waiting: Array<Waiting<A, B>> = []

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

  const writeBatch = Effect.gen(function* () {
    const batch = takeBatch()
    // A COMMIT that fails may have happened all the same: only what failed before it is written once more.
    let isOneAmiss = false
    const attempt = Effect.tapCause(together(batch), (cause) => Effect.sync(() => void (isOneAmiss = isOwn(cause))))
    let exit = yield* Effect.exit(transaction(attempt))
    if (Exit.isFailure(exit) && batch.length > 1 && isOneAmiss) exit = yield* Effect.exit(transaction(eachAlone(batch)))
    batch.forEach((one, index) => {
      one.exit = Exit.isSuccess(exit) ? exit.value[index]! : Exit.failCause(exit.cause)
    })
  })

  // Others that are about to come are let in first.
  const commit = Effect.andThen(Effect.yieldNow, Effect.uninterruptible(writeBatch))

  return Effect.fnUntraced(function* (item: A) {
    if (Option.isSome(yield* Effect.serviceOption(sql.transactionService))) {
      const [mine] = yield* write([item])
      return mine!
    }
    const mine: Waiting<A, B> = { item, exit: null }
    waiting.push(mine)
    const written = Effect.suspend(() => mine.exit!)
    // Whoever's turn it is writes for all who wait by then; they find it done when their turn comes.
    yield* turn
      .withPermit(Effect.whileLoop({ while: () => mine.exit === null, body: () => commit, step: () => {} }))
      .pipe(Effect.onInterrupt(() => Effect.sync(() => void (waiting = waiting.filter((one) => one !== mine)))))
    return yield* written
  })
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
  exit: Written<B> | null
}
