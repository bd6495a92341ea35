/**
 * Watches what accounts send to the outside. Purpose: a stolen password is noticed by what it does; its mail is held, not lost, and an administrator
 * told. Invariants: nothing is refused here; while an account is held all that it submits waits. Must not know: SMTP, SQL, what is done
 * with held messages.
 */
import type { Account } from "../accounts/directory.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import { type OutboundLimits, outboundPolicy } from "../policy/outbound-policy.ts"
import type { HeldReason } from "../store/acceptance-store.ts"
import type { Correspondent, HeldAccountReason, OutboundStore } from "../store/outbound-store.ts"

export const outboundRuleId = "outbound.limit"

export interface OutboundWatch {
  /** Counts a submitted message. The reason why it must wait, or undefined; fails with `unavailable`. */
  watch(sent: { readonly account: Account; readonly recipients: readonly string[]; readonly now: number }): Promise<Result<HeldReason | undefined, Failure>>
  /** A message from outside has come for these accounts. Returns at once, never throws; what is lost here makes somebody a stranger, no more. */
  heardFrom(address: string, accountIds: readonly number[]): void
  /** Writes down what was heard. */
  close(): Promise<void>
}

export interface OutboundWatchParts {
  readonly outbound: Pick<OutboundStore, "count" | "held" | "hold" | "know">
  readonly limits: OutboundLimits
  /** Canonical addresses of accounts that programs send from, and what holds for them. */
  readonly automated: ReadonlySet<string>
  readonly automatedLimits: OutboundLimits
  /** Who is told now, beside the account itself: addresses. */
  readonly administrators: () => readonly string[]
  readonly log: OutboundLog
}

export interface OutboundLog {
  accountHeld(event: { readonly accountId: number; readonly reason: string }): void
  outboundFailed(event: { readonly during: string; readonly error: unknown }): void
}

const writeEveryMs = 2_000
const maxUnwritten = 5_000
/** Pairs of account and correspondent that need not be written again. */
const maxRemembered = 20_000
/** A circular from outside tells nothing about who knows whom. */
const maxHearers = 50

export function createOutboundWatch({ outbound, limits, automated, automatedLimits, administrators, log }: OutboundWatchParts): OutboundWatch {
  const remembered = new Set<string>()
  let unwritten: Correspondent[] = []
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const write = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const batch = unwritten
    unwritten = []
    if (batch.length > 0) writing = writing.then(() => outbound.know(batch)).catch((error: unknown) => log.outboundFailed({ during: "noting correspondents", error }))
    return writing
  }

  const judge = async (account: Account, recipients: readonly string[], now: number): Promise<HeldReason | undefined> => {
    const volume = recipients.length > 0 ? await outbound.count({ accountId: account.id, recipients, now }) : undefined
    const already = volume ? volume.held : await outbound.held(account.id)
    const reason = already ?? (volume && outboundPolicy(volume, automated.has(account.address) ? automatedLimits : limits))
    if (!reason) return undefined
    if (!already) log.accountHeld({ accountId: account.id, reason: reason.reasonEn })
    return heldReason(reason, (await outbound.hold(account.id, reason)) ? [...new Set([...administrators(), account.address])] : [])
  }

  return {
    async watch({ account, recipients, now }) {
      try {
        return ok(await judge(account, recipients, now))
      } catch (error) {
        log.outboundFailed({ during: "counting", error })
        return failed(failure("unavailable", "what the account has sent cannot be counted now"))
      }
    },
    heardFrom(address, accountIds) {
      if (address === "" || accountIds.length > maxHearers) return
      for (const accountId of accountIds) {
        const pair = `${accountId} ${address}`
        if (remembered.has(pair) || unwritten.length >= maxUnwritten) continue
        if (remembered.size >= maxRemembered) remembered.clear()
        remembered.add(pair)
        unwritten.push({ accountId, address })
      }
      timer ??= setTimeout(() => void write(), writeEveryMs).unref()
    },
    close: write,
  }
}

const heldReason = ({ reasonVi, reasonEn }: HeldAccountReason, notify: readonly string[]): HeldReason => ({ kind: "approval", ruleId: outboundRuleId, reasonVi, reasonEn, notify })
