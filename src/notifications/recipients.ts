import { setImmediate as yieldToOthers } from "node:timers/promises"
import type { Account, Directory } from "../accounts/directory.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { expandRecipients, foreignKey, type Unserved } from "../intake/expand-recipients.ts"
import { isValidMailbox } from "../mail/address.ts"
import { maxProblems, recipientEntry, type RequestProblem } from "./request.ts"

/**
 * Whom a notification is for: addresses and aliases of accounts, groups with all their members as they are now, and addresses elsewhere. One that is named
 * twice is written to once, unless each time with other data. All that is wrong is told, not only the first. Must not know: templates, what is sent.
 */
export interface Recipients {
  readonly recipients: readonly ResolvedRecipient[]
  /** Named again with the same data. */
  readonly duplicates: number
}

export interface ResolvedRecipient {
  readonly address: string
  readonly asked: string
  /** Its own data; undefined: it has none. */
  readonly data: Readonly<Record<string, unknown>> | undefined
  /** Its place in what was asked. */
  readonly entry: number
}

/** As many as intake takes for one message. */
const maxResolved = 50_000
/** Entries looked at before others get their turn: 1-3 ms. */
const entriesAtOnce = 200

export async function resolveRecipients(entries: readonly unknown[], { directory, sender }: { readonly directory: Directory; readonly sender: Account }): Promise<Result<Recipients, readonly RequestProblem[]>> {
  const found = new Map<string, ResolvedRecipient>()
  const problems: RequestProblem[] = []
  const groups = new Map<string, Result<readonly string[], string>>()
  /** Groups that were written to, with what data. */
  const done = new Set<string>()
  let named = 0
  for (const [entry, value] of entries.entries()) {
    if (entry % entriesAtOnce === entriesAtOnce - 1) await yieldToOthers()
    const parsed = recipientEntry.safeParse(value)
    if (!parsed.success) problems.push({ pointer: `to.${entry}`, detail: "is neither an address nor an object with an address and data" })
    else {
      const { resolved, group } = resolve(parsed.data.address, { directory, sender, groups })
      if (!resolved.ok) problems.push({ pointer: typeof value === "string" ? `to.${entry}` : `to.${entry}.address`, detail: `${parsed.data.address.slice(0, 100)} ${resolved.failure}` })
      else {
        const { data, address: asked } = parsed.data
        const key = data === undefined ? "" : JSON.stringify(data)
        const whole = group === undefined ? undefined : `${group} ${key}`
        if (whole !== undefined && done.has(whole)) {
          named += resolved.value.length
          continue
        }
        if (whole !== undefined) done.add(whole)
        for (const address of resolved.value) {
          named++
          const place = `${address} ${key}`
          if (!found.has(place)) found.set(place, { address, asked, data, entry })
        }
        if (found.size > maxResolved) problems.push({ pointer: `to.${entry}`, detail: `makes more than ${maxResolved} recipients` })
      }
    }
    if (problems.length >= maxProblems) break
  }
  return problems.length > 0 ? failed(problems) : ok({ recipients: [...found.values()], duplicates: named - found.size })
}

interface Resolving {
  readonly directory: Directory
  readonly sender: Account
  /** Those that were opened, by address: one that is named ten thousand times is opened once. */
  readonly groups: Map<string, Result<readonly string[], string>>
}

interface Resolved {
  /** Canonical addresses; failure: a clause about the address. */
  readonly resolved: Result<readonly string[], string>
  /** Its address, where it is one. */
  readonly group?: string
}

function resolve(address: string, { directory, sender, groups }: Resolving): Resolved {
  if (!isValidMailbox(address)) return { resolved: failed("is no address") }
  const resolution = directory.resolve(address)
  switch (resolution.kind) {
    case "account":
      return { resolved: resolution.account.suspended ? failed("is suspended") : ok([resolution.account.address]) }
    case "foreign":
      return { resolved: ok([foreignKey(address)]) }
    case "unknown":
      return { resolved: failed("does not exist here") }
    case "group": {
      const group = resolution.group.address
      const resolved = groups.get(group) ?? membersOf(group, directory, sender)
      groups.set(group, resolved)
      return { resolved, group }
    }
  }
}

function membersOf(group: string, directory: Directory, sender: Account): Result<readonly string[], string> {
  const { final, unserved: [problem], moderated } = expandRecipients({ directory, recipients: [{ forwardPath: group }], sender: sender.address, mayRelay: true, maxFinalRecipients: maxResolved })
  if (problem) return failed(reasons[problem.reason])
  // its members are written to one by one: nothing would be held for the group
  return moderated.length > 0 ? failed("is a group whose moderators approve what this sender writes: one of them may send it") : ok(final.map(({ recipient }) => recipient))
}

const reasons = {
  unknown: "does not exist here", suspended: "is suspended", relay: "is elsewhere", closedGroup: "is a group that is closed to this sender", tooLarge: "is a group too large", emptyGroup: "is a group that reaches nobody",
} as const satisfies Record<Unserved["reason"], string>
