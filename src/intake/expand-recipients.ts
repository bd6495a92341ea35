/**
 * Forward-paths → final recipients: aliases followed, groups opened, one delivery for each account or foreign mailbox
 * however often it was named. Pure. Must not know: SMTP, SQL, policy wording.
 */
import { asciiDomain } from "../mail/address.ts"
import type { Account, Directory, Group } from "../accounts/directory.ts"
import { type ForwardingRules, reachedBy } from "../accounts/forwarding.ts"
import type { NotifyCondition, Recipient } from "../mail/envelope.ts"

export interface ExpandRequest {
  readonly directory: Directory
  readonly recipients: readonly Recipient[]
  /** Canonical address of the account the message is sent as; null when nobody signed in. */
  readonly sender: string | null
  /** Whether a forward-path may lead out of here; a group's foreign member always may. */
  readonly mayRelay: boolean
  /** Final recipients of one message beyond which a group is taken for a mistake. */
  readonly maxFinalRecipients: number
  /** Whom an address stands for that bounces come back to; undefined for all others. */
  readonly bounceTo?: (address: string) => string | undefined
  /** Where accounts may pass mail on to; absent: nowhere. `mayGoOn` is asked only where somebody does. `copyStays`: also where the account keeps none. */
  readonly forwarding?: ForwardingRules & { readonly now: number; readonly mayGoOn: () => boolean; readonly copyStays?: boolean }
}

export interface FinalRecipient {
  readonly recipient: string
  readonly accountId: number | null
  readonly originalRecipient: string
  readonly notify: readonly NotifyCondition[]
  /** Nobody wrote to this mailbox elsewhere: an account passes its mail on to it. */
  readonly passedOn?: true
}

/** Why a forward-path of the envelope cannot be served now. */
export interface Unserved {
  readonly recipient: Recipient
  readonly reason: "unknown" | "suspended" | "relay" | "closedGroup" | "tooLarge" | "emptyGroup"
}

export interface Expansion {
  readonly final: readonly FinalRecipient[]
  readonly unserved: readonly Unserved[]
  /** Groups, nested ones too, whose moderators have to approve what this sender writes. */
  readonly moderated: readonly Group[]
  /** Members of groups that reach nobody: unknown or suspended. They do not stop the others. */
  readonly skippedMembers: readonly string[]
}

type Reached = Pick<FinalRecipient, "recipient" | "accountId" | "passedOn">

/** Nested deeper than any organization is; a cycle is cut by the set of groups already open, this only bounds the stack. */
const maxGroupDepth = 32

const mustBeApproved = ({ moderators }: Group, sender: string | null): boolean => moderators != null && !(sender !== null && moderators.includes(sender))

const maySendTo = (group: Group, sender: string | null): boolean => group.allowedSenders === null || (sender !== null && group.allowedSenders.includes(sender))

/** NOTIFY of a group's members: our groups are multiple-recipient aliases, of which not every member may report success (RFC 3461 §5.2.7.3). */
const memberNotify = (notify: readonly NotifyCondition[]): readonly NotifyCondition[] => {
  const kept = notify.filter((condition) => condition !== "success")
  return kept.length === 0 && notify.length > 0 ? ["never"] : kept
}

/** Asked for by either is asked for; `never` holds only when both said so. An empty list is the default and so wins over `never`. */
const mergeNotify = (a: readonly NotifyCondition[], b: readonly NotifyCondition[]): readonly NotifyCondition[] => {
  if (a.length === 0 || b.length === 0) {
    const asked = [...a, ...b].filter((condition) => condition !== "never")
    return asked.includes("success") ? [...new Set<NotifyCondition>([...asked, "failure"])] : []
  }
  const merged = [...new Set([...a, ...b])]
  return merged.length > 1 ? merged.filter((condition) => condition !== "never") : merged
}

/** A foreign mailbox's local part is its own server's business (RFC 5321 §2.4); only the domain has one spelling. */
export const foreignKey = (address: string): string => {
  const at = address.lastIndexOf("@")
  const domain = address.slice(at + 1)
  return `${address.slice(0, at)}@${asciiDomain(domain) ?? domain.toLowerCase()}`
}

