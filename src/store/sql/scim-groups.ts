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

const today = "(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"

/** Who a member `m` is: somebody's own account, another account or a name of one, a group, or an address elsewhere. Only those of the scope and addresses elsewhere; nobody who is gone for SCIM. */
const memberParts = `mail_group_member m
  LEFT JOIN account ma ON ma.address = m.member_address LEFT JOIN alias ml ON ml.address = m.member_address LEFT JOIN account mt ON mt.id = ml.account_id LEFT JOIN mail_group mg ON mg.address = m.member_address
  LEFT JOIN LATERAL (
    SELECT p.id, p.unit_code, coalesce(i.gone, false) AND p.suspended_at IS NOT NULL AS gone
    FROM assignment s JOIN principal p ON p.id = s.principal_id AND p.kind = 'individual' LEFT JOIN external_identity i ON i.source = 'scim' AND i.kind = 'person' AND i.key = p.id
    WHERE s.account_id = ma.id AND ma.kind = 'personal' AND 'owner' = ANY (s.rights) AND coalesce(s.valid_until >= ${today}, true) ORDER BY p.id LIMIT 1
  ) mo ON true`
const isShown = `NOT coalesce(mo.gone, false) AND (num_nonnulls(ma.id, mt.id, mg.address) = 0 OR ${inScope("coalesce(mo.unit_code, ma.unit_code, mt.unit_code, mg.unit_code)", "$1")})`

const changed = "greatest(g.changed_at, e.changed_at)"

const columns: ScimColumns = {
  single: {
    id: { sql: "g.address", type: "text", exact: true }, externalid: { sql: "e.external_id", type: "text", exact: true }, displayname: { sql: "g.display_name", type: "text" },
    "meta.lastmodified": { sql: changed, type: "time" }, "meta.resourcetype": { sql: "'Group'", type: "text" },
  },
  multiple: { members: { from: `(SELECT coalesce(mo.id, m.member_address) AS value FROM ${memberParts} WHERE m.group_address = g.address AND ${isShown}) AS v`, columns: { value: { sql: "v.value", type: "text", exact: true } } } },
}

type Row = Omit<ScimGroup, "members" | "version"> & { readonly everybody: string }

/** `everybody`: what the members come to, shown or not; so that the version is the same, however it was asked for. */
const select = `SELECT g.address, g.display_name AS "displayName", e.external_id AS "externalId", floor(extract(epoch FROM ${changed}) * 1000)::bigint AS "changedAt",
  (SELECT md5(coalesce(string_agg(m.member_address, ' ' ORDER BY m.member_address COLLATE "C"), '')) FROM mail_group_member m WHERE m.group_address = g.address) AS everybody`

const members = {
  name: "scim-members",
  text: `
    SELECT m.group_address AS "group", m.member_address AS address, coalesce(mo.id, m.member_address) AS value,
      CASE WHEN mo.id IS NOT NULL THEN 'user' WHEN mg.address IS NOT NULL THEN 'group' ELSE 'other' END AS kind, coalesce(ma.display_name, mg.display_name, '') AS name
    FROM ${memberParts} WHERE m.group_address = ANY ($2::text[]) AND ${isShown} ORDER BY m.group_address, m.member_address COLLATE "C"`,
}

const whole = ({ everybody, ...row }: Row, of: readonly ScimMember[]): ScimGroup => {
  const { changedAt: _changedAt, ...own } = row
  return { ...row, members: of, version: createHash("sha256").update(canonicalJson({ ...own, everybody })).digest("base64url").slice(0, 22) }
}

async function withMembers(on: Reader, scope: Scope, rows: readonly Row[]): Promise<readonly ScimGroup[]> {
  const found = await on.query<ScimMember & { readonly group: string }>(members, [scopeValue(scope), rows.map(({ address }) => address)])
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
  return ok({ total: count?.total ?? 0, rows: question.withMembers ? await withMembers(on, question.scope, rows) : rows.map((row) => whole(row, [])) })
}

export async function readScimGroup(on: Reader, scope: Scope, address: string): Promise<ScimGroup | undefined> {
  const rows = await on.query<Row>({ name: "scim-group", text: `${select} ${from} AND g.address = $2` }, [scopeValue(scope), address])
  return (await withMembers(on, scope, rows))[0]
}

/** A user's own account; an address that is here, of the scope; one elsewhere that some group has already. */
export async function memberAddresses(on: Reader, scope: Scope, values: readonly string[]): Promise<readonly (string | undefined)[]> {
  const rows = await on.query<{ address: string | null }>(findMembers, [scopeValue(scope), values])
  return rows.map(({ address }) => address ?? undefined)
}

const findMembers = {
  name: "scim-member-addresses",
  text: `
    SELECT coalesce(
      (SELECT a.address FROM assignment s JOIN account a ON a.id = s.account_id JOIN principal p ON p.id = s.principal_id LEFT JOIN external_identity i ON i.source = 'scim' AND i.kind = 'person' AND i.key = p.id
        WHERE s.principal_id = t.value AND 'owner' = ANY (s.rights) AND a.kind = 'personal' AND a.archived_at IS NULL AND coalesce(s.valid_until >= ${today}, true)
          AND NOT (coalesce(i.gone, false) AND p.suspended_at IS NOT NULL) AND ${inScope("p.unit_code", "$1")} ORDER BY a.id LIMIT 1),
      (SELECT address FROM account WHERE address = lower(t.value) AND ${inScope("unit_code", "$1")}),
      (SELECT l.address FROM alias l JOIN account a ON a.id = l.account_id WHERE l.address = lower(t.value) AND ${inScope("a.unit_code", "$1")}),
      (SELECT address FROM mail_group WHERE address = lower(t.value) AND ${inScope("unit_code", "$1")}),
      (SELECT m.member_address FROM ${memberParts} WHERE m.member_address = t.value AND num_nonnulls(ma.id, mt.id, mg.address) = 0 LIMIT 1)) AS address
    FROM unnest($2::text[]) WITH ORDINALITY AS t (value, n) ORDER BY t.n`,
}
