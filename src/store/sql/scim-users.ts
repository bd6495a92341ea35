import { createHash } from "node:crypto"
import type { Scope } from "../../accounts/administrator.ts"
import { canonicalJson } from "../../base/canonical-json.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import type { ScimPage, ScimQuestion, ScimQuestionProblem, ScimUser } from "../scim-store.ts"
import type { Transaction } from "./database.ts"
import { filterSql, type ScimColumns, sortSql } from "./scim-filter.ts"
import { inScope, scopeValue } from "./scope.ts"

/** Users in PostgreSQL: people with a personal account of their own today, the oldest one where there are several. */
type Reader = Pick<Transaction, "query">

const from = `
  FROM principal p
    JOIN LATERAL (
      SELECT a.id, a.address, a.suspended_at, a.created_at, a.changed_at FROM assignment s JOIN account a ON a.id = s.account_id
      WHERE s.principal_id = p.id AND 'owner' = ANY (s.rights) AND a.kind = 'personal' AND a.archived_at IS NULL AND coalesce(s.valid_until >= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, true)
      ORDER BY a.id LIMIT 1
    ) a ON true
    JOIN organization_unit u ON u.code = p.unit_code
    LEFT JOIN external_identity e ON e.source = 'scim' AND e.kind = 'person' AND e.key = p.id
  WHERE p.kind = 'individual' AND ${inScope("p.unit_code", "$1")} AND NOT (coalesce(e.gone, false) AND p.suspended_at IS NOT NULL)`

const active = "(p.suspended_at IS NULL AND a.suspended_at IS NULL)"
const userName = "coalesce(e.user_name, a.address)"
const changed = "greatest(p.changed_at, a.changed_at, u.changed_at, e.changed_at)"
/** Whose name it may be, along the indexes of both kinds of names; `userName` then says whose it is. */
const named = (name: string): string => `p.id IN (
    SELECT key FROM external_identity WHERE source = 'scim' AND kind = 'person' AND user_name IS NOT NULL AND lower(user_name) = ${name}
    UNION ALL SELECT s.principal_id FROM account n JOIN assignment s ON s.account_id = n.id WHERE n.address = ${name})`
const emails = "(SELECT a.address AS value, 'work' AS type, true AS is_primary UNION ALL SELECT l.address, 'other', false FROM alias l WHERE l.account_id = a.id) AS v"
const value = { sql: "v.value", type: "text" } as const
const type = { sql: "v.type", type: "text" } as const

const columns: ScimColumns = {
  single: {
    id: { sql: "p.id", type: "text", exact: true }, externalid: { sql: "e.external_id", type: "text", exact: true }, username: { sql: userName, type: "text", among: named }, displayname: { sql: "p.name", type: "text" },
    "name.formatted": { sql: "p.name", type: "text" }, "name.familyname": { sql: "split_part(p.name, ' ', 1)", type: "text" }, "name.givenname": { sql: "regexp_replace(p.name, '^.* ', '')", type: "text" },
    title: { sql: "p.title", type: "text" }, active: { sql: active, type: "boolean" }, department: { sql: "p.unit_code", type: "text", exact: true }, employeenumber: { sql: "p.id", type: "text", exact: true },
    "meta.created": { sql: "a.created_at", type: "time" }, "meta.lastmodified": { sql: changed, type: "time" }, "meta.resourcetype": { sql: "'User'", type: "text" },
  },
  multiple: {
    emails: { from: emails, columns: { value, type, primary: { sql: "v.is_primary", type: "boolean" } } },
    phonenumbers: { from: "(SELECT p.phone AS value, 'work' AS type WHERE p.phone <> '') AS v", columns: { value, type } },
    groups: {
      from: `(SELECT m.group_address AS value, g.display_name AS display FROM mail_group_member m JOIN mail_group g ON g.address = m.group_address WHERE m.member_address = a.address AND ${inScope("g.unit_code", "$1")}) AS v`,
      columns: { value: { ...value, exact: true }, display: { sql: "v.display", type: "text" } },
    },
  },
}

const select = `SELECT p.id, e.external_id AS "externalId", ${userName} AS "userName", p.name, p.title, p.phone, p.unit_code AS "unitCode", u.name AS "unitName", a.address,
    ARRAY(SELECT l.address FROM alias l WHERE l.account_id = a.id ORDER BY l.address) AS aliases,
    coalesce((SELECT json_agg(json_build_object('address', g.address, 'displayName', g.display_name) ORDER BY g.address) FROM mail_group_member m JOIN mail_group g ON g.address = m.group_address WHERE m.member_address = a.address AND ${inScope("g.unit_code", "$1")}), '[]') AS groups,
    ${active} AS active, floor(extract(epoch FROM a.created_at) * 1000)::bigint AS "createdAt", floor(extract(epoch FROM ${changed}) * 1000)::bigint AS "changedAt"`

const versioned = (row: Omit<ScimUser, "version">): ScimUser => {
  // what a user is a member of changes with the groups; what is done and taken back is as it was
  const { groups: _groups, changedAt: _changedAt, ...own } = row
  return { ...row, version: createHash("sha256").update(canonicalJson(own)).digest("base64url").slice(0, 22) }
}

export async function findUsers(on: Reader, question: ScimQuestion): Promise<Result<ScimPage<ScimUser>, ScimQuestionProblem>> {
  const page = pageSql(question, columns, { key: "p.id", first: [scopeValue(question.scope)] })
  if (!page.ok) return page
  const { where, order, values, limits } = page.value
  const [count] = await on.query<{ total: number }>({ text: `SELECT count(*) AS total ${from} ${where}` }, values)
  const rows = question.limit === 0 ? [] : await on.query<Omit<ScimUser, "version">>({ text: `${select} ${from} ${where} ${order} ${limits}` }, values)
  return ok({ total: count?.total ?? 0, rows: rows.map(versioned) })
}

export async function readUser(on: Reader, scope: Scope, id: string): Promise<ScimUser | undefined> {
  const [row] = await on.query<Omit<ScimUser, "version">>({ name: "scim-user", text: `${select} ${from} AND p.id = $2` }, [scopeValue(scope), id])
  return row && versioned(row)
}

interface PageParts {
  readonly key: string
  readonly first: readonly unknown[]
}

/** What both lists have: a condition more, an order that is always the same, a page. */
export function pageSql({ filter, sortBy, descending, offset, limit }: ScimQuestion, known: ScimColumns, { key, first }: PageParts): Result<{ readonly where: string; readonly order: string; readonly limits: string; readonly values: readonly unknown[] }, ScimQuestionProblem> {
  const values = [...first]
  const parameter = (one: unknown): string => `$${values.push(one)}`
  const filtered = filter ? filterSql(filter, known, parameter) : ok("true")
  if (!filtered.ok) return filtered
  const sorted = sortBy === undefined ? key : sortSql(sortBy, known)
  if (sorted === undefined) return failed({ kind: "unknownPath", path: sortBy ?? "" })
  return ok({ where: `AND ${filtered.value}`, order: `ORDER BY ${sorted}${descending === true ? " DESC" : ""}, ${key}`, limits: `OFFSET ${Math.trunc(offset)} LIMIT ${Math.trunc(limit)}`, values })
}
