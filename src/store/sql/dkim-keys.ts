import { failed, ok, type Result } from "../../base/result.ts"
import { type DkimAlgorithm, dkimPrivateKey } from "../../mail/dkim/signing-key.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { DkimKey, DkimKeyStore } from "../dkim-key-store.ts"
import type { Sealer } from "../sealing.ts"
import { advisoryLocks } from "./advisory-locks.ts"
import type { Database, Transaction } from "./database.ts"

/** DKIM keys in PostgreSQL, private halves sealed for their place. */
export function createDkimKeyStore({ database, sealer }: { readonly database: Database; readonly sealer: Sealer }): DkimKeyStore {
  const change = async (domain: string, { sql, kind, nothing, by }: Change): Promise<Result<void, Failure>> =>
    database.transaction(async (tx) => {
      await tx.query({ text: "SELECT pg_advisory_xact_lock($1)" }, [advisoryLocks.dkimChange])
      const moved = await tx.query<{ selector: string }>({ text: sql }, [domain])
      if (moved.length === 0) return failed(failure("notFound", nothing))
      await audit(tx, kind, { domain, selectors: moved.map(({ selector }) => selector), ...(by !== undefined && { by }) })
      return ok(undefined)
    })
  return {
    list: (domain) => database.query<DkimKey>({ text: listSql }, [domain ?? null]),
    async active() {
      const rows = await database.query<ActiveRow>(activeKeys)
      return rows.map(({ private_key, ...key }) => ({ ...key, privateKey: dkimPrivateKey(sealer.open(private_key, placeOf(key), maxKeyBytes)) }))
    },
    add: (domain, keys) =>
      database.transaction(async (tx) => {
        await tx.query({ text: "SELECT pg_advisory_xact_lock($1)" }, [advisoryLocks.dkimChange])
        const [taken] = await tx.query({ text: "SELECT FROM dkim_key WHERE domain = $1 AND (state = 'pending' OR selector = ANY ($2::text[])) LIMIT 1" }, [domain, keys.map(({ selector }) => selector)])
        if (taken) return failed(failure("alreadyExists", `${domain} has keys that wait to be published, or had keys of these names`))
        for (const { selector, algorithm, publicKey, privateKey } of keys) {
          await tx.query({ text: "INSERT INTO dkim_key (domain, selector, algorithm, public_key, private_key, state) VALUES ($1, $2, $3, $4, $5, 'pending')" }, [domain, selector, algorithm, publicKey, sealer.seal(privateKey, placeOf({ domain, selector }))])
        }
        await audit(tx, "dkim.created", { domain, selectors: keys.map(({ selector }) => selector) })
        return ok(undefined)
      }),
    activate: (domain, by) => change(domain, { sql: activateSql, kind: "dkim.activated", nothing: `no key of ${domain} waits to be published`, by }),
    retire: (domain) => change(domain, { sql: retireSql, kind: "dkim.retired", nothing: `no key of ${domain} has been replaced` }),
  }
}

interface Change {
  readonly sql: string
  /** Of the audit entry. */
  readonly kind: string
  /** What is said when nothing changes. */
  readonly nothing: string
  readonly by?: string | undefined
}

/** PKCS #8 of RSA with 4096 bits is 2.4 KB. */
const maxKeyBytes = 16 * 1024

interface ActiveRow {
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
  readonly private_key: Buffer
}

const placeOf = ({ domain, selector }: { readonly domain: string; readonly selector: string }): string => `dkim ${selector}._domainkey.${domain}`

const audit = (tx: Transaction, kind: string, detail: object): Promise<unknown> => tx.query({ text: "INSERT INTO audit (kind, detail) VALUES ($1, $2)" }, [kind, JSON.stringify(detail)])

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`

const listSql = `
  SELECT domain, selector, algorithm, public_key AS "publicKey", state, ${ms("created_at")} AS "createdAt", ${ms("activated_at")} AS "activatedAt", ${ms("replaced_at")} AS "replacedAt", ${ms("retired_at")} AS "retiredAt"
  FROM dkim_key WHERE $1::text IS NULL OR domain = $1 ORDER BY domain, created_at DESC, selector DESC`

const activeKeys = { name: "dkim-active-keys", text: "SELECT domain, selector, algorithm, private_key FROM dkim_key WHERE state = 'active' ORDER BY domain, algorithm DESC" }

/** The old ones go first: of each algorithm one is active at most. */
const activateSql = `
  WITH replaced AS (
    UPDATE dkim_key k SET state = 'retiring', replaced_at = clock_timestamp()
    WHERE k.domain = $1 AND k.state = 'active' AND EXISTS (SELECT FROM dkim_key p WHERE p.domain = $1 AND p.state = 'pending')
    RETURNING selector
  )
  UPDATE dkim_key SET state = 'active', activated_at = clock_timestamp()
  WHERE domain = $1 AND state = 'pending' AND (SELECT count(*) FROM replaced) >= 0
  RETURNING selector`

const retireSql = "UPDATE dkim_key SET state = 'retired', retired_at = clock_timestamp(), private_key = NULL WHERE domain = $1 AND state = 'retiring' RETURNING selector"
