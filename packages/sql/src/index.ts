/** What every store needs on a SqlClient of effect/sql. */
export { type Cursor, CursorError, sequenceCursor, type TimePosition, timeCursor } from "./Cursor.ts"
export { type GroupCommit, type GroupCommitOptions, makeGroupCommit } from "./GroupCommit.ts"
export { migrate } from "./migrate.ts"
export { deleteInBatches, type Deletion, repeatedly } from "./retention.ts"
export { Flag, inChunks, isOfNul, rowsOf, Whole } from "./rows.ts"
export { makeTransactions, type Transaction, type Transactions } from "./transactions.ts"
