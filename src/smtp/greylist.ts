import type { GreylistStore } from "../store/greylist-store.ts"

/** The first message of an unknown sender to a recipient is deferred; whoever comes again after a while is let in. */
export interface Greylist {
  readonly store: Pick<GreylistStore, "seen">
  readonly delayMs: number
  readonly isExempt: (clientAddress: string) => boolean
}

export interface GreylistQuestion {
  readonly clientAddress: string
  readonly reversePath: string
  readonly recipient: string
}

/** Rejects when the store cannot be asked. */
export async function mayEnter({ store, delayMs, isExempt }: Greylist, { clientAddress, reversePath, recipient }: GreylistQuestion): Promise<boolean> {
  return isExempt(clientAddress) || store.seen({ clientAddress, sender: reversePath.toLowerCase().slice(0, 320), recipient: recipient.toLowerCase().slice(0, 320), delayMs })
}
