import type { DefaultMailbox } from "../../accounts/default-mailboxes.ts"
import type { CertificateState } from "../../accounts/directory.ts"
import type { ImportPlan } from "../../accounts/import/plan.ts"
import type { DirectoryState, ProvisioningStore } from "../../accounts/import/provisioning-store.ts"
import { type AccountRow, type AliasRow, type AssignmentRow, type CertificateRow, type GroupRow, type MemberRow, type PrincipalRow, rights, tableNames, type UnitRow } from "../../accounts/import/rows.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { auditPlan } from "./provisioning-audit.ts"
import { auditCertificates, bindAccounts, type CertificateEvent, changeCertificates, putCertificates, readCertificateNames, setCertificateState } from "./certificate-rows.ts"
import type { Database, Transaction } from "./database.ts"
import { holderOf } from "./holder-of.ts"

/** The directory as import files know it, read in one snapshot and changed in one transaction of a few statements, however many rows. */
export function createProvisioningStore(database: Database): ProvisioningStore {
  return {
    readState: () =>
      database.transaction(async (tx) => {
        await tx.query({ text: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY" })
        return readState(tx)
      }),
    apply: (plan, mailboxes) => database.transaction((tx) => applyInTransaction(tx, plan, mailboxes)),
    passwordHashes: (addresses) =>
      database.query(
        {
          text: `SELECT t.address, a.id AS "accountId", c.hash FROM unnest($1::text[]) WITH ORDINALITY AS t (address, n) JOIN account a ON a.address = t.address
            LEFT JOIN credential c ON c.account_id = a.id AND c.kind = 'password' AND c.revoked_at IS NULL ORDER BY t.n`,
        },
        [addresses],
      ),
    setPasswords: (passwords) =>
      database.transaction(async (tx) => {
        const values = [passwords.map(({ accountId }) => accountId), passwords.map(({ hash }) => hash)]
        // in the order of their ids, so that two at once do not wait for each other
        await tx.query({ text: "SELECT FROM account WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE" }, [values[0]])
        const before = await tx.query<{ id: number }>({ text: "UPDATE credential SET revoked_at = clock_timestamp() WHERE account_id = ANY ($1::bigint[]) AND kind IN ('password', 'oneTime') AND revoked_at IS NULL RETURNING account_id AS id" }, [values[0]])
        await tx.query({ text: `INSERT INTO credential (account_id, principal_id, kind, hash) SELECT t.id, ${holderOf("t.id")}, 'password', t.hash FROM unnest($1::bigint[], $2::text[]) AS t (id, hash)` }, values)
        await tx.query({ text: "INSERT INTO audit (kind, account_id, detail) SELECT 'credential.passwordSet', id, jsonb_build_object('first', id <> ALL ($2::bigint[])) FROM unnest($1::bigint[]) AS t (id)" }, [values[0], before.map(({ id }) => id)])
      }),
  }
}

/** The whole plan, if the directory is still the one that was compared; for whoever writes something of its own beside it. */
export async function applyInTransaction(tx: Transaction, plan: ImportPlan, mailboxes: readonly DefaultMailbox[]): Promise<Result<number, Failure>> {
  const [now] = await tx.query<{ version: number }>({ text: "SELECT version FROM directory_version FOR UPDATE" })
  if (now?.version !== plan.version) return failed(failure("inUse", "the directory has changed"))
  const before = await stateBefore(tx, plan)
  await applyPlan(tx, plan, { mailboxes, before })
  await auditPlan(tx, plan, before)
  const [next] = await tx.query<{ version: number }>({ text: "UPDATE directory_version SET version = version + 1 RETURNING version" })
  await tx.query({ text: "INSERT INTO audit (kind, detail) VALUES ('directory.imported', $1)" }, [JSON.stringify(summary(plan, next?.version ?? 0))])
  return ok(next?.version ?? 0)
}

/** Read only where rows change: what is new has no past. */
const stateBefore = async (tx: Transaction, { tables }: ImportPlan): Promise<DirectoryState | undefined> =>
  tableNames.some((name) => tables[name].change.length > 0) ? readState(tx) : undefined

/** Columns in the order of rows.ts: rows are compared as they are written. */
async function readState(tx: Transaction): Promise<DirectoryState> {
  const [version] = await tx.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const suspended = async (text: string): Promise<Set<string>> => new Set((await tx.query<{ key: string }>({ text })).map(({ key }) => key))
  const assignments = await tx.query<AssignmentRow>({
    text: `SELECT a.address, s.principal_id AS "principalId", s.rights, to_char(s.valid_from, 'YYYY-MM-DD') AS "from", to_char(s.valid_until, 'YYYY-MM-DD') AS "until"
      FROM assignment s JOIN account a ON a.id = s.account_id`,
  })
  const certificates = await tx.query<CertificateRow>({
    text: `SELECT c.fingerprint, c.principal_id AS "principalId", c.use,
        ARRAY(SELECT a.address FROM certificate_account b JOIN account a ON a.id = b.account_id WHERE b.fingerprint = c.fingerprint) AS addresses,
        to_char(c.valid_from, 'YYYY-MM-DD') AS "from", to_char(c.valid_until, 'YYYY-MM-DD') AS "until"
      FROM certificate c`,
  })
  return {
    version: version?.version ?? 0,
    tables: {
      units: await tx.query<UnitRow>({ text: `SELECT code, name, kind, parent_code AS "parentCode", domain FROM organization_unit` }),
      principals: await tx.query<PrincipalRow>({ text: `SELECT id AS "principalId", kind, name, unit_code AS "unitCode", title, phone FROM principal` }),
      accounts: await tx.query<AccountRow>({ text: `SELECT address, kind, display_name AS "displayName", unit_code AS "unitCode", quota_bytes AS "quotaBytes" FROM account` }),
      assignments: assignments.map((row) => ({ ...row, rights: rights.filter((right) => row.rights.includes(right)) })),
      aliases: await tx.query<AliasRow>({ text: "SELECT l.address, a.address AS target FROM alias l JOIN account a ON a.id = l.account_id" }),
      groups: await tx.query<GroupRow>({ text: `SELECT address, display_name AS "displayName", allowed_senders AS "allowedSenders" FROM mail_group` }),
      members: await tx.query<MemberRow>({ text: `SELECT group_address AS "group", member_address AS member FROM mail_group_member` }),
      // sorted here: the database's order of letters is another
      certificates: certificates.map((row) => ({ ...row, addresses: row.addresses.toSorted() })),
    },
    suspendedPrincipals: await suspended("SELECT id AS key FROM principal WHERE suspended_at IS NOT NULL"),
    suspendedAccounts: await suspended("SELECT address AS key FROM account WHERE suspended_at IS NOT NULL"),
    archivedAccounts: await suspended("SELECT address AS key FROM account WHERE archived_at IS NOT NULL"),
    suspendedCertificates: await suspended("SELECT fingerprint AS key FROM certificate WHERE state = 'suspended'"),
    revokedCertificates: await suspended("SELECT fingerprint AS key FROM certificate WHERE state = 'revoked'"),
    certificateNames: await readCertificateNames(tx),
  }
}

/** Parents before what refers to them; removals first, so that an address may change what it is. */
async function applyPlan(tx: Transaction, plan: ImportPlan, { mailboxes, before }: { readonly mailboxes: readonly DefaultMailbox[]; readonly before: DirectoryState | undefined }): Promise<void> {
  const { tables, today } = plan
  const run = async (text: string, rows: readonly unknown[], values: readonly unknown[]): Promise<void> => {
    if (rows.length > 0) await tx.query({ text }, values)
  }
  const { units, principals, accounts, assignments, aliases, groups, members } = tables
  await run(removeMembers, members.suspend, [members.suspend.map(({ group }) => group), members.suspend.map(({ member }) => member)])
  await run("DELETE FROM mail_group WHERE address = ANY ($1)", groups.suspend, [groups.suspend.map(({ address }) => address)])
  await run("DELETE FROM alias WHERE address = ANY ($1)", aliases.suspend, [aliases.suspend.map(({ address }) => address)])

  const unitRows = [...units.add, ...units.change]
  await run(putUnits, unitRows, columns(unitRows, ["code", "name", "kind", "parentCode", "domain"]))
  const principalRows = [...principals.add, ...principals.change]
  await run(putPrincipals, principalRows, columns(principalRows, ["principalId", "kind", "name", "unitCode", "title", "phone"]))
  await run(suspend("principal", "id"), principals.suspend, [principals.suspend.map(({ principalId }) => principalId)])
  await run("UPDATE principal SET suspended_at = NULL WHERE id = ANY ($1::text[])", principals.reactivate, [principals.reactivate.map(({ principalId }) => principalId)])

  const accountColumns = ["address", "kind", "displayName", "unitCode", "quotaBytes"] as const
  await run(addAccounts, accounts.add, [...columns(accounts.add, accountColumns), mailboxes.map(({ name }) => name), mailboxes.map(({ specialUse }) => specialUse)])
  await run(changeAccounts, accounts.change, columns(accounts.change, accountColumns))
  await run(suspend("account", "address"), accounts.suspend, [accounts.suspend.map(({ address }) => address)])
  await run(openAccounts, accounts.reactivate, [accounts.reactivate.map(({ address }) => address)])

  const assignmentRows = [...assignments.add, ...assignments.change].map((row) => ({ ...row, rights: row.rights.join(" ") }))
  await run(putAssignments, assignmentRows, columns(assignmentRows, ["address", "principalId", "rights", "from", "until"]))
  await run(endAssignments, assignments.suspend, [...columns(assignments.suspend, ["address", "principalId"]), today])
  const aliasRows = [...aliases.add, ...aliases.change]
  await run(putAliases, aliasRows, columns(aliasRows, ["address", "target"]))
  const groupRows = [...groups.add, ...groups.change].map((row) => ({ ...row, allowedSenders: row.allowedSenders?.join(" ") ?? null }))
  await run(putGroups, groupRows, columns(groupRows, ["address", "displayName", "allowedSenders"]))
  await run(addMembers, members.add, columns(members.add, ["group", "member"]))
  await applyCertificates(tx, plan, before)
}

async function applyCertificates(tx: Transaction, { tables: { certificates }, certificates: read }: ImportPlan, before: DirectoryState | undefined): Promise<void> {
  const { add, change, suspend, reactivate } = certificates
  const added = add.flatMap(({ fingerprint, addresses, ...row }) => {
    const certificate = read.get(fingerprint)
    return certificate ? [{ ...row, certificate, accounts: addresses }] : []
  })
  const note = (rows: readonly CertificateRow[], kind: CertificateEvent): Promise<void> => auditCertificates(tx, rows.map(({ fingerprint }) => fingerprint), { kind, by: importer })
  const setState = async (rows: readonly CertificateRow[], state: CertificateState, reason: string): Promise<void> => {
    if (rows.length > 0) await tx.query({ text: setCertificateState }, [rows.map(({ fingerprint }) => fingerprint), state, reason, importer])
  }
  if (added.length > 0) await putCertificates(tx, added, { by: importer, source: importer })
  await note(add, "certificate.added")
  if (change.length > 0) {
    await tx.query({ text: changeCertificates }, columns(change, ["fingerprint", "principalId", "use", "from", "until"]))
    await bindAccounts(tx, change.map(({ fingerprint, addresses }) => ({ fingerprint, accounts: addresses })))
    const old = new Map(before?.tables.certificates.map((row) => [row.fingerprint, row]))
    for (const row of change) await auditCertificates(tx, [row.fingerprint], { kind: "certificate.changed", by: importer, detail: { before: old.get(row.fingerprint) ?? null, after: row } })
  }
  await setState(suspend, "suspended", "the import's files do not name it")
  await note(suspend, "certificate.suspended")
  await setState(reactivate, "active", "")
  await note(reactivate, "certificate.reinstated")
}

const importer = "import"

const columns = <Row, Key extends keyof Row>(rows: readonly Row[], keys: readonly Key[]): unknown[] => keys.map((key) => rows.map((row) => row[key]))

const putUnits = `
  INSERT INTO organization_unit (code, name, kind, parent_code, domain) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
  ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, parent_code = excluded.parent_code, domain = excluded.domain`

const putPrincipals = `
  INSERT INTO principal (id, kind, name, unit_code, title, phone) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
  ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, unit_code = excluded.unit_code, title = excluded.title, phone = excluded.phone`

/** New accounts with their mailboxes, and those subscribed to. */
const addAccounts = `
  WITH a AS (
    INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) RETURNING id
  ), m AS (
    INSERT INTO mailbox (account_id, name, special_use) SELECT a.id, d.name, d.special_use FROM a CROSS JOIN unnest($6::text[], $7::text[]) AS d (name, special_use) RETURNING account_id, name
  )
  INSERT INTO subscription (account_id, name) SELECT account_id, name FROM m`

const changeAccounts = `
  UPDATE account a SET kind = t.kind, display_name = t.display_name, unit_code = t.unit_code, quota_bytes = t.quota_bytes
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS t (address, kind, display_name, unit_code, quota_bytes) WHERE a.address = t.address`

const suspend = (table: "principal" | "account", key: "id" | "address"): string => `UPDATE ${table} SET suspended_at = now() WHERE ${key} = ANY ($1::text[])`

/** As the editor does: no day of archiving is left for another time, and what is archived is opened by nobody. */
const openAccounts = "UPDATE account SET suspended_at = NULL, archive_on = NULL WHERE address = ANY ($1::text[]) AND archived_at IS NULL"

const putAssignments = `
  INSERT INTO assignment (account_id, principal_id, rights, valid_from, valid_until)
  SELECT a.id, t.principal_id, string_to_array(t.rights, ' '), t.valid_from, t.valid_until
  FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[]) AS t (address, principal_id, rights, valid_from, valid_until) JOIN account a ON a.address = t.address
  ON CONFLICT (account_id, principal_id) DO UPDATE SET rights = excluded.rights, valid_from = excluded.valid_from, valid_until = excluded.valid_until`

const endAssignments = `
  UPDATE assignment s SET valid_until = $3::date - 1
  FROM unnest($1::text[], $2::text[]) AS t (address, principal_id) JOIN account a ON a.address = t.address WHERE s.account_id = a.id AND s.principal_id = t.principal_id`

const putAliases = `
  INSERT INTO alias (address, account_id) SELECT t.address, a.id FROM unnest($1::text[], $2::text[]) AS t (address, target) JOIN account a ON a.address = t.target
  ON CONFLICT (address) DO UPDATE SET account_id = excluded.account_id`

const putGroups = `
  INSERT INTO mail_group (address, display_name, allowed_senders, unit_code)
  SELECT t.address, t.display_name, string_to_array(t.allowed_senders, ' '), unit_of_domain(split_part(t.address, '@', 2)) FROM unnest($1::text[], $2::text[], $3::text[]) AS t (address, display_name, allowed_senders)
  ON CONFLICT (address) DO UPDATE SET display_name = excluded.display_name, allowed_senders = excluded.allowed_senders`

const addMembers = "INSERT INTO mail_group_member (group_address, member_address) SELECT * FROM unnest($1::text[], $2::text[])"

const removeMembers = `
  DELETE FROM mail_group_member m USING unnest($1::text[], $2::text[]) AS t (group_address, member_address)
  WHERE m.group_address = t.group_address AND m.member_address = t.member_address`

const summary = ({ tables }: ImportPlan, version: number): object => ({
  version,
  tables: Object.fromEntries(
    tableNames.map((name) => {
      const { add, change, suspend, reactivate } = tables[name]
      return [name, { added: add.length, changed: change.length, suspended: suspend.length, reactivated: reactivate.length }]
    }),
  ),
})
