import type { AccountRecord, AliasRecord, AssignmentRecord, GroupRecord, PersonRecord, UnitRecord } from "../../accounts/provision/records.ts"
import { rights } from "../../accounts/import/rows.ts"
import type { Right } from "../../accounts/directory.ts"
import type { Transaction } from "./database.ts"

/** Single objects of the directory as rows. Columns in one order and nothing else beside them: `seenTag` is taken of what these give. */
export const unitColumns = `u.code, u.name, u.kind, u.parent_code AS "parentCode", u.domain, u.address_rule AS "addressRule", u.suspended_at IS NOT NULL AS suspended`
export const personColumns = `p.id AS "principalId", p.kind, p.name, p.unit_code AS "unitCode", p.title, p.phone, p.suspended_at IS NOT NULL AS suspended`
export const accountColumns = `a.address, a.kind, a.display_name AS "displayName", a.unit_code AS "unitCode", a.quota_bytes AS "quotaBytes", a.suspended_at IS NOT NULL AS suspended,
  to_char(a.archive_on, 'YYYY-MM-DD') AS "archiveOn", a.archived_at IS NOT NULL AS archived`
export const assignmentColumns = `a.address, s.principal_id AS "principalId", s.rights, to_char(s.valid_from, 'YYYY-MM-DD') AS "from", to_char(s.valid_until, 'YYYY-MM-DD') AS "until"`
export const aliasColumns = `l.address, a.address AS target, to_char(l.expires_on, 'YYYY-MM-DD') AS "expiresOn"`
export const groupColumns = `g.address, g.display_name AS "displayName", g.unit_code AS "unitCode", g.allowed_senders AS "allowedSenders", g.moderators,
  ARRAY(SELECT m.member_address FROM mail_group_member m WHERE m.group_address = g.address ORDER BY m.member_address COLLATE "C") AS members`

/** In the order that all sides write them in. */
export const orderedRights = (some: readonly string[]): readonly Right[] => rights.filter((right) => some.includes(right))

type Reader = Pick<Transaction, "query">

const first = async <Row extends object>(on: Reader, name: string, text: string, values: readonly unknown[]): Promise<Row | undefined> => (await on.query<Row>({ name, text }, values))[0]

export const readUnit = (on: Reader, code: string) => first<UnitRecord>(on, "record-unit", `SELECT ${unitColumns} FROM organization_unit u WHERE u.code = $1`, [code])

export const readPerson = (on: Reader, id: string) => first<PersonRecord>(on, "record-person", `SELECT ${personColumns} FROM principal p WHERE p.id = $1`, [id])

export const readAccount = (on: Reader, address: string) => first<AccountRecord>(on, "record-account", `SELECT ${accountColumns} FROM account a WHERE a.address = $1`, [address])

export const readAccountId = async (on: Reader, address: string): Promise<number | undefined> => (await first<{ id: number }>(on, "record-account-id", "SELECT id FROM account WHERE address = $1", [address]))?.id

export async function readAssignment(on: Reader, address: string, principalId: string): Promise<AssignmentRecord | undefined> {
  const row = await first<AssignmentRecord>(on, "record-assignment", `SELECT ${assignmentColumns} FROM assignment s JOIN account a ON a.id = s.account_id WHERE a.address = $1 AND s.principal_id = $2`, [address, principalId])
  return row && { ...row, rights: orderedRights(row.rights) }
}

export const readAlias = (on: Reader, address: string) => first<AliasRecord>(on, "record-alias", `SELECT ${aliasColumns} FROM alias l JOIN account a ON a.id = l.account_id WHERE l.address = $1`, [address])

export const readGroup = (on: Reader, address: string) => first<GroupRecord>(on, "record-group", `SELECT ${groupColumns} FROM mail_group g WHERE g.address = $1`, [address])

/** What an address here is; undefined: nothing. */
export const readAddressUse = async (on: Reader, address: string): Promise<"account" | "alias" | "group" | undefined> =>
  (
    await first<{ kind: "account" | "alias" | "group" }>(
      on, "record-address-use",
      "SELECT 'account' AS kind FROM account WHERE address = $1 UNION ALL SELECT 'alias' FROM alias WHERE address = $1 UNION ALL SELECT 'group' FROM mail_group WHERE address = $1 LIMIT 1", [address],
    )
  )?.kind
