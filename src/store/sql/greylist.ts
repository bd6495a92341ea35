import { isIPv6 } from "node:net"
import type { Clock } from "../../base/clock.ts"
import type { GreylistStore } from "../greylist-store.ts"
import { type Database, withRetry } from "./database.ts"

/** The greylist in PostgreSQL: every process of `smtp` sees the same. */
export function createGreylistStore({ database, clock }: { readonly database: Database; readonly clock: Clock }): GreylistStore {
  return {
    async seen({ clientAddress, sender, recipient, delayMs }) {
      const [row] = await withRetry(() => database.query<{ passed: boolean }>(seen, [networkOf(clientAddress), sender, recipient, clock.now(), delayMs, comeAgainWithinMs]))
      return row?.passed ?? false
    },
    async forget(ageMs) {
      return (await database.query(forget, [clock.now(), ageMs, comeAgainWithinMs])).length
    },
  }
}

/** RFC 5321 §4.5.4.1: senders try for days; who comes later than this is new again. */
const comeAgainWithinMs = 2 * 86_400_000

/** Large senders try again from another machine of the same network. */
const networkOf = (address: string): string => `${address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "")}/${isIPv6(address) && !/^::ffff:\d+\./i.test(address) ? 64 : 24}`

/** Senders of one network that have not come again. Whoever invents more is not written down: a table that one connection can fill is no list. */
const maxWaiting = 10_000

const seen = {
  name: "greylist-seen",
  text: `
    INSERT INTO greylist AS g (network, sender, recipient, first_at, last_at, passed)
    SELECT network($1::inet), $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($4::float8 / 1000), false
    WHERE EXISTS (SELECT FROM greylist k WHERE k.network = network($1::inet) AND k.sender = $2 AND k.recipient = $3)
      OR (SELECT count(*) FROM (SELECT FROM greylist w WHERE w.network = network($1::inet) AND NOT w.passed LIMIT ${maxWaiting}) AS waiting) < ${maxWaiting}
    ON CONFLICT (network, sender, recipient) DO UPDATE SET
      last_at = EXCLUDED.last_at,
      first_at = CASE WHEN NOT g.passed AND EXCLUDED.last_at - g.first_at > $6::float8 * interval '1 millisecond' THEN EXCLUDED.last_at ELSE g.first_at END,
      passed = g.passed OR EXCLUDED.last_at - g.first_at BETWEEN $5::float8 * interval '1 millisecond' AND $6::float8 * interval '1 millisecond'
    RETURNING passed`,
}

const forget = {
  name: "greylist-forget",
  text: `DELETE FROM greylist WHERE last_at < to_timestamp($1::float8 / 1000) - (CASE WHEN passed THEN $2::float8 ELSE $3::float8 END) * interval '1 millisecond' RETURNING 1`,
}
