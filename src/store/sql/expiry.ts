import type { EndingCertificate, ExpiryStore } from "../expiry-store.ts"
import type { Database } from "./database.ts"

export const createExpiryStore = (database: Pick<Database, "query">): ExpiryStore => ({
  ending: (now, withinMs) => database.query<EndingCertificate>(ending, [new Date(now), new Date(now + withinMs)]),
})

const ending = {
  name: "certificates-ending",
  text: `
    SELECT c.fingerprint, c.subject, c.principal_id AS "principalId", c.use, (extract(epoch FROM c.not_after) * 1000)::bigint AS "notAfter",
      coalesce((SELECT jsonb_agg(jsonb_build_object('days', w.days, 'recipient', w.recipient)) FROM certificate_warning w WHERE w.fingerprint = c.fingerprint), '[]') AS told
    FROM certificate c WHERE c.state = 'active' AND c.not_after > $1 AND c.not_after <= $2 ORDER BY c.not_after, c.fingerprint`,
}
