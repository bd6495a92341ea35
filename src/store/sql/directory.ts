import type { Logger } from "pino"
import type { Account, Assignment, Directory, DirectorySource, Group, Principal, Unit } from "../../accounts/directory.ts"
import { buildDirectory, type CertificateOnRecord, type DirectoryRows } from "../../accounts/directory-snapshot.ts"
import type { Forwarding } from "../../accounts/forwarding.ts"
import { latestRead } from "../../base/latest-read.ts"
import type { ChangeFeed } from "../change-feed.ts"
import type { Database, Transaction } from "./database.ts"

/**
 * Keeps this process's snapshot of the directory current: it is read again when the change feed names another version, and
 * a slow tick compares versions in case a notification was lost. A snapshot is one database snapshot, never a mixture.
 */
export interface SqlDirectorySource extends DirectorySource {
  /** Stops following changes; the snapshot stays readable. */
  close(): void
}

export interface DirectorySourceOptions {
  readonly database: Database
  readonly feed?: ChangeFeed
  readonly log: Logger
  /** How often versions are compared; 0 never. */
  readonly tickMs?: number
  /** A change that is told of within so long after another is read with those that follow it: a bulk job makes several in a second, and each reading costs every process 40 ms. Who asks with `refresh` does not wait. */
  readonly burstMs?: number
}

/** Resolves when the first snapshot is there. */
export async function createDirectorySource({ database, feed, log, tickMs = 5_000, burstMs = 1_000 }: DirectorySourceOptions): Promise<SqlDirectorySource> {
  let snapshot = await loadDirectory(database)

  const refresh = latestRead(async (): Promise<Directory> => {
    if ((await readVersion(database)) !== snapshot.version) snapshot = await loadDirectory(database)
    return snapshot
  })
  const refreshQuietly = (): void => {
    refresh().catch((error: unknown) => log.warn({ err: error }, "the directory could not be read again"))
  }

  let burst: NodeJS.Timeout | undefined
  let toldMeanwhile = false
  const told = (): void => {
    if (burst !== undefined) return void (toldMeanwhile = true)
    refreshQuietly()
    burst = setTimeout(() => {
      burst = undefined
      if (toldMeanwhile) told()
      toldMeanwhile = false
    }, burstMs).unref()
  }

  const unsubscribe = feed?.subscribe((changes) => {
    if (changes.some((change) => change.kind === "directory" && change.version !== snapshot.version)) told()
  }, refreshQuietly)
  const timer = tickMs > 0 ? setInterval(refreshQuietly, tickMs).unref() : undefined

  return {
    current: () => snapshot,
    refresh,
    close() {
      clearInterval(timer)
      clearTimeout(burst)
      unsubscribe?.()
    },
  }
}

/** The whole directory as of one instant. */
export async function loadDirectory(database: Database): Promise<Directory> {
  return buildDirectory(
    await database.transaction(async (tx) => {
      await tx.query({ text: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY" })
      return readRows(tx)
    }),
  )
}

async function readVersion(on: Transaction): Promise<number> {
  const [row] = await on.query<{ version: number }>({ name: "directory-version", text: "SELECT version FROM directory_version" })
  return row?.version ?? 0
}

async function readRows(tx: Transaction): Promise<DirectoryRows> {
  const version = await readVersion(tx)
  const domains = await tx.query<{ domain: string }>({ text: "SELECT DISTINCT domain FROM organization_unit" })
  const units = await tx.query<Unit>({ text: `SELECT code, kind, parent_code AS "parentCode" FROM organization_unit` })
  const accounts = await tx.query<Account>({
    text: `SELECT id, address, kind, display_name AS "displayName", unit_code AS "unitCode", quota_bytes AS "quotaBytes", suspended_at IS NOT NULL AS suspended
      FROM account ORDER BY id`,
  })
  const principals = await tx.query<Principal>({
    text: `SELECT id, kind, name, unit_code AS "unitCode", suspended_at IS NOT NULL AS suspended FROM principal`,
  })
  const assignments = await tx.query<Assignment>({
    text: `SELECT account_id AS "accountId", principal_id AS "principalId", rights, to_char(valid_from, 'YYYY-MM-DD') AS "from", to_char(valid_until, 'YYYY-MM-DD') AS "until"
      FROM assignment ORDER BY account_id, principal_id`,
  })
  const aliases = await tx.query<{ address: string; accountId: number }>({ text: `SELECT address, account_id AS "accountId" FROM alias ORDER BY address` })
  const groups = await tx.query<Group>({
    text: `SELECT g.address, g.display_name AS "displayName", g.allowed_senders AS "allowedSenders", g.moderators, coalesce(m.members, '{}') AS members
      FROM mail_group g LEFT JOIN (
        SELECT group_address, array_agg(member_address ORDER BY member_address) AS members FROM mail_group_member GROUP BY group_address
      ) m ON m.group_address = g.address`,
  })
  const certificates = await tx.query<CertificateOnRecord>({
    text: `SELECT c.fingerprint, c.issuer_hash AS "issuerHash", c.serial_number AS "serialNumber", c.principal_id AS "principalId", c.use, c.state,
        (extract(epoch FROM c.state_at) * 1000)::bigint AS "stateAt", (extract(epoch FROM c.not_after) * 1000)::bigint AS "notAfter", b.account_ids AS "accountIds",
        to_char(c.valid_from, 'YYYY-MM-DD') AS "from", to_char(c.valid_until, 'YYYY-MM-DD') AS "until"
      FROM certificate c LEFT JOIN (
        SELECT fingerprint, array_agg(account_id ORDER BY account_id) AS account_ids FROM certificate_account GROUP BY fingerprint
      ) b ON b.fingerprint = c.fingerprint`,
  })
  const forwardings = await tx.query<Forwarding>({ text: `SELECT account_id AS "accountId", target, keep_copy AS "keepCopy", principal_id AS "principalId" FROM forwarding` })
  return { version, unitDomains: domains.map(({ domain }) => domain), units, accounts, principals, assignments, aliases, groups, certificates, forwardings }
}
