import { createHash } from "node:crypto"
import { failed, ok } from "../../base/result.ts"
import { failure } from "../../mail/failure.ts"
import type { NewPolicy, PolicyStore, PolicySummary, PolicyVersion } from "../policy-store.ts"
import { advisoryLocks } from "./advisory-locks.ts"
import type { Database, Transaction } from "./database.ts"

/** Policies in PostgreSQL. Whoever puts one in force waits for whoever is just doing so: versions have no gaps, and exactly one is in force. */
export function createPolicyStore(database: Database): PolicyStore {
  const change = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    database.transaction(async (tx) => {
      await tx.query({ text: "SELECT pg_advisory_xact_lock($1)" }, [advisoryLocks.policyChange])
      return work(tx)
    })
  return {
    async versionInForce() {
      const [row] = await database.query<{ version: number }>(versionInForce)
      return row?.version ?? null
    },
    async inForce() {
      const [row] = await database.query<PolicyVersion>({ text: `${selectVersion} WHERE f.version IS NOT NULL` })
      return row ?? null
    },
    async version(version) {
      const [row] = await database.query<PolicyVersion>({ text: `${selectVersion} WHERE p.version = $1` }, [version])
      return row
    },
    history: (limit) => database.query<PolicySummary>({ text: `SELECT ${summaryColumns} ${from} ORDER BY p.version DESC LIMIT $1` }, [limit]),
    apply: (policy) =>
      change(async (tx) => {
        const [row] = await tx.query<{ sha256: string }>({ text: `SELECT p.sha256 ${from} WHERE f.version IS NOT NULL` })
        return row?.sha256 === sha256Of(policy.yaml) ? failed(failure("alreadyExists", "this policy is in force already")) : ok(await putInForce(tx, policy, "command"))
      }),
    applyFile: (policy) =>
      change(async (tx) => {
        const [last] = await tx.query<{ sha256: string }>({ text: "SELECT sha256 FROM policy_version WHERE source = 'file' ORDER BY version DESC LIMIT 1" })
        return last?.sha256 === sha256Of(policy.yaml) ? null : putInForce(tx, { ...policy, why: "" }, "file")
      }),
  }
}


const sha256Of = (yaml: string): string => createHash("sha256").update(yaml).digest("hex")

async function putInForce(tx: Transaction, { yaml, by, why }: NewPolicy, source: PolicySummary["source"]): Promise<number> {
  const [row] = await tx.query<{ version: number }>({ text: putInForceSql }, [yaml, sha256Of(yaml), source, by, why])
  if (!row) throw new Error("a policy was not stored")
  return row.version
}

const putInForceSql = `
  WITH p AS (
    INSERT INTO policy_version (version, yaml, sha256, source, applied_by, why)
    SELECT coalesce(max(version), 0) + 1, $1, $2, $3, $4, $5 FROM policy_version RETURNING version
  ), a AS (
    INSERT INTO audit (kind, detail)
    SELECT 'policy.applied', jsonb_build_object('version', version, 'sha256', $2::text, 'source', $3::text, 'by', $4::text, 'why', $5::text, 'before', (SELECT version FROM policy_in_force)) FROM p
  ), f AS (
    INSERT INTO policy_in_force (version) SELECT version FROM p ON CONFLICT (only_row) DO UPDATE SET version = excluded.version
  )
  SELECT version FROM p`

const versionInForce = { name: "policy-in-force", text: "SELECT version FROM policy_in_force" }

const summaryColumns = `p.version, p.sha256, p.source, (extract(epoch FROM p.applied_at) * 1000)::bigint AS "appliedAt", p.applied_by AS "by", p.why, f.version IS NOT NULL AS "inForce"`
const from = "FROM policy_version p LEFT JOIN policy_in_force f ON f.version = p.version"
const selectVersion = `SELECT ${summaryColumns}, p.yaml ${from}`
