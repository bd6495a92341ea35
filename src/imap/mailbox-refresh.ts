import type { MailboxIndex } from "../store/mailbox-index.ts"
import type { OpenMailbox } from "../store/mail-store.ts"

/**
 * The change feed moves indexes by itself; a notification that got lost is made good by asking the database now and then,
 * once for all sessions that have the mailbox open in this process.
 */
export function refreshNowAndThen(mailbox: OpenMailbox, now: number, everyMs: number): Promise<void> | undefined {
  const last = currentAt.get(mailbox.index)
  if (last !== undefined && now - last < everyMs) return undefined
  markCurrent(mailbox, now)
  return mailbox.refresh()
}

/** The mailbox has just been brought up to date by other means. */
export const markCurrent = (mailbox: OpenMailbox, now: number): void => void currentAt.set(mailbox.index, now)

const currentAt = new WeakMap<MailboxIndex, number>()
