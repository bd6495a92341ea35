import { addressByRule, type AddressProblem, officeAddressRule, parseAddressRule } from "../../accounts/provision/address-rule.ts"
import type { ChangeOf, NewAccount } from "../../accounts/provision/changes.ts"
import type { ProblemKey } from "../../accounts/provision/problems.ts"
import { seenTag } from "../../accounts/provision/records.ts"
import { isReserved } from "../../accounts/provision/reserved-names.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { splitAddress } from "../../mail/address.ts"
import type { Refusal } from "../directory-editor.ts"
import { readAccount, readAccountId, readAddressUse, readAlias, readPerson } from "./directory-records.ts"
import { covered, done, domainProblem, type Edit, type Edited, isProvinceWide, newOwnerProblem, note, rankProblem, refuse, unitProblem } from "./edit.ts"

/** Accounts and their further addresses. */
export async function addAccount(edit: Edit, { account }: ChangeOf<"addAccount">): Promise<Edited> {
  const problem = await unitProblem(edit, account.unitCode)
  if (problem) return problem
  if (account.ownerId !== null) {
    const owner = await readPerson(edit.tx, account.ownerId)
    if (!owner) return refuse("invalid", "noPerson", { field: "ownerId", values: { value: account.ownerId } })
    const notHis = await newOwnerProblem(edit, owner, "ownerId")
    if (notHis) return notHis
  }
  const address = await freeAddress(edit, account)
  if (!address.ok) return address
  const [row] = await edit.tx.query<{ id: number }>(insert, [address.value, account.kind, account.displayName, account.unitCode, account.quotaBytes, edit.mailboxes.map(({ name }) => name), edit.mailboxes.map(({ specialUse }) => specialUse), account.ownerId])
  if (!row) throw new Error("an account was not stored")
  await note(edit, { kind: "account.added", key: address.value, accountId: row.id, after: { ...account, address: address.value } })
  return done(address.value)
}

export async function changeAccount(edit: Edit, { account, seen }: ChangeOf<"changeAccount">): Promise<Edited> {
  const found = await seenAccount(edit, account.address, seen)
  if (!found.ok) return found
  const { before, accountId } = found.value
  const problem = before.unitCode === account.unitCode ? undefined : await unitProblem(edit, account.unitCode)
  if (problem) return problem
  await edit.tx.query(update, [accountId, account.displayName, account.unitCode, account.quotaBytes])
  await note(edit, { kind: "account.changed", key: account.address, accountId, before, after: account })
  return done(account.address)
}

export async function setAccountSuspended(edit: Edit, { kind, address, seen }: ChangeOf<"suspendAccount" | "reactivateAccount">): Promise<Edited> {
  const found = await seenAccount(edit, address, seen)
  if (!found.ok) return found
  const { before, accountId } = found.value
  const suspend = kind === "suspendAccount"
  if (before.suspended === suspend) return refuse("invalid", "alreadySo")
  await edit.tx.query(setSuspended, [accountId, suspend])
  await note(edit, { kind: suspend ? "account.suspended" : "account.reactivated", key: address, accountId, before })
  return done(address)
}

export async function addAlias(edit: Edit, { alias }: ChangeOf<"addAlias">): Promise<Edited> {
  const account = await readAccount(edit.tx, alias.target)
  const accountId = await readAccountId(edit.tx, alias.target)
  if (!account || accountId === undefined) return refuse("invalid", "noAccount", { field: "target", values: { value: alias.target } })
  if (!(await covered(edit, account.unitCode))) return refuse("noPermission", "outsideScope", { field: "target" })
  const problem = (await rankProblem(edit, { accountId }, "target")) ?? (await addressProblem(edit, alias.address))
  if (problem) return problem
  await edit.tx.query(insertAlias, [alias.address, accountId, alias.expiresOn])
  await note(edit, { kind: "alias.added", key: alias.address, accountId, after: alias })
  return done(alias.address)
}

