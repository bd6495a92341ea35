import { createSweeper, type Sweeper, type SweeperParts } from "../src/delivery/sweeper.ts"
import type { DsnSender } from "../src/delivery/dsn-sender.ts"
import type { HeldNotices } from "../src/notifications/held-notices.ts"

/** Sweeps up deliveries that no job carries, DSNs that are owed and held messages of which nobody has been told. */
export const startOutboxWorker = ({ dsnSender, heldNotices, ...parts }: Omit<SweeperParts, "also"> & { readonly dsnSender: DsnSender; readonly heldNotices: HeldNotices }): Sweeper =>
  createSweeper({ ...parts, also: () => Promise.all([dsnSender.send(), heldNotices.send()]) })
