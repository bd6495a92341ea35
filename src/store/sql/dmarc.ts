import type { DmarcCount, DmarcDay, DmarcStore } from "../dmarc-store.ts"
import { type Database, withRetry } from "./database.ts"
import { readInPages } from "./read-in-pages.ts"

/** DMARC's figures in PostgreSQL; several processes add to the same rows. */
export function createDmarcStore(database: Database): DmarcStore {
  return {
    async add(observations, records = []) {
      if (records.length > 0) await withRetry(() => database.query(addRecords, [records.map(({ day }) => day), records.map(({ policyDomain }) => policyDomain), records.map(({ record }) => record.replaceAll("\0", ""))]))
      if (observations.length === 0) return
      const column = <T>(read: (one: DmarcCount) => T): T[] => observations.map(read)
      await withRetry(() =>
        database.query(add, [
          column(({ day }) => day), column(({ policyDomain }) => policyDomain), column(({ headerFrom }) => headerFrom), column(({ source }) => source), column(({ disposition }) => disposition),
          column(({ override }) => override), column(({ dkimAligned }) => dkimAligned), column(({ spfAligned }) => spfAligned), column(({ spf }) => spf.domain), column(({ spf }) => spf.result),
          column(({ dkim }) => JSON.stringify(dkim)), column(({ messages }) => messages),
        ]),
      )
    },
    domains: async (day) => (await database.query<{ domain: string }>(domains, [day])).map(({ domain }) => domain),
    async ofDomain({ day, domain, limit }) {
      const [sums] = await database.query<Sums>(sumsOf, [day, domain])
      const counts: DmarcCount[] = []
      await database.transaction(async (tx) => {
        for await (const page of readInPages<Row>(tx, ofDomain, { values: [day, domain, limit] })) {
          for (const { spf_domain, spf_result, ...row } of page) counts.push({ ...row, day, policyDomain: domain, spf: { domain: spf_domain, result: spf_result } })
        }
      })
      return { counts, rows: sums?.rows ?? 0, messages: sums?.messages ?? 0, failed: sums?.failed ?? 0, record: sums?.record ?? undefined }
    },
    async forget(before) {
      await database.query(forgetRecords, [before])
      return (await database.query(forget, [before])).length
    },
  }
}

interface Sums extends Omit<DmarcDay, "counts" | "record"> {
  readonly record: string | null
}

type Row = Omit<DmarcCount, "day" | "policyDomain" | "spf"> & { readonly spf_domain: string; readonly spf_result: string }

/** In the order of the key, so that two processes take turns instead of waiting for each other. */
const add = {
  name: "dmarc-add",
  text: `
    INSERT INTO dmarc_observation (day, policy_domain, header_from, source, disposition, override, dkim_aligned, spf_aligned, spf_domain, spf_result, dkim, messages)
    SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::inet[], $5::text[], $6::text[], $7::boolean[], $8::boolean[], $9::text[], $10::text[], $11::jsonb[], $12::bigint[]) AS t
    ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ON CONFLICT (day, policy_domain, header_from, source, disposition, override, dkim_aligned, spf_aligned, spf_domain, spf_result, dkim)
    DO UPDATE SET messages = dmarc_observation.messages + EXCLUDED.messages`,
}

const addRecords = {
  name: "dmarc-add-records",
  text: `
    INSERT INTO dmarc_record (day, policy_domain, record) SELECT * FROM unnest($1::date[], $2::text[], $3::text[]) AS t ORDER BY 1, 2
    ON CONFLICT (day, policy_domain) DO UPDATE SET record = EXCLUDED.record WHERE dmarc_record.record <> EXCLUDED.record`,
}

const domains = { name: "dmarc-domains", text: "SELECT DISTINCT policy_domain AS domain FROM dmarc_observation WHERE day = $1::date ORDER BY 1" }

const sumsOf = {
  name: "dmarc-sums",
  text: `
    SELECT count(*) AS rows, coalesce(sum(messages), 0)::bigint AS messages, coalesce(sum(messages) FILTER (WHERE NOT dkim_aligned AND NOT spf_aligned), 0)::bigint AS failed,
      (SELECT record FROM dmarc_record WHERE day = $1::date AND policy_domain = $2) AS record
    FROM dmarc_observation WHERE day = $1::date AND policy_domain = $2`,
}

const forgetRecords = { name: "dmarc-forget-records", text: "DELETE FROM dmarc_record WHERE day < $1::date" }

const ofDomain = {
  text: `SELECT header_from AS "headerFrom", host(source) AS source, disposition, override, dkim_aligned AS "dkimAligned", spf_aligned AS "spfAligned", spf_domain, spf_result, dkim, messages
    FROM dmarc_observation WHERE day = $1::date AND policy_domain = $2 ORDER BY messages DESC, header_from, source, disposition LIMIT $3`,
}

const forget = { name: "dmarc-forget", text: "DELETE FROM dmarc_observation WHERE day < $1::date RETURNING 1" }
