import type { DmarcCount, DmarcStore } from "../dmarc-store.ts"
import { type Database, withRetry } from "./database.ts"

/** DMARC's figures in PostgreSQL; several processes add to the same rows. */
export function createDmarcStore(database: Database): DmarcStore {
  return {
    async add(observations) {
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
    async ofDay(day) {
      return (await database.query<Row>(ofDay, [day])).map(({ spf_domain, spf_result, ...row }) => ({ ...row, day, spf: { domain: spf_domain, result: spf_result } }))
    },
    async forget(before) {
      return (await database.query(forget, [before])).length
    },
  }
}

type Row = Omit<DmarcCount, "day" | "spf"> & { readonly spf_domain: string; readonly spf_result: string }

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

const ofDay = {
  name: "dmarc-of-day",
  text: `SELECT policy_domain AS "policyDomain", header_from AS "headerFrom", host(source) AS source, disposition, override, dkim_aligned AS "dkimAligned", spf_aligned AS "spfAligned", spf_domain, spf_result, dkim, messages
    FROM dmarc_observation WHERE day = $1::date ORDER BY policy_domain, header_from, source, disposition`,
}

const forget = { name: "dmarc-forget", text: "DELETE FROM dmarc_observation WHERE day < $1::date RETURNING 1" }
