import type { ExternalLink } from "../../accounts/ldap-sync/entries.ts"
import { ok } from "../../base/result.ts"
import type { ChangeFeed } from "../change-feed.ts"
import type { LdapSyncStore, SyncRun } from "../ldap-sync-store.ts"
import type { Database } from "./database.ts"
import { jsonText } from "./json-text.ts"
import { applyInTransaction, createProvisioningStore } from "./provisioning.ts"

/** Synchronizations in PostgreSQL: applied by the import's own statements. */
export function createLdapSyncStore({ database, feed }: { readonly database: Database; readonly feed: Pick<ChangeFeed, "publish"> }): LdapSyncStore {
  const provisioning = createProvisioningStore(database)
  return {
    async facts() {
      // the links first: what is linked meanwhile is in a later version of the directory, and the plan is refused
      const links = await database.query<ExternalLink>({ text: `SELECT kind, external_id AS "externalId", key, gone FROM external_identity WHERE source = 'ldap'` })
      const rules = await database.query<{ code: string; rule: string }>({ text: "SELECT code, address_rule AS rule FROM organization_unit WHERE address_rule IS NOT NULL" })
      return { state: await provisioning.readState(), links, rules: new Map(rules.map(({ code, rule }) => [code, rule])) }
    },
    async apply({ plan, links, report, by, mailboxes }) {
      const done = await database.transaction(async (tx) => {
        const applied = await applyInTransaction(tx, plan, mailboxes)
        if (!applied.ok) return applied
        await tx.query({ text: "DELETE FROM external_identity WHERE source = 'ldap'" })
        await tx.query({ text: "INSERT INTO external_identity (source, kind, key, external_id, gone) SELECT 'ldap', * FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[])" }, [
          links.map(({ kind }) => kind), links.map(({ key }) => key), links.map(({ externalId }) => externalId), links.map(({ gone }) => gone),
        ])
        const [row] = await tx.query<{ id: number }>(insert, ["applied", jsonText(report), by])
        await tx.query({ text: "INSERT INTO audit (kind, detail) VALUES ('directory.synchronized', $1)" }, [JSON.stringify({ run: row?.id ?? 0, by, counts: report.counts, problems: report.problems.length })])
        return ok({ run: row?.id ?? 0, version: applied.value })
      })
      if (done.ok) feed.publish([{ kind: "directory", version: done.value.version }])
      return done
    },
    async note({ state, report, by }) {
      const [row] = await database.query<{ id: number }>(insert, [state, jsonText(report), by])
      return row?.id ?? 0
    },
    list: (limit) => database.query<SyncRun>({ name: "list-ldap-syncs", text: `SELECT id, (extract(epoch FROM at) * 1000)::bigint AS at, started_by AS by, state, report FROM ldap_sync ORDER BY id DESC LIMIT $1` }, [limit]),
  }
}

const insert = { name: "add-ldap-sync", text: "INSERT INTO ldap_sync (state, report, started_by) VALUES ($1, $2, $3) RETURNING id" }
