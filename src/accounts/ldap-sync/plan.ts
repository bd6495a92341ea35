import { setImmediate as breathe } from "node:timers/promises"
import type { ImportPlan, TablePlan } from "../import/plan.ts"
import type { DirectoryState } from "../import/provisioning-store.ts"
import type { AccountRow, AssignmentRow, GroupRow, MemberRow, PrincipalRow } from "../import/rows.ts"
import { canonicalAddress, isValidMailbox } from "../../mail/address.ts"
import { addressByRule, parseAddressRule } from "../provision/address-rule.ts"
import { problemsOf } from "../provision/check-change.ts"
import { problemText } from "../provision/problems.ts"
import { isReserved } from "../provision/reserved-names.ts"
import { ringsIn } from "./group-rings.ts"
import type { ExternalLink, LdapEntries, LdapGroup, LdapPerson } from "./entries.ts"

/**
 * The difference between an LDAP server and the directory, as an import's plan. Only what a synchronization once linked is ever changed, suspended or opened again:
 * who was made by hand stays. An entry that cannot be taken over is reported, and what it is linked to left as it is. Pure; others have
 * their turn between some entries and the next.
 */
export interface SyncOptions {
  /** For entries without a unit; empty: they are problems. */
  readonly defaultUnit: string
  readonly quotaBytes: number
  /** Of units that say nothing, nor any above them. */
  readonly addressRule: string
  readonly today: string
  /** Addresses of groups that were made by hand and follow the server from now on: an administrator said so. */
  readonly takeOver: ReadonlySet<string>
}

export interface SyncFacts {
  readonly state: DirectoryState
  readonly links: readonly ExternalLink[]
  /** Of units that have one of their own. */
  readonly rules: ReadonlyMap<string, string>
}

export interface SyncPlan {
  readonly plan: ImportPlan
  /** As they are to be afterwards. */
  readonly links: readonly ExternalLink[]
  readonly problems: readonly SyncProblem[]
  /** Linked people that are not suspended, and how many of them would be; groups, and members of groups that are taken over, and how many would be removed. */
  readonly linked: number
  readonly suspended: number
  readonly groups: Loss
  readonly members: Loss
  /** An entry is linked that was not, or a link has gone. */
  readonly newLinks: boolean
}

export interface Loss {
  readonly before: number
  readonly lost: number
}

export interface SyncProblem {
  readonly dn: string
  readonly reason: string
}

const maxProblems = 1_000
/** Entries at once. */
const slice = 50
const membersAtOnce = 5_000

export async function planSync({ people, groups }: LdapEntries, facts: SyncFacts, options: SyncOptions): Promise<SyncPlan> {
  const problems: SyncProblem[] = []
  const report = (dn: string, reason: string): void => void (problems.length < maxProblems && problems.push({ dn: shown(dn.slice(0, 300)), reason: shown(reason) }))
  const persons = await planPeople(people, { facts, options, report })
  const mail = await planGroups(groups, { facts, options, report, accountOf: persons.accountOf, taken: persons.taken })
  const { state } = facts
  const plan: ImportPlan = {
    version: state.version, today: options.today, certificates: new Map(),
    tables: {
      units: none(), aliases: none(), certificates: none(), principals: persons.principals, accounts: persons.accounts, assignments: table<AssignmentRow>({ add: persons.assignments }), groups: mail.groups, members: mail.members,
    },
  }
  const links = [...persons.links, ...mail.links]
  await breathe()
  const known = new Set(facts.links.map(linkText))
  await breathe()
  return { plan, links, newLinks: links.length !== known.size || links.some((link) => !known.has(linkText(link))), problems, linked: persons.linked, suspended: persons.principals.suspend.length, groups: { before: mail.linked, lost: mail.groups.suspend.length }, members: { before: mail.present, lost: mail.members.suspend.length } }
}

/** As JSON in the database takes it, and a terminal. */
// oxlint-disable-next-line no-control-regex -- exactly what must not be in it
const shown = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, " ").toWellFormed()

const linkText = ({ kind, externalId, key, gone }: ExternalLink): string => JSON.stringify([kind, externalId, key, gone])

const table = <Row>(some: Partial<TablePlan<Row>>): TablePlan<Row> => ({ add: [], change: [], suspend: [], reactivate: [], unchanged: 0, leftSuspended: 0, ...some })
const none = <Row>(): TablePlan<Row> => table<Row>({})

interface PeopleParts {
  readonly facts: SyncFacts
  readonly options: SyncOptions
  readonly report: (dn: string, reason: string) => void
}

