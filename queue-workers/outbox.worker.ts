import { createSweeper, type Sweeper, type SweeperParts } from "../src/delivery/sweeper.ts"
import type { DsnSender } from "../src/delivery/dsn-sender.ts"
import type { ChangeNotices } from "../src/notifications/change-notices.ts"
import type { HeldNotices } from "../src/notifications/held-notices.ts"
import type { SenderWarnings } from "../src/notifications/sender-warnings.ts"

export interface OutboxParts extends Omit<SweeperParts, "also"> {
  readonly dsnSender: DsnSender
  readonly heldNotices: HeldNotices
  readonly senderWarnings: SenderWarnings
  readonly changeNotices: ChangeNotices
}

/** Sweeps up deliveries that no job carries, DSNs that are owed, and held messages, warnings and changes of which nobody has been told. */
export const startOutboxWorker = ({ dsnSender, heldNotices, senderWarnings, changeNotices, ...parts }: OutboxParts): Sweeper =>
  createSweeper({ ...parts, also: () => Promise.all([dsnSender.send(), heldNotices.send(), senderWarnings.send(), changeNotices.send()]) })
