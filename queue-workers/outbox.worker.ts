import { createSweeper, type Sweeper, type SweeperParts } from "../src/delivery/sweeper.ts"
import type { DsnSender } from "../src/delivery/dsn-sender.ts"

/** Sweeps up deliveries that no job carries, and DSNs that are owed. */
export const startOutboxWorker = ({ dsnSender, ...parts }: Omit<SweeperParts, "also"> & { readonly dsnSender: DsnSender }): Sweeper => createSweeper({ ...parts, also: () => dsnSender.send() })
