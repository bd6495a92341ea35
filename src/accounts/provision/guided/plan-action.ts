import { withoutDiacritics } from "../../../base/folded-name.ts"
import type { AccountRecord, AssignmentRecord, PersonRecord } from "../records.ts"
import type { ActionStep } from "./steps.ts"

/** From what the directory holds to the steps of a guided action. Pure. */
export interface MoveFacts {
  readonly person: PersonRecord
  readonly to: { readonly unitCode: string; readonly title: string | null }
  /** From a unit upwards, itself first. */
  readonly oldPath: readonly string[]
  readonly newPath: readonly string[]
  /** Personal accounts that the person owns, each with its address by the new unit's rule; null: it keeps the one it has. */
  readonly accounts: readonly { readonly record: AccountRecord; readonly newAddress: string | null; readonly groups: readonly { readonly address: string; readonly unitCode: string | null; readonly as: string }[] }[]
  /** In force, on offices' accounts. */
  readonly assignments: readonly (AssignmentRecord & { readonly unitCode: string })[]
  /** Groups of the new unit and those above it that most of its people are in. */
  readonly usualGroups: readonly { readonly address: string; readonly unitCode: string }[]
  readonly aliasUntil: string
}

export function planMove({ person, to, oldPath, newPath, accounts, assignments, usualGroups, aliasUntil }: MoveFacts): readonly ActionStep[] {
  const { principalId, name } = person
  /** What belongs to the place that is left behind: it stands over the old unit, and not over the new one. */
  const isLeft = (unitCode: string | null): boolean => unitCode !== null && oldPath.includes(unitCode) && !newPath.includes(unitCode)
  const steps: ActionStep[] = [{ step: "movePerson", principalId, name, from: person.unitCode, to: to.unitCode }]
  if (to.title !== null && to.title !== person.title) steps.push({ step: "setTitle", principalId, from: person.title, to: to.title })
  for (const { address, rights, from, until, unitCode } of assignments) if (isLeft(unitCode)) steps.push({ step: "endAssignment", address, principalId, rights, from, until })
  for (const { record, newAddress, groups } of accounts) {
    for (const { address: group, unitCode, as } of groups) if (isLeft(unitCode)) steps.push({ step: "leaveGroup", group, address: as })
    steps.push({ step: "moveAccount", address: record.address, from: record.unitCode, to: to.unitCode })
    const address = newAddress ?? record.address
    if (address !== record.address) steps.push({ step: "renameAccount", address: record.address, to: address, until: aliasUntil })
    const joined = usualGroups.filter(({ address: group, unitCode }) => !oldPath.includes(unitCode) && !groups.some((one) => one.address === group))
    for (const { address: group } of joined) steps.push({ step: "joinGroup", group, address })
  }
  return steps
}

export interface LeaveFacts {
  readonly person: PersonRecord
  readonly accounts: readonly AccountRecord[]
  /** Not ended, on accounts of others. */
  readonly assignments: readonly AssignmentRecord[]
  readonly archiveOn: string
}

export const planLeave = ({ person: { principalId, name, suspended }, accounts, assignments, archiveOn }: LeaveFacts): readonly ActionStep[] => [
  ...(suspended ? [] : [{ step: "suspendPerson", principalId, name } as const]),
  ...assignments.map(({ address, rights, from, until }) => ({ step: "endAssignment", address, principalId, rights, from, until }) as const),
  ...accounts.filter(({ suspended: closed, archiveOn: day }) => !closed || day === null).map(({ address, suspended: closed }) => ({ step: closed ? "archiveAccount" : "suspendAccount", address, archiveOn }) as const),
]

/** Months that the mailbox of a leaver is kept. */
export function monthsKept(title: string, rules: { readonly leaverMonths: number; readonly headMonths: number; readonly headTitles: readonly string[] }): number {
  const folded = (text: string): string => withoutDiacritics(text).toLowerCase().replace(/\s+/g, " ").trim()
  const words = `${folded(title)} `
  return rules.headTitles.some((begin) => folded(begin) !== "" && words.startsWith(`${folded(begin)} `)) ? Math.max(rules.headMonths, rules.leaverMonths) : rules.leaverMonths
}

/** The same day some months later, or the last of that month. */
export function monthsLater(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number)
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last))).toISOString().slice(0, 10)
}

export interface HandOverFacts {
  readonly account: AccountRecord
  readonly to: PersonRecord
  /** Not ended. */
  readonly owners: readonly (AssignmentRecord & { readonly name: string })[]
}

/** A personal account carries its holder's name; an office's keeps its own. */
export const planHandOver = ({ account: { address, kind, displayName }, to, owners }: HandOverFacts): readonly ActionStep[] => [
  ...owners.filter(({ principalId }) => principalId !== to.principalId).map(({ principalId, rights, from, until }) => ({ step: "endAssignment", address, principalId, rights, from, until }) as const),
  { step: "giveOwner", address, principalId: to.principalId, name: to.name },
  ...(kind === "personal" && owners.some(({ name }) => name === displayName) && displayName !== to.name ? [{ step: "nameAccount", address, from: displayName, to: to.name } as const] : []),
  { step: "newPassword", address },
]
