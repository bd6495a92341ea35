import { checkCertificates } from "./check-certificates.ts"
import { cycleFinder } from "./cycles.ts"
import type { ProblemList } from "./problem.ts"
import type { DirectoryState } from "./provisioning-store.ts"
import type { ImportFiles } from "./read-folder.ts"
import { short } from "./row-check.ts"
import type { DirectoryTables, TableName } from "./rows.ts"
import { namedRows } from "./tables.ts"

/** Checks what rows say of each other: everything named exists, in the files or in the directory, and no address means two things. */
export function checkReferences(files: ImportFiles, state: DirectoryState, problems: ProblemList): void {
  const bad = (table: TableName, place: { readonly line: number; readonly column: string }, reason: string): void => problems.add({ file: namedRows[table].file, ...place, reason })
  const units = known("units", files, state)
  const principals = known("principals", files, state)
  const accounts = known("accounts", files, state)
  const aliases = known("aliases", files, state)
  const groups = known("groups", files, state)
  const domains = localDomains(files, state, [accounts, aliases, groups])
  // What the files name too is compared where they name it.
  const aliasesElsewhere = new Set(keysInDirectory("aliases", state).filter((address) => !files.tables.aliases.keys.has(address)))
  const groupsElsewhere = new Set(keysInDirectory("groups", state).filter((address) => !files.tables.groups.keys.has(address)))

  for (const { line, row } of files.tables.units.rows) if (row.parentCode !== null && !units.has(row.parentCode)) bad("units", { line, column: "parent_code" }, `there is no unit "${row.parentCode}"`)
  for (const table of ["principals", "accounts"] as const)
    for (const { line, row } of files.tables[table].rows) if (!units.has(row.unitCode)) bad(table, { line, column: "unit_code" }, `there is no unit "${row.unitCode}"`)
  for (const { line, row } of files.tables.accounts.rows) {
    const other = aliasesElsewhere.has(row.address) ? "an alias" : groupsElsewhere.has(row.address) ? "a group" : undefined
    if (other) bad("accounts", { line, column: "address" }, `${short(row.address)} is ${other} already`)
  }
  for (const { line, row } of files.tables.assignments.rows) {
    if (!accounts.has(row.address)) bad("assignments", { line, column: "address" }, noAccount(row.address))
    if (!principals.has(row.principalId)) bad("assignments", { line, column: "principal_id" }, `there is no principal "${row.principalId}"`)
  }
  for (const { line, row } of files.tables.aliases.rows) {
    if (accounts.has(row.address)) bad("aliases", { line, column: "address" }, `${short(row.address)} is an account already`)
    if (groupsElsewhere.has(row.address)) bad("aliases", { line, column: "address" }, `${short(row.address)} is a group already`)
    if (!accounts.has(row.target)) bad("aliases", { line, column: "target" }, noAccount(row.target))
  }
  for (const { line, row } of files.tables.groups.rows) {
    const other = accounts.has(row.address) ? "an account" : aliases.has(row.address) ? "an alias" : undefined
    if (other) bad("groups", { line, column: "address" }, `${short(row.address)} is ${other} already`)
    for (const sender of row.allowedSenders ?? []) if (!accounts.has(sender)) bad("groups", { line, column: "allowed_senders" }, noAccount(sender))
  }
  for (const { line, row } of files.tables.members.rows) {
    if (!groups.has(row.group)) bad("members", { line, column: "group" }, `there is no group ${short(row.group)}`)
    const isHere = domains.has(domainOf(row.member))
    if (isHere && !accounts.has(row.member) && !aliases.has(row.member) && !groups.has(row.member)) bad("members", { line, column: "member" }, `there is no account, alias or group ${short(row.member)}`)
  }
  for (const { line, row } of files.credentials.rows) if (!accounts.has(row.address)) problems.add({ file: files.credentialsFile, line, column: "address", reason: noAccount(row.address) })
  checkCertificates(files, state, bad)
  checkCycles(files, state, bad)
}

const noAccount = (address: string): string => `there is no account ${short(address)}`

const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1)

function known(table: TableName, files: ImportFiles, state: DirectoryState): ReadonlySet<string> {
  return new Set([...keysInDirectory(table, state), ...files.tables[table].keys])
}

function keysInDirectory<Name extends TableName>(table: Name, state: DirectoryState): string[] {
  const rows: readonly DirectoryTables[Name][] = state.tables[table]
  return rows.map(namedRows[table].key)
}

/** As in directory-snapshot.ts: a domain is ours when a unit or an address uses it. */
function localDomains(files: ImportFiles, state: DirectoryState, addresses: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const domains = new Set([...state.tables.units, ...files.tables.units.rows.map(({ row }) => row)].map(({ domain }) => domain))
  for (const set of addresses) for (const address of set) domains.add(domainOf(address))
  return domains
}

export type Report = (table: TableName, place: { readonly line: number; readonly column: string }, reason: string) => void

/** Units must form a tree, and a group that contains itself would never end. */
function checkCycles(files: ImportFiles, state: DirectoryState, bad: Report): void {
  const parents = new Map(state.tables.units.map(({ code, parentCode }) => [code, parentCode]))
  for (const { row } of files.tables.units.rows) parents.set(row.code, row.parentCode)
  const aboveItself = cycleFinder(new Map([...parents].map(([code, parent]) => [code, parent === null ? [] : [parent]])))
  for (const { line, row } of files.tables.units.rows)
    if (row.parentCode !== null && aboveItself(row.code, row.parentCode)) bad("units", { line, column: "parent_code" }, `the unit "${row.code}" is above itself`)

  const members = new Map<string, string[]>([...known("groups", files, state)].map((group) => [group, []]))
  for (const { group, member } of [...state.tables.members, ...files.tables.members.rows.map(({ row }) => row)]) members.get(group)?.push(member)
  const insideItself = cycleFinder(members)
  for (const { line, row } of files.tables.members.rows)
    if (insideItself(row.group, row.member)) bad("members", { line, column: "member" }, `the group ${short(row.group)} contains itself through ${short(row.member)}`)
}