async function planPeople(people: readonly LdapPerson[], { facts: { state, links, rules }, options, report }: PeopleParts) {
  const { principals, accounts, assignments, units, aliases, groups } = state.tables
  const byId = new Map(principals.map((row) => [row.principalId, row]))
  const byAddress = new Map(accounts.map((row) => [row.address, row]))
  const ownerOf = new Map<string, string>()
  const accountOfPerson = new Map<string, AccountRow>()
  for (const { address, principalId, rights, until } of assignments) {
    const account = byAddress.get(address)
    if (account?.kind !== "personal" || !rights.includes("owner") || (until !== null && until < options.today)) continue
    ownerOf.set(address, principalId)
    accountOfPerson.set(principalId, account)
  }
  const linkOf = new Map(links.filter(({ kind }) => kind === "person").map((link) => [link.externalId, link]))
  const linkOfKey = new Map([...linkOf.values()].map((link) => [link.key, link]))
  const present = new Set(people.map(({ externalId }) => externalId))
  const taken = new Set([...accounts, ...aliases, ...groups].map(({ address }) => address))
  const domains = new Set(units.map(({ domain }) => domain))
  const unitOf = unitFinder(units)
  const nextNumber = nextNumbers(byId)
  const namer = addressNamer({ units, rules, otherwise: options.addressRule, taken })

  const [add, change, back] = [new Map<string, PrincipalRow>(), [] as PrincipalRow[], [] as PrincipalRow[]]
  const [newAccounts, changedAccounts, openedAccounts] = [[] as AccountRow[], [] as AccountRow[], [] as AccountRow[]]
  const newAssignments: AssignmentRow[] = []
  const linked = new Map<string, ExternalLink>()
  const accountOf = new Map<string, string>()
  const seen = new Set<string>()
  let unchanged = 0

  for (const [at, person] of people.entries()) {
    if (at % slice === slice - 1) await breathe()
    if (person.externalId === "") {
      report(person.dn, "has nothing that never changes: the attribute of ldapSync.idAttribute is missing")
      continue
    }
    if (seen.has(person.externalId)) continue
    seen.add(person.externalId)
    // made anew there, with the number it had: still the same person
    const former = person.number === "" ? undefined : linkOfKey.get(person.number)
    const link = linkOf.get(person.externalId) ?? (former && !present.has(former.externalId) ? former : undefined)
    // whatever is wrong with the entry, it is there: nobody is suspended for it
    if (link) linked.set(link.key, link)
    const address = isValidMailbox(person.address) ? canonicalAddress(person.address) : ""
    const isOurs = domains.has(address.slice(address.lastIndexOf("@") + 1))
    const unitCode = person.unit === "" ? options.defaultUnit : unitOf(person.unit)
    if (unitCode === undefined || unitCode === "") {
      report(person.dn, person.unit === "" ? "has no unit" : `there is no one unit "${person.unit.slice(0, 60)}"`)
      continue
    }
    const key = link?.key ?? (person.number !== "" && byId.has(person.number) ? person.number : ownerOf.get(address))
    const before = key === undefined ? undefined : byId.get(key)
    if (!link && key !== undefined && (linkOfKey.has(key) || linked.has(key))) {
      // the mailbox of somebody who has left is not his successor's only because the address is
      report(person.dn, `${key} is, or was, another entry's`)
      continue
    }
    const fields = { name: person.name, unitCode, title: person.title, phone: person.phone }
    const wrong = problemsOf({ kind: "addPerson", person: { principalId: person.number, kind: "individual", ...fields } })[0]
    if (wrong) {
      report(person.dn, problemText(wrong, "en"))
      continue
    }
    if (before) {
      const after: PrincipalRow = { principalId: before.principalId, kind: before.kind, ...fields }
      if (JSON.stringify(after) === JSON.stringify(before)) unchanged++
      else change.push(after)
      const account = accountOfPerson.get(before.principalId)
      if (account) {
        accountOf.set(person.dn.toLowerCase(), account.address)
        // an account that was named otherwise on purpose, or is in another unit, stays so
        const followed: AccountRow = { ...account, displayName: account.displayName === before.name ? after.name : account.displayName, unitCode: account.unitCode === before.unitCode ? after.unitCode : account.unitCode }
        if (JSON.stringify(followed) !== JSON.stringify(account)) changedAccounts.push(followed)
        if (link?.gone === true && state.suspendedAccounts.has(account.address) && !state.archivedAccounts.has(account.address)) openedAccounts.push(account)
      }
      if (link?.gone === true && state.suspendedPrincipals.has(before.principalId)) back.push(after)
      linked.set(before.principalId, { kind: "person", externalId: person.externalId, key: before.principalId, gone: false })
      continue
    }
    const principalId = person.number !== "" ? person.number : nextNumber()
    if (add.has(principalId)) {
      report(person.dn, `the number ${principalId} is another entry's, too`)
      continue
    }
    if (isOurs && isReserved(address.slice(0, address.lastIndexOf("@")))) {
      report(person.dn, `${address} is a name that the system needs`)
      continue
    }
    const made = isOurs ? (taken.has(address) ? undefined : address) : namer(person.name, unitCode)
    if (made === undefined) {
      report(person.dn, isOurs ? `the address ${address} is taken` : "the unit's rule makes no free address of its name")
      continue
    }
    const wrongAddress = problemsOf({ kind: "addAccount", account: { address: made, kind: "personal", displayName: person.name, unitCode, quotaBytes: options.quotaBytes, ownerId: null } })[0]
    if (wrongAddress) {
      report(person.dn, problemText(wrongAddress, "en"))
      continue
    }
    taken.add(made)
    add.set(principalId, { principalId, kind: "individual", ...fields })
    newAccounts.push({ address: made, kind: "personal", displayName: person.name, unitCode, quotaBytes: options.quotaBytes })
    newAssignments.push({ address: made, principalId, rights: ["owner"], from: null, until: null })
    accountOf.set(person.dn.toLowerCase(), made)
    linked.set(principalId, { kind: "person", externalId: person.externalId, key: principalId, gone: false })
  }

  const active = [...linkOf.values()].flatMap(({ key }) => {
    const row = byId.get(key)
    return row && !state.suspendedPrincipals.has(key) ? [row] : []
  })
  const missing = active.filter(({ principalId }) => !linked.has(principalId))
  const missingKeys = new Set(missing.map(({ principalId }) => principalId))
  const gone = [...linkOf.values()].filter(({ key }) => !linked.has(key)).map((link) => ({ ...link, gone: link.gone || missingKeys.has(link.key) }))
  const closed = missing.flatMap(({ principalId }) => {
    const account = accountOfPerson.get(principalId)
    return account && !state.suspendedAccounts.has(account.address) ? [account] : []
  })
  return {
    principals: table<PrincipalRow>({ add: [...add.values()], change, suspend: missing, reactivate: back, unchanged }), accounts: table<AccountRow>({ add: newAccounts, change: changedAccounts, suspend: closed, reactivate: openedAccounts }),
    assignments: newAssignments, links: [...linked.values(), ...gone], linked: active.length, accountOf, taken,
  }
}

