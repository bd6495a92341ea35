import { setImmediate as yieldToOthers } from "node:timers/promises"
import type { Connection } from "./connection.ts"
import { refreshNowAndThen } from "./mailbox-refresh.ts"
import { visibleAccounts } from "./namespace.ts"
import type { ImapLimits, ImapServices } from "./session.ts"

/**
 * One look at every connection of a server: silence, suspension, clients that do not read, notifications that got lost.
 * One timer for all: one for each would cost memory and wake the process all the time.
 */
export interface SweepParts {
  readonly services: ImapServices
  readonly limits: ImapLimits
  readonly live: ReadonlySet<Connection>
}

/** The sweep to be called again and again; a call while one is under way does nothing. */
export function createSweep({ services, limits, live }: SweepParts): () => Promise<void> {
  const { directory, clock } = services
  let directoryVersion = directory.current().version
  let recheckedAt = clock.now()
  let sweeping = false

  const look = (connection: Connection, now: number, recheck: boolean): void => {
    const silentMs = now - connection.heardAt
    if (connection.over) {
      if (silentMs > lingerMs) connection.destroy(connection.endReason)
    } else if (recheck && !stillWelcome(connection, services)) connection.shutDown("This account is closed to you now")
    else if (connection.quiet && silentMs > (connection.login ? limits.autologout : limits.loginTimeout)) connection.bye("Autologout; idle for too long", "silent")
    else if (connection.stalled(now, stalledMs)) connection.destroy("does not read")
  }

  return async () => {
    if (sweeping) return
    sweeping = true
    try {
      const now = clock.now()
      const { version } = directory.current()
      // assignments begin and end by date, without any change of the directory
      const recheck = version !== directoryVersion || now - recheckedAt > recheckMs
      if (recheck) {
        directoryVersion = version
        recheckedAt = now
      }
      let seen = 0
      let refreshes = Math.ceil(live.size / refreshShare)
      for (const connection of live) {
        look(connection, now, recheck)
        // RFC 2180 §1 leaves a client unaware for a while; what notifications lost is found by asking, a few mailboxes at a time
        const refreshing = connection.selected && connection.quiet && refreshes > 0 ? refreshNowAndThen(connection.selected.mailbox, now, refreshIdleMs) : undefined
        if (refreshing) {
          refreshes--
          // a database that is away now is asked again in a minute
          refreshing.catch(() => undefined)
        }
        if (++seen % slice === 0) await yieldToOthers()
      }
    } finally {
      sweeping = false
    }
  }
}

/** A suspension, or the end of an assignment, ends the sessions it concerns; a right to write that is gone makes the mailbox read-only. */
function stillWelcome({ login, selected }: Connection, { directory, clock }: ImapServices): boolean {
  if (!login) return true
  const visible = visibleAccounts(directory.current(), login, clock.now())
  if (visible.length === 0) return false
  if (!selected) return true
  const account = visible.find((candidate) => candidate.account.id === selected.mailbox.accountId)
  if (account && !account.writable) selected.readOnly = true
  return account !== undefined
}

/** How long a client may take to close its side after we closed ours. */
const lingerMs = 10_000
/** A client that takes nothing for so long while we have something for it is gone. */
const stalledMs = 5 * 60_000
const recheckMs = 60_000
const refreshIdleMs = 60_000
/** Of all connections, this part may cause a query in one sweep. */
const refreshShare = 30
/** Connections looked at before others get their turn. */
const slice = 500