export async function removeAlias(edit: Edit, { address, seen }: ChangeOf<"removeAlias">): Promise<Edited> {
  const before = await readAlias(edit.tx, address)
  const account = before && (await readAccount(edit.tx, before.target))
  const accountId = before && (await readAccountId(edit.tx, before.target))
  if (!before || !account || accountId === undefined) return refuse("notFound", "hasGone")
  if (!(await covered(edit, account.unitCode))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  // free again, it would be the administrator's to give to himself
  const problem = await rankProblem(edit, { accountId })
  if (problem) return problem
  await edit.tx.query({ name: "edit-remove-alias", text: "DELETE FROM alias WHERE address = $1" }, [address])
  await note(edit, { kind: "alias.removed", key: address, accountId, before })
  return done(address)
}

/** The account as it was seen, if the scope covers it and nobody there ranks above. */
export async function seenAccount(edit: Edit, address: string, seen: string): Promise<Result<{ readonly before: NonNullable<Awaited<ReturnType<typeof readAccount>>>; readonly accountId: number }, Refusal>> {
  const before = await readAccount(edit.tx, address)
  const accountId = await readAccountId(edit.tx, address)
  if (!before || accountId === undefined) return refuse("notFound", "noAccount", { values: { value: address } })
  if (!(await covered(edit, before.unitCode))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  if (before.archived) return refuse("invalid", "archived")
  const problem = await rankProblem(edit, { accountId })
  return problem && !problem.ok ? problem : ok({ before, accountId })
}

/** Undefined: the address is free, in a domain of the scope, and stands for nobody's office. The province may give what is reserved: somebody must be postmaster. */
export async function addressProblem(edit: Edit, address: string): Promise<Edited | undefined> {
  const problem = await domainProblem(edit, address, "address")
  if (problem) return problem
  const local = splitAddress(address)?.localPart ?? ""
  if (!isProvinceWide(edit) && isReserved(local)) return refuse("noPermission", "reserved", { field: "address", values: { value: local } })
  const use = await readAddressUse(edit.tx, address)
  return use && refuse("alreadyExists", "addressTaken", { field: "address", values: { value: address, use } })
}

async function freeAddress(edit: Edit, account: NewAccount): Promise<Result<string, Refusal>> {
  if (account.address === null) return addressOfRule(edit, { ...account, name: account.displayName })
  const problem = await addressProblem(edit, account.address)
  return problem && !problem.ok ? problem : ok(account.address)
}

/** The address that the unit's rule gives; `own` is what the account has already. */
export async function addressOfRule({ tx, addressRule }: Pick<Edit, "tx" | "addressRule">, { name, kind, unitCode, own }: { readonly name: string; readonly kind: NewAccount["kind"]; readonly unitCode: string; readonly own?: string }): Promise<Result<string, Refusal>> {
  const [unit] = await tx.query<{ domain: string; rule: string | null }>(ruleOfUnit, [unitCode])
  const forOffice = kind === "organizational"
  const rule = parseAddressRule(forOffice ? officeAddressRule : (unit?.rule ?? addressRule), { forOffice })
  if (!unit || !rule.ok) return refuse("invalid", "noUnit", { field: "unitCode", values: { value: unitCode } })
  const inDomain = await tx.query<{ address: string }>(addressesInDomain, [`%@${unit.domain.replace(/[\\%_]/g, "\\$&")}`])
  const taken = new Set(inDomain.map(({ address }) => address))
  const address = addressByRule(rule.value, { name, unit: { code: unitCode, domain: unit.domain }, isTaken: (one) => one !== own && taken.has(one) })
  return address.ok ? address : failed({ kind: "invalid", problems: [{ field: "address", problem: ruleAnswers[address.failure] }] })
}

export const ruleAnswers = { noLetters: "addressNoLetters", reserved: "addressReserved", tooLong: "addressTooLong", allTaken: "addressAllTaken" } as const satisfies Readonly<Record<AddressProblem, ProblemKey>>

const insert = {
  name: "edit-add-account",
  text: `
    WITH a AS (INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ($1, $2, $3, $4, $5) RETURNING id),
    m AS (INSERT INTO mailbox (account_id, name, special_use) SELECT a.id, d.name, d.special_use FROM a CROSS JOIN unnest($6::text[], $7::text[]) AS d (name, special_use) RETURNING account_id, name),
    s AS (INSERT INTO subscription (account_id, name) SELECT account_id, name FROM m),
    o AS (INSERT INTO assignment (account_id, principal_id, rights) SELECT id, $8, ARRAY['owner'] FROM a WHERE $8::text IS NOT NULL)
    SELECT id FROM a`,
}
const update = { name: "edit-change-account", text: "UPDATE account SET display_name = $2, unit_code = $3, quota_bytes = $4 WHERE id = $1" }
/** Opened again, it is not waiting to be archived any more. */
const setSuspended = { name: "edit-suspend-account", text: "UPDATE account SET suspended_at = CASE WHEN $2::bool THEN clock_timestamp() END, archive_on = CASE WHEN $2::bool THEN archive_on END WHERE id = $1" }
const insertAlias = { name: "edit-add-alias", text: "INSERT INTO alias (address, account_id, expires_on) VALUES ($1, $2, $3)" }

const ruleOfUnit = {
  name: "rule-of-unit",
  text: `
    WITH RECURSIVE up (parent_code, address_rule, depth) AS (
      SELECT parent_code, address_rule, 0 FROM organization_unit WHERE code = $1
      UNION ALL SELECT u.parent_code, u.address_rule, up.depth + 1 FROM organization_unit u JOIN up ON u.code = up.parent_code WHERE up.address_rule IS NULL AND up.depth < 50
    )
    SELECT u.domain, (SELECT address_rule FROM up WHERE address_rule IS NOT NULL ORDER BY depth LIMIT 1) AS rule FROM organization_unit u WHERE u.code = $1`,
}
const addressesInDomain = {
  name: "addresses-in-domain",
  text: "SELECT address FROM account WHERE address LIKE $1 UNION ALL SELECT address FROM alias WHERE address LIKE $1 UNION ALL SELECT address FROM mail_group WHERE address LIKE $1",
}
