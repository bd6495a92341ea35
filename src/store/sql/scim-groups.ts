import { createHash } from "node:crypto"
import type { Scope } from "../../accounts/administrator.ts"
import { canonicalJson } from "../../base/canonical-json.ts"
import { ok, type Result } from "../../base/result.ts"
import type { ScimGroup, ScimMember, ScimPage, ScimQuestion, ScimQuestionProblem } from "../scim-store.ts"
import type { Transaction } from "./database.ts"
import type { ScimColumns } from "./scim-filter.ts"
import { pageSql } from "./scim-users.ts"
import { inScope, scopeValue } from "./scope.ts"

/** Mail groups as SCIM Groups. */
type Reader = Pick<Transaction, "query">

const from = `FROM mail_group g LEFT JOIN external_identity e ON e.source = 'scim' AND e.kind = 'group' AND e.key = g.address WHERE ${inScope("g.unit_code", "$1")}`

/** The person whose own account it is. */
const ownerOf = (address: string): string => `(SELECT s.principal_id FROM account a JOIN assignment s ON s.account_id = a.id AND 'owner' = ANY (s.rights) JOIN principal p ON p.id = s.principal_id AND p.kind = 'individual'
  WHERE a.address = ${address} AND a.kind = 'personal' ORDER BY s.principal_id LIMIT 1)`

const columns: ScimColumns = {
  single: {
    id: { sql: "g.address", type: "text", exact: true }, externalid: { sql: "e.external_id", type: "text", exact: true }, displayname: { sql: "g.display_name", type: "text" }, "meta.resourcetype": { sql: "'Group'", type: "text" },
  },
  multiple: { members: { from: `(SELECT coalesce(${ownerOf("m.member_address")}, m.member_address) AS value FROM mail_group_member m WHERE m.group_address = g.address) AS v`, columns: { value: { sql: "v.value", type: "text", exact: true } } } },
}

type Row = Pick<ScimGroup, "address" | "displayName" | "externalId">

const select = `SELECT g.address, g.display_name AS "displayName", e.external_id AS "externalId"`

const members = {
  name: "scim-members",
  text: `
    SELECT m.group_address AS "group", m.member_address AS address, coalesce(o.principal_id, m.member_address) AS value,
      CASE WHEN o.principal_id IS NOT NULL THEN 'user' WHEN g.address IS NOT NULL THEN 'group' ELSE 'other' END AS kind, coalesce(a.display_name, g.display_name, '') AS name
    FROM mail_group_member m LEFT JOIN account a ON a.address = m.member_address LEFT JOIN mail_group g ON g.address = m.member_address
      LEFT JOIN LATERAL (SELECT min(s.principal_id) AS principal_id FROM assignment s JOIN principal p ON p.id = s.principal_id AND p.kind = 'individual' WHERE s.account_id = a.id AND a.kind = 'personal' AND 'owner' = ANY (s.rights)) o ON true
    WHERE m.group_address = ANY ($1::text[]) ORDER BY m.group_address, m.member_address COLLATE "C"`,
}

const whole = (row: Row, of: readonly ScimMember[]): ScimGroup => ({ ...row, members: of, version: createHash("sha256").update(canonicalJson({ ...row, members: of.map(({ address }) => address) })).digest("base64url").slice(0, 22) })

async function withMembers(on: Reader, rows: readonly Row[]): Promise<readonly ScimGroup[]> {
  const found = await on.query<ScimMember & { readonly group: string }>(members, [rows.map(({ address }) => address)])
  const byGroup = new Map<string, ScimMember[]>()
  for (const { group, ...member } of found) {
    const list = byGroup.get(group)
    if (list) list.push(member)
    else byGroup.set(group, [member])
  }
  return rows.map((row) => whole(row, byGroup.get(row.address) ?? []))
}

export async function findGroups(on: Reader, question: ScimQuestion & { readonly withMembers: boolean }): Promise<Result<ScimPage<ScimGroup>, ScimQuestionProblem>> {
  const page = pageSql(question, columns, { key: "g.address", first: [scopeValue(question.scope)] })
  if (!page.ok) return page
  const { where, order, values, limits } = page.value
  const [count] = await on.query<{ total: number }>({ text: `SELECT count(*) AS total ${from} ${where}` }, values)
  const rows = question.limit === 0 ? [] : await on.query<Row>({ text: `${select} ${from} ${where} ${order} ${limits}` }, values)
  return ok({ total: count?.total ?? 0, rows: question.withMembers ? await withMembers(on, rows) : rows.map((row) => whole(row, [])) })
}

export async function readScimGroup(on: Reader, scope: Scope, address: string): Promise<ScimGroup | undefined> {
  const rows = await on.query<Row>({ name: "scim-group", text: `${select} ${from} AND g.address = $2` }, [scopeValue(scope), address])
  return (await withMembers(on, rows))[0]
}

/** A user's own account; an address that is here. */
export async function memberAddresses(on: Reader, values: readonly string[]): Promise<readonly (string | undefined)[]> {
  const rows = await on.query<{ address: string | null }>(
    {
      name: "scim-member-addresses",
      text: `
        SELECT coalesce(
          (SELECT a.address FROM assignment s JOIN account a ON a.id = s.account_id WHERE s.principal_id = t.value AND 'owner' = ANY (s.rights) AND a.kind = 'personal' AND a.archived_at IS NULL ORDER BY a.id LIMIT 1),
          (SELECT address FROM account WHERE address = lower(t.value)), (SELECT address FROM alias WHERE address = lower(t.value)), (SELECT address FROM mail_group WHERE address = lower(t.value)),
          (SELECT member_address FROM mail_group_member WHERE member_address = t.value LIMIT 1)) AS address
        FROM unnest($1::text[]) WITH ORDINALITY AS t (value, n) ORDER BY t.n`,
    },
    [values],
  )
  return rows.map(({ address }) => address ?? undefined)
}
