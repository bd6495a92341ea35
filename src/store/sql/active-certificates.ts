import type { Clock } from "../../base/clock.ts"
import type { Certificate } from "../../pki/certificate.ts"
import { parseCertificate } from "../../pki/parse-certificate.ts"
import type { Database } from "./database.ts"

/** Rows read at once; each is parsed when the reader asks for it. */
const pageSize = 100

/**
 * The registry's certificates that may be used now, in the order of their fingerprints, page by page, so that nothing is held while a slow
 * reader works. One that cannot be parsed any more is left out: it verifies nothing either.
 */
export async function* activeCertificates(database: Pick<Database, "query">, clock: Clock): AsyncGenerator<Certificate, void, undefined> {
  for (let after = "", more = true; more; ) {
    const rows = await database.query<{ fingerprint: string; der: Uint8Array }>(page, [after, new Date(clock.now()), pageSize])
    for (const { der } of rows) {
      const parsed = parseCertificate(der)
      if (parsed.ok) yield parsed.value
    }
    after = rows.at(-1)?.fingerprint ?? after
    more = rows.length === pageSize
  }
}

const page = {
  name: "active-certificates",
  text: "SELECT fingerprint, der FROM certificate WHERE state = 'active' AND not_before <= $2 AND not_after > $2 AND fingerprint > $1 ORDER BY fingerprint LIMIT $3",
}
