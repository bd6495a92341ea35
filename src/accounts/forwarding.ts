import { canonicalAddress, isValidMailbox, splitAddress } from "../mail/address.ts"
import { isDestination } from "../mail/destination-pattern.ts"
import type { Account, Directory } from "./directory.ts"

/**
 * Mail that an account passes on by itself: to whom, whether a copy stays, and where the province lets it go. It counts as long as whoever set it may
 * look after the account. No chain of forwards leads back to itself, and no message is lost on one: where it cannot go on, it stays. Pure.
 * Must not know: SQL, SMTP.
 */
export interface Forwarding {
  readonly accountId: number
  /** Canonical here; a foreign mailbox as it was written. */
  readonly target: string
  readonly keepCopy: boolean
  /** Whoever set it; null: an account that nobody owns. */
  readonly principalId: string | null
}

export interface ForwardingRules {
  /** To other accounts here. */
  readonly inside: boolean
  /** Foreign domains that mail may be passed on to, as in `destinationPattern`. */
  readonly domains: readonly string[]
}

export const forwardingProblems = ["form", "self", "unknown", "suspended", "group", "inside", "outside", "loop"] as const
export type ForwardingProblem = (typeof forwardingProblems)[number]

export interface ForwardingQuestion {
  readonly directory: Directory
  readonly account: Account
  /** As typed. */
  readonly target: string
  readonly rules: ForwardingRules
  readonly now: number
}

/** Longer chains than this are somebody's mistake. */
const maxChain = 5
const maxAddressCharacters = 320

/** What speaks against it; undefined: nothing. */
export function forwardingProblem({ directory, account, target, rules, now }: ForwardingQuestion): ForwardingProblem | undefined {
  if (target.length > maxAddressCharacters || !isValidMailbox(target)) return "form"
  const resolution = directory.resolve(target)
  if (resolution.kind === "unknown") return "unknown"
  if (resolution.kind === "group") return "group"
  if (resolution.kind === "foreign") return mayLeave(rules, target) ? undefined : "outside"
  if (resolution.account.id === account.id) return "self"
  if (!rules.inside) return "inside"
  if (resolution.account.suspended) return "suspended"
  return leadsTo(directory, { from: resolution.account, to: account, now }) ? "loop" : undefined
}

export const mayLeave = ({ domains }: ForwardingRules, target: string): boolean => {
  const domain = canonicalAddress(`x@${splitAddress(target)?.domain ?? ""}`).slice(2)
  return domain !== "" && domains.some((pattern) => isDestination(pattern, domain))
}

/** True also where the chain is so long that it need not be followed. */
function leadsTo(directory: Directory, { from, to, now }: { readonly from: Account; readonly to: Account; readonly now: number }): boolean {
  let at = from
  for (let steps = 0; steps < maxChain; steps++) {
    const forwarding = directory.forwarding(at.id, now)
    const next = forwarding && directory.resolve(forwarding.target)
    if (next?.kind !== "account") return false
    if (next.account.id === to.id) return true
    at = next.account
  }
  return true
}

export interface Reached {
  readonly accounts: readonly Account[]
  /** As written. */
  readonly foreign: readonly string[]
}

/** Whom mail to an account comes to. Rules that have become stricter, an end that is closed, a ring: then it stays where that is found out. */
export function reachedBy(account: Account, { directory, rules, now }: { readonly directory: Directory; readonly rules: ForwardingRules; readonly now: number }): Reached {
  const accounts = new Map<number, Account>()
  let at = account
  for (const seen = new Set<number>(); ; ) {
    seen.add(at.id)
    const forwarding = directory.forwarding(at.id, now)
    const next = forwarding && seen.size <= maxChain ? directory.resolve(forwarding.target) : undefined
    const onward = next?.kind === "account" && rules.inside && !next.account.suspended && !seen.has(next.account.id) ? next.account : undefined
    const foreign = forwarding && next?.kind === "foreign" && mayLeave(rules, forwarding.target) ? [forwarding.target] : []
    if (!forwarding || forwarding.keepCopy || (!onward && foreign.length === 0)) accounts.set(at.id, at)
    if (!onward) return { accounts: [...accounts.values()], foreign }
    at = onward
  }
}