/** A code, or a name that one unit alone has. */
function unitFinder(units: DirectoryState["tables"]["units"]): (text: string) => string | undefined {
  const codes = new Set(units.map(({ code }) => code))
  const byName = new Map<string, string | undefined>()
  for (const { code, name } of units) byName.set(name.toLowerCase(), byName.has(name.toLowerCase()) ? undefined : code)
  return (text) => (codes.has(text) ? text : byName.get(text.toLowerCase()))
}

/** As the editor numbers people (`CN00001`). */
function nextNumbers(byId: ReadonlyMap<string, unknown>): () => string {
  let last = Math.max(0, ...[...byId.keys()].flatMap((id) => (/^CN\d{1,12}$/.test(id) ? [Number(id.slice(2))] : [])))
  return () => `CN${String(++last).padStart(5, "0")}`
}

/** The first free address of a name by the rule of its unit, or the nearest above that has one. */
function addressNamer({ units, rules, otherwise, taken }: { readonly otherwise: string; readonly units: DirectoryState["tables"]["units"]; readonly rules: ReadonlyMap<string, string>; readonly taken: ReadonlySet<string> }): (name: string, unitCode: string) => string | undefined {
  const byCode = new Map(units.map((unit) => [unit.code, unit]))
  const numbers = new Map<string, number>()
  const ruleOf = (unitCode: string): string => {
    let at = byCode.get(unitCode)
    for (let steps = 0; at && steps < maxDepth; at = at.parentCode === null ? undefined : byCode.get(at.parentCode), steps++) {
      const own = rules.get(at.code)
      if (own !== undefined) return own
    }
    return otherwise
  }
  return (name, unitCode) => {
    const unit = byCode.get(unitCode)
    const rule = parseAddressRule(ruleOf(unitCode))
    const address = unit && rule.ok ? addressByRule(rule.value, { name, unit: { code: unitCode, domain: unit.domain }, isTaken: (one) => taken.has(one), numbers }) : undefined
    return address?.ok ? address.value : undefined
  }
}

const maxDepth = 50

interface GroupParts {
  readonly facts: SyncFacts
  readonly options: SyncOptions
  readonly report: (dn: string, reason: string) => void
  /** Addresses of people's accounts, by distinguished name in small letters. */
  readonly accountOf: ReadonlyMap<string, string>
  readonly taken: ReadonlySet<string>
}

