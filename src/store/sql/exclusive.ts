import type { Database } from "./database.ts"

/** Work that only one process may do at a time, by name of its advisory lock; the lock goes with the connection of a process that dies. */
const locks = { housekeeping: 7_205_760, expiryWarnings: 7_205_761, addressBook: 7_205_762, recheck: 7_205_763, reports: 7_205_765, figures: 7_205_770, auditSeals: 7_205_771, acme: 7_205_772 } as const

/** Runs `work` unless another process is at it: false then. Nothing but the lock is in the transaction that holds it. */
export const createExclusive =
  (database: Pick<Database, "transaction">, name: keyof typeof locks) =>
  (work: () => Promise<void>): Promise<boolean> =>
    database.transaction(async (tx) => {
      const [row] = await tx.query<{ taken: boolean }>({ text: "SELECT pg_try_advisory_xact_lock($1) AS taken" }, [locks[name]])
      if (!row?.taken) return false
      await work()
      return true
    })
