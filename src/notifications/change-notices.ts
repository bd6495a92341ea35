import { createHash } from "node:crypto"
import type { Clock } from "../base/clock.ts"
import type { ChangeNoticeStore, OwedChange } from "../store/change-notice-store.ts"
import { changeNoticeSubject, changeNoticeText } from "./change-notice-text.ts"
import type { Notice, NoticeSender } from "./notice.ts"

/**
 * Tells holders that what opens their account, or leads its mail away, was changed; whoever did it, and by whichever way. Invariants: each change is told once,
 * because that it was told is an audit entry of the transaction that accepts the notice; whoever made the change cannot keep the notice from the mailbox.
 */
export interface ChangeNotices {
  /** Resolves with how many notices were accepted; joins a round that is under way. */
  send(): Promise<number>
}

export interface ChangeNoticeLog {
  changeNoticeFailed(event: { readonly accountId: number; readonly entries: readonly number[]; readonly error: unknown }): void
}

export interface ChangeNoticeParts {
  readonly changes: ChangeNoticeStore
  readonly notices: NoticeSender
  readonly hostname: string
  readonly clock: Clock
  readonly log: ChangeNoticeLog
}

const limit = 100
/** In one notice; more become another one. */
const maxInNotice = 20
const shortlyMs = 15 * 60_000
/** An entry that was committed long after it was made, and what failed, is found by the long look back. */
const longMs = 3 * 86_400_000
const longEveryMs = 3_600_000

export function createChangeNotices({ changes, notices, hostname, clock, log }: ChangeNoticeParts): ChangeNotices {
  let underWay: Promise<number> | undefined
  let longDueAt = 0

  const tell = async (some: readonly OwedChange[]): Promise<boolean> => {
    const notice = changeNotice(some, hostname)
    const told = notice?.marks?.changesTold
    if (!notice || !told) return false
    try {
      const reply = await notices.send(notice)
      if (reply?.kind === "refused" && reply.code >= 500) await changes.giveUpTelling(told, `${reply.code} ${reply.status}`)
      return reply?.kind === "accepted"
    } catch (error) {
      // one account's must not keep the others from being told
      log.changeNoticeFailed({ ...told, error })
      return false
    }
  }

  const round = async (): Promise<number> => {
    const long = clock.now() >= longDueAt
    const owed = await changes.untold(long ? longMs : shortlyMs, limit)
    if (long && owed.length < limit) longDueAt = clock.now() + longEveryMs
    let told = 0
    for (const some of Map.groupBy(owed, ({ accountId }) => accountId).values())
      for (let at = 0; at < some.length; at += maxInNotice) if (await tell(some.slice(at, at + maxInNotice))) told++
    return told
  }

  return {
    send() {
      underWay ??= round().finally(() => (underWay = undefined))
      return underWay
    },
  }
}

/** Of one account. Pure. */
export function changeNotice(changes: readonly OwedChange[], hostname: string): Notice | undefined {
  const [first] = changes
  if (!first) return undefined
  const entries = changes.map(({ entry }) => entry)
  return {
    to: [first.address],
    subject: changeNoticeSubject,
    text: changeNoticeText(changes, { address: first.address, hostname }),
    messageId: `changed.${createHash("sha256").update(entries.join(" ")).digest("base64url").slice(0, 27)}@${hostname}`,
    marks: { changesTold: { accountId: first.accountId, entries } },
  }
}