export function expandRecipients({ directory, recipients, sender, mayRelay, maxFinalRecipients, bounceTo, forwarding }: ExpandRequest): Expansion {
  const final = new Map<string, FinalRecipient>()
  const unserved: Unserved[] = []
  const skippedMembers: string[] = []
  const moderated = new Set<Group>()
  /** Groups, each with what is to be told of it. */
  const opened = new Set<string>()

  const add = (next: FinalRecipient): void => {
    const known = final.get(next.recipient)
    if (!known) return void final.set(next.recipient, next)
    const { passedOn, ...merged } = { ...known, notify: mergeNotify(known.notify, next.notify) }
    final.set(next.recipient, passedOn && next.passedOn ? { ...merged, passedOn } : merged)
  }

  /** By address: the account itself, or whom it passes its mail on to. */
  const reached = (account: Account): readonly Reached[] => {
    if (!forwarding || !directory.forwarding(account.id, forwarding.now) || !forwarding.mayGoOn()) return [{ recipient: account.address, accountId: account.id }]
    const { accounts, foreign } = reachedBy(account, { directory, rules: forwarding, now: forwarding.now })
    const kept = forwarding.copyStays ? [account, ...accounts] : accounts
    return [...kept.map(({ address, id }): Reached => ({ recipient: address, accountId: id })), ...foreign.map((address): Reached => ({ recipient: foreignKey(address), accountId: null, passedOn: true }))]
  }

  /** Opens a group into `members`; false when it, or a group inside, is closed to the sender or there is no end to it. */
  const open = (group: Group, members: Map<string, Reached>, seen: Set<string>, depth: number): Unserved["reason"] | undefined => {
    if (seen.has(group.address)) return undefined
    seen.add(group.address)
    if (!maySendTo(group, sender)) return "closedGroup"
    if (depth > maxGroupDepth) return "tooLarge"
    if (mustBeApproved(group, sender)) moderated.add(group)
    for (const member of group.members) {
      const resolution = directory.resolve(member)
      if (resolution.kind === "group") {
        const reason = open(resolution.group, members, seen, depth + 1)
        if (reason) return reason
      } else if (resolution.kind === "foreign") members.set(foreignKey(member), { recipient: foreignKey(member), accountId: null })
      else if (resolution.kind === "account" && !resolution.account.suspended) {
        for (const one of reached(resolution.account)) if (!members.has(one.recipient) || !one.passedOn) members.set(one.recipient, one)
      } else skippedMembers.push(member)
      if (members.size + final.size > maxFinalRecipients) return "tooLarge"
    }
    return undefined
  }

  for (const recipient of recipients) {
    const original = bounceTo?.(recipient.forwardPath)
    const forwardPath = original ?? recipient.forwardPath
    const resolution = directory.resolve(forwardPath)
    const originalRecipient = recipient.originalRecipient ?? recipient.forwardPath
    const notify = recipient.notify ?? []
    switch (resolution.kind) {
      case "unknown":
        unserved.push({ recipient, reason: "unknown" })
        break
      case "foreign":
        if (mayRelay || original !== undefined) add({ recipient: foreignKey(forwardPath), accountId: null, originalRecipient, notify })
        else unserved.push({ recipient, reason: "relay" })
        break
      case "account":
        if (resolution.account.suspended) unserved.push({ recipient, reason: "suspended" })
        else {
          const all = reached(resolution.account)
          // one address that has become several: not each may report success (RFC 3461 §5.2.7.3)
          for (const one of all) add({ ...one, originalRecipient, notify: all.length > 1 ? memberNotify(notify) : notify })
        }
        break
      case "group": {
        // written otherwise, it is the same: an outsider who names it a thousand times must not have it opened so often
        const asked = JSON.stringify([resolution.group.address, notify])
        if (opened.has(asked)) break
        opened.add(asked)
        const members = new Map<string, Reached>()
        const reason = open(resolution.group, members, new Set(), 0) ?? (members.size === 0 ? "emptyGroup" : undefined)
        if (reason) unserved.push({ recipient, reason })
        else for (const one of members.values()) add({ ...one, originalRecipient, notify: memberNotify(notify) })
      }
    }
  }
  return { final: [...final.values()], unserved, moderated: [...moderated], skippedMembers }
}

/** Whether the sender may reach a group with everything inside it; asked at RCPT. */
export const groupIsOpen = (directory: Directory, group: Group, sender: string | null): boolean => {
  const seen = new Set<string>()
  const visit = (next: Group, depth: number): boolean => {
    if (seen.has(next.address) || depth > maxGroupDepth) return true
    seen.add(next.address)
    return (
      maySendTo(next, sender) &&
      next.members.every((member) => {
        const resolution = directory.resolve(member)
        return resolution.kind !== "group" || visit(resolution.group, depth + 1)
      })
    )
  }
  return visit(group, 0)
}
