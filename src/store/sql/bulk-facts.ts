import type { Scope } from "../../accounts/administrator.ts"
import type { BulkFacts, BulkUnit } from "../../accounts/provision/bulk/rows.ts"
import type { AccountRecord, PersonRecord } from "../../accounts/provision/records.ts"
import type { Database } from "./database.ts"
import { accountColumns, personColumns } from "./directory-records.ts"
import { inScope, scopeValue } from "./scope.ts"

/** What a bulk plan needs to know of the directory: all units and addresses, and whom the file names. */
export async function readBulkFacts(database: Pick<Database, "query">, { scope, principalIds, addresses, defaultRule }: { readonly scope: Scope; readonly principalIds: readonly string[]; readonly addresses: readonly string[]; readonly defaultRule: string }): Promise<BulkFacts> {
  const value = scopeValue(scope)
  const units = await database.query<BulkUnit>(unitsWithRules, [value, defaultRule])
  const accounts = await database.query<{ key: string; record: AccountRecord; covered: boolean; ownerId: string | null }>(accountsNamed, [value, addresses])
  const owners = accounts.flatMap(({ ownerId }) => ownerId ?? [])
  const people = await database.query<{ record: PersonRecord; covered: boolean }>(peopleNamed, [value, [...new Set([...principalIds, ...owners])]])
  const taken = await database.query<{ addresses: string[] }>(allAddresses)
  return {
    units,
    people: new Map(people.map((person) => [person.record.principalId, person])),
    accounts: new Map(accounts.map(({ key, ...account }) => [key, account])),
    taken: new Set(taken.flatMap((row) => row.addresses)),
  }
}

const unitsWithRules = {
  name: "bulk-units",
  text: `
    WITH RECURSIVE ruled (code, rule) AS (
      SELECT code, coalesce(address_rule, $2::text) FROM organization_unit WHERE parent_code IS NULL
      UNION SELECT u.code, coalesce(u.address_rule, r.rule) FROM organization_unit u JOIN ruled r ON u.parent_code = r.code
    )
    SELECT u.code, u.name, u.domain, coalesce(r.rule, u.address_rule, $2::text) AS rule, u.suspended_at IS NOT NULL AS suspended, ${inScope("u.code", "$1")} AS covered
    FROM organization_unit u LEFT JOIN ruled r ON r.code = u.code`,
}

/** `row_to_json` of what `record-…` statements give, so that both sides have one list of columns. */
const accountsNamed = {
  name: "bulk-accounts",
  text: `
    SELECT t.address AS key, (SELECT to_json(row) FROM (SELECT ${accountColumns}) AS row) AS record, ${inScope("a.unit_code", "$1")} AS covered,
      (SELECT s.principal_id FROM assignment s WHERE s.account_id = a.id AND 'owner' = ANY (s.rights) AND (s.valid_until IS NULL OR s.valid_until >= current_date) ORDER BY s.valid_from NULLS FIRST LIMIT 1) AS "ownerId"
    FROM unnest($2::text[]) AS t (address) LEFT JOIN alias l ON l.address = t.address JOIN account a ON a.address = t.address OR a.id = l.account_id`,
}

const peopleNamed = {
  name: "bulk-people",
  text: `SELECT (SELECT to_json(row) FROM (SELECT ${personColumns}) AS row) AS record, ${inScope("p.unit_code", "$1")} AS covered FROM principal p WHERE p.id = ANY ($2::text[])`,
}

const allAddresses = { name: "bulk-addresses", text: "SELECT array_agg(address) AS addresses FROM (SELECT address FROM account UNION ALL SELECT address FROM alias UNION ALL SELECT address FROM mail_group) AS t HAVING count(*) > 0" }
