import type { AliasRecord, AssignmentRecord } from "../../accounts/provision/records.ts"
import { seenTag } from "../../accounts/provision/records.ts"
import { unitTree } from "../../accounts/provision/unit-tree.ts"
import type { Scope } from "../../accounts/administrator.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { AccountDetails, DirectoryView, GroupDetails, PersonDetails, UnitCounts, UnitDetails, UnitNode } from "../directory-view.ts"
import type { Database } from "./database.ts"
import { findInDirectory } from "./directory-find.ts"
import { aliasColumns, assignmentColumns, orderedRights, readAccount, readAccountId, readGroup, readPerson, readUnit } from "./directory-records.ts"
import { inScope, scopeValue } from "./scope.ts"

/** The directory in PostgreSQL, read for administrators. */
export function createDirectoryView(database: Pick<Database, "query">): DirectoryView {
  /** The object, if it is there and the scope covers its unit. */
  const within = async <Row>(scope: Scope, row: Row | undefined, { what, unitOf }: { readonly what: string; readonly unitOf: (row: Row) => string | null }): Promise<Result<Row, Failure>> => {
    if (!row) return failed(failure("notFound", `there is no ${what}`))
    const [answer] = await database.query<{ within: boolean }>(withinScope, [scopeValue(scope), unitOf(row)])
    return answer?.within === true ? ok(row) : failed(failure("noPermission", `this ${what} belongs to a unit that you do not administer`))
  }
  return {
    async tree(scope) {
      const rows = await database.query<TreeRow>(tree, [scopeValue(scope)])
      const own = ({ accounts, people, groups }: TreeRow): UnitCounts => ({ accounts, people, groups })
      const add = (one: UnitCounts, other: UnitCounts): UnitCounts => ({ accounts: one.accounts + other.accounts, people: one.people + other.people, groups: one.groups + other.groups })
      return unitTree(rows, { own, add }).map(({ row: { accounts, people, groups, ...unit }, depth, sum }): UnitNode => ({ ...unit, depth, own: { accounts, people, groups }, all: sum }))
    },
    find: (question) => findInDirectory(database, question),
    async unit(scope, code) {
      const found = await within(scope, await readUnit(database, code), { what: "unit", unitOf: (unit) => unit.code })
      if (!found.ok) return found
      const [more] = await database.query<Omit<UnitDetails, "record" | "seen">>(unitMore, [code])
      if (!more) return failed(failure("notFound", "there is no unit"))
      return ok({ record: found.value, seen: seenTag(found.value), ...more })
    },
    async person(scope, id) {
      const found = await within(scope, await readPerson(database, id), { what: "person", unitOf: (person) => person.unitCode })
      if (!found.ok) return found
      const assignments = await database.query<AssignmentRow<{ displayName: string; accountKind: "personal" | "organizational"; suspended: boolean }>>(assignmentsOfPerson, [id])
      const certificates = await database.query<PersonDetails["certificates"][number]>(certificatesOfPerson, [id])
      return ok({ record: found.value, seen: seenTag(found.value), unitName: await nameOf(found.value.unitCode), assignments: assignments.map(tagged), certificates })
    },
    async account(scope, address) {
      const found = await within(scope, await readAccount(database, address), { what: "account", unitOf: (account) => account.unitCode })
      if (!found.ok) return found
      const id = (await readAccountId(database, address)) ?? 0
      const [more] = await database.query<Pick<AccountDetails, "usedBytes" | "groups" | "credentials" | "roles">>(accountMore, [id])
      const holders = await database.query<AssignmentRow<{ name: string; title: string; suspended: boolean }>>(holdersOfAccount, [id])
      const aliases = await database.query<AliasRecord>(aliasesOfAccount, [id])
      if (!more) return failed(failure("notFound", "there is no account"))
      return ok({ id, record: found.value, seen: seenTag(found.value), unitName: await nameOf(found.value.unitCode), holders: holders.map(tagged), aliases: aliases.map((alias) => ({ ...alias, seen: seenTag(alias) })), ...more })
    },
    async group(scope, address) {
      const found = await within(scope, await readGroup(database, address), { what: "group", unitOf: (group) => group.unitCode })
      if (!found.ok) return found
      const members = await database.query<GroupDetails["members"][number]>(membersOfGroup, [address])
      return ok({ record: found.value, seen: seenTag(found.value), unitName: await nameOf(found.value.unitCode), members })
    },
  }

  async function nameOf(code: string | null): Promise<string> {
    return code === null ? "" : ((await readUnit(database, code))?.name ?? "")
  }
}

type TreeRow = Pick<UnitNode, "code" | "name" | "kind" | "parentCode" | "domain" | "suspended"> & UnitCounts
type AssignmentRow<More> = AssignmentRecord & More

function tagged<More extends AssignmentRecord>(row: More): More & { readonly seen: string } {
  const { address, principalId, from, until } = row
  const rights = orderedRights(row.rights)
  return { ...row, rights, seen: seenTag({ address, principalId, rights, from, until }) }
}

const withinScope = { name: "within-scope", text: `SELECT coalesce(${inScope("$2::text", "$1")}, false) AS within` }

