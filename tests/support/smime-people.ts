import { createHash, type KeyObject } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa, type SmimeRequest } from "../../src/pki/development-smime-ca.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import type { Database } from "../../src/store/sql/database.ts"

/** Real certificates of the development CA, registered as an administrator would. */
export interface SmimePeople {
  readonly ca: DevelopmentSmimeCa
  /** Issues and registers one for a principal. */
  register(holder: string, request: SmimeRequest): Promise<{ readonly certificateDer: Uint8Array; readonly privateKey: KeyObject }>
  setState(certificateDer: Uint8Array, state: "active" | "suspended" | "revoked"): Promise<void>
  close(): Promise<void>
}

export async function createSmimePeople(database: Pick<Database, "query">, now: number): Promise<SmimePeople> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-smime-people-"))
  const ca = await openDevelopmentSmimeCa({ dir, clock: { now: () => now } })
  const moved = (): Promise<unknown> => database.query({ text: "UPDATE directory_version SET version = version + 1" })
  return {
    ca,
    async register(holder, request) {
      const issued = ca.issue(request)
      await insertCertificate(database, holder, issued.certificateDer)
      await moved()
      return issued
    },
    async setState(certificateDer, state) {
      await database.query({ text: "UPDATE certificate SET state = $2 WHERE der = $1" }, [Buffer.from(certificateDer), state])
      await moved()
    },
    close: () => rm(dir, { recursive: true, force: true }),
  }
}

export async function insertCertificate(database: Pick<Database, "query">, holder: string, der: Uint8Array): Promise<void> {
  const parsed = parseCertificate(der)
  if (!parsed.ok) throw new Error(parsed.failure.detail)
  const { fingerprint, serialNumber, subject, issuer, addresses, notBefore, notAfter } = parsed.value
  await database.query(
    {
      text: `INSERT INTO certificate (fingerprint, issuer_hash, serial_number, der, subject, issuer, addresses, principal_id, use, not_before, not_after, source)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'personal', $9, $10, 'test')`,
    },
    [fingerprint, createHash("sha256").update(issuer.der).digest("hex"), serialNumber, Buffer.from(der), subject.text, issuer.text, addresses, holder, new Date(notBefore), new Date(notAfter)],
  )
}
