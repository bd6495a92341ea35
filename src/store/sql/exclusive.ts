import { type AdvisoryLock, advisoryLocks } from "./advisory-locks.ts"
import type { Database } from "./database.ts"

/** Runs `work` unless another process is at it: false then. Nothing but the lock is in the transaction that holds it, and it goes with the connection of a process that dies. */
export const createExclusive =
  (database: Pick<Database, "transaction">, name: AdvisoryLock) =>
  (work: () => Promise<void>): Promise<boolean> =>
    database.transaction(async (tx) => {
      const [row] = await tx.query<{ taken: boolean }>({ text: "SELECT pg_try_advisory_xact_lock($1) AS taken" }, [advisoryLocks[name]])
      if (!row?.taken) return false
      await work()
      return true
    })