const tree = {
  name: "directory-tree",
  text: `
    SELECT u.code, u.name, u.kind, u.parent_code AS "parentCode", u.domain, u.suspended_at IS NOT NULL AS suspended,
      coalesce(a.n, 0) AS accounts, coalesce(p.n, 0) AS people, coalesce(g.n, 0) AS groups
    FROM organization_unit u
      LEFT JOIN (SELECT unit_code, count(*) AS n FROM account WHERE suspended_at IS NULL GROUP BY unit_code) a ON a.unit_code = u.code
      LEFT JOIN (SELECT unit_code, count(*) AS n FROM principal WHERE suspended_at IS NULL GROUP BY unit_code) p ON p.unit_code = u.code
      LEFT JOIN (SELECT unit_code, count(*) AS n FROM mail_group GROUP BY unit_code) g ON g.unit_code = u.code
    WHERE ${inScope("u.code", "$1")} ORDER BY u.code`,
}

/** A cycle that an import has not undone yet ends all the same. */
const unitMore = {
  name: "directory-unit",
  text: `
    WITH RECURSIVE up (code, name, parent_code, address_rule, depth) AS (
      SELECT code, name, parent_code, address_rule, 0 FROM organization_unit WHERE code = $1
      UNION ALL SELECT u.code, u.name, u.parent_code, u.address_rule, up.depth + 1 FROM organization_unit u JOIN up ON u.code = up.parent_code WHERE up.depth < 50
    )
    SELECT coalesce((SELECT json_agg(json_build_object('code', code, 'name', name) ORDER BY depth DESC) FROM up WHERE depth > 0), '[]') AS path,
      (SELECT json_build_object('template', address_rule, 'from', code) FROM up WHERE address_rule IS NOT NULL ORDER BY depth LIMIT 1) AS rule,
      json_build_object(
        'accounts', (SELECT count(*) FROM account WHERE unit_code = $1 AND suspended_at IS NULL),
        'people', (SELECT count(*) FROM principal WHERE unit_code = $1 AND suspended_at IS NULL),
        'groups', (SELECT count(*) FROM mail_group WHERE unit_code = $1)) AS counts,
      (SELECT count(*) FROM organization_unit WHERE parent_code = $1) AS children`,
}

const assignmentsOfPerson = {
  name: "directory-assignments-of-person",
  text: `SELECT ${assignmentColumns}, a.display_name AS "displayName", a.kind AS "accountKind", a.suspended_at IS NOT NULL AS suspended
    FROM assignment s JOIN account a ON a.id = s.account_id WHERE s.principal_id = $1 ORDER BY a.kind DESC, a.address`,
}

const certificatesOfPerson = {
  name: "directory-certificates-of-person",
  text: `SELECT fingerprint, use, state, (extract(epoch FROM not_after) * 1000)::bigint AS "notAfter" FROM certificate WHERE principal_id = $1 ORDER BY not_after DESC, fingerprint`,
}

const holdersOfAccount = {
  name: "directory-holders-of-account",
  text: `SELECT ${assignmentColumns}, p.name, p.title, p.suspended_at IS NOT NULL AS suspended
    FROM assignment s JOIN account a ON a.id = s.account_id JOIN principal p ON p.id = s.principal_id WHERE s.account_id = $1 ORDER BY 'owner' = ANY (s.rights) DESC, p.folded, p.id`,
}

const aliasesOfAccount = { name: "directory-aliases-of-account", text: `SELECT ${aliasColumns} FROM alias l JOIN account a ON a.id = l.account_id WHERE l.account_id = $1 ORDER BY l.address` }

/** By its own address and by its aliases. */
const accountMore = {
  name: "directory-account",
  text: `
    SELECT coalesce((SELECT sum(m.bytes) FROM mailbox m WHERE m.account_id = a.id), 0)::bigint AS "usedBytes",
      coalesce((SELECT json_agg(json_build_object('address', g.address, 'displayName', g.display_name) ORDER BY g.folded) FROM mail_group g WHERE EXISTS (
        SELECT FROM mail_group_member m WHERE m.group_address = g.address AND (m.member_address = a.address OR m.member_address IN (SELECT l.address FROM alias l WHERE l.account_id = a.id)))), '[]') AS groups,
      (SELECT json_build_object('password', coalesce(bool_or(c.kind = 'password'), false), 'oneTime', coalesce(bool_or(c.kind = 'oneTime'), false), 'appPasswords', count(*) FILTER (WHERE c.kind = 'appPassword'))
        FROM credential c WHERE c.account_id = a.id AND c.revoked_at IS NULL) AS credentials,
      coalesce((SELECT json_agg(r.role || coalesce(' ' || r.unit_code, '') ORDER BY r.id) FROM administrator r WHERE r.account_id = a.id AND r.ended_at IS NULL), '[]') AS roles
    FROM account a WHERE a.id = $1`,
}

const membersOfGroup = {
  name: "directory-members-of-group",
  text: `
    SELECT m.member_address AS address, CASE WHEN a.id IS NOT NULL THEN 'account' WHEN l.address IS NOT NULL THEN 'alias' WHEN g.address IS NOT NULL THEN 'group' ELSE 'foreign' END AS kind,
      coalesce(a.display_name, b.display_name, g.display_name, '') AS name, coalesce(a.suspended_at, b.suspended_at) IS NOT NULL AS suspended
    FROM mail_group_member m LEFT JOIN account a ON a.address = m.member_address LEFT JOIN alias l ON l.address = m.member_address LEFT JOIN account b ON b.id = l.account_id
      LEFT JOIN mail_group g ON g.address = m.member_address
    WHERE m.group_address = $1 ORDER BY m.member_address COLLATE "C"`,
}