async function planGroups(groups: readonly LdapGroup[], { facts: { state, links }, options: { takeOver }, report, accountOf, taken }: GroupParts) {
  const before = new Map(state.tables.groups.map((row) => [row.address, row]))
  const domains = new Set(state.tables.units.map(({ domain }) => domain))
  const linkOf = new Map(links.filter(({ kind }) => kind === "group").map((link) => [link.externalId, link]))
  // an entry that was made anew there has another id, and its group is ours to keep in step all the same
  const followed = new Set([...linkOf.values()].map(({ key }) => key))
  const linked = new Map<string, ExternalLink>()
  const wanted = new Map<string, { readonly row: GroupRow; readonly group: LdapGroup & { readonly members: readonly string[] } }>()
  const addressOf = new Map(accountOf)
  for (const group of groups) {
    const link = linkOf.get(group.externalId)
    if (link) linked.set(link.key, link)
    const address = link?.key ?? (isValidMailbox(group.address) ? canonicalAddress(group.address) : "")
    if (group.externalId === "" || address === "" || !domains.has(address.slice(address.lastIndexOf("@") + 1))) report(group.dn, "has no address in a domain of this directory's")
    else if (group.members === null) report(group.dn, "has more members than one answer of the server holds; it is left as it is")
    else if (wanted.has(address) || (!link && taken.has(address) && !before.has(address))) report(group.dn, `the address ${address} is taken`)
    else if (before.has(address) && !followed.has(address) && !takeOver.has(address)) report(group.dn, `the group ${address} was made by hand and would lose its members: --take-over ${address} lets it follow the server`)
    else {
      const wrong = problemsOf({ kind: "addGroup", group: { address, displayName: group.name, unitCode: null, allowedSenders: null, moderators: null, members: [] } })[0]
      if (wrong) {
        report(group.dn, problemText(wrong, "en"))
        continue
      }
      wanted.set(address, { row: { address, displayName: group.name, allowedSenders: before.get(address)?.allowedSenders ?? null }, group: { ...group, members: group.members } })
      addressOf.set(group.dn.toLowerCase(), address)
      linked.set(address, { kind: "group", externalId: group.externalId, key: address, gone: false })
    }
  }
  const rows = [...wanted.values()].map(({ row }) => row)
  const gone = [...linkOf.values()].filter(({ key }) => !linked.has(key))
  const removed = gone.flatMap(({ key }) => before.get(key) ?? [])
  const members = await memberRows([...wanted.values()], { addressOf, report })
  const isOf = new Set([...wanted.keys(), ...removed.map(({ address }) => address)])
  // tens of thousands of members: each step takes some milliseconds
  await breathe()
  const present = state.tables.members.filter(({ group }) => isOf.has(group))
  const [old, next] = [await keysOf(present), await keysOf(members)]
  const newMembers = members.filter((row) => !old.has(memberKey(row)))
  await breathe()
  const lostMembers = present.filter((row) => !next.has(memberKey(row)))
  await breathe()
  return {
    groups: table<GroupRow>({
      add: rows.filter(({ address }) => !before.has(address)), change: rows.filter((row) => before.has(row.address) && JSON.stringify(before.get(row.address)) !== JSON.stringify(row)), suspend: removed,
      unchanged: rows.filter((row) => JSON.stringify(before.get(row.address)) === JSON.stringify(row)).length,
    }),
    members: table<MemberRow>({ add: newMembers, suspend: lostMembers }),
    links: [...linked.values()], linked: linkOf.size, present: present.length,
  }
}

const memberKey = ({ group, member }: MemberRow): string => `${group}\n${member}`

async function keysOf(members: readonly MemberRow[]): Promise<ReadonlySet<string>> {
  const keys = new Set<string>()
  for (const [at, member] of members.entries()) {
    if (at % membersAtOnce === membersAtOnce - 1) await breathe()
    keys.add(memberKey(member))
  }
  return keys
}

/** Members that are nobody here are left out; a group that would contain itself is not put into itself. */
async function memberRows(wanted: readonly { readonly row: GroupRow; readonly group: { readonly dn: string; readonly members: readonly string[] } }[], { addressOf, report }: { readonly addressOf: ReadonlyMap<string, string>; readonly report: GroupParts["report"] }): Promise<readonly MemberRow[]> {
  const inside = new Map<string, Set<string>>()
  for (const { row: { address }, group } of wanted) {
    await breathe()
    const members = group.members.flatMap((dn) => addressOf.get(dn.toLowerCase()) ?? [])
    if (members.length < group.members.length) report(group.dn, `${group.members.length - members.length} of its members are nobody here`)
    inside.set(address, new Set(members))
  }
  const dnOf = new Map(wanted.map(({ row, group }) => [row.address, group.dn]))
  await breathe()
  for (const { group, member } of ringsIn(inside)) {
    inside.get(group)?.delete(member)
    report(dnOf.get(group) ?? "", `would contain itself through ${member}`)
  }
  await breathe()
  return [...inside].flatMap(([group, members]) => [...members].map((member) => ({ group, member })))
}
