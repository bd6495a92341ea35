import { certificateName, issuerAndSerial } from "../../accounts/import/check-certificates.ts"
import type { NewCertificate } from "../certificate-registry.ts"
import type { Transaction } from "./database.ts"

/** Statements on the registry's rows that the importer and single commands share; however many rows, a few statements. */
export async function putCertificates(tx: Transaction, certificates: readonly NewCertificate[], { by, source }: { readonly by: string; readonly source: string }): Promise<void> {
  for (let at = 0; at < certificates.length; at += maxRows) {
    const some = certificates.slice(at, at + maxRows)
    const column = <T>(value: (one: NewCertificate) => T): T[] => some.map(value)
    await tx.query(insertCertificates, [
      column(({ certificate }) => certificate.fingerprint), column(({ certificate }) => issuerAndSerial(certificate).issuerHash), column(({ certificate }) => certificate.serialNumber),
      column(({ certificate }) => Buffer.from(certificate.der)), column(({ certificate }) => certificate.subject.text), column(({ certificate }) => certificate.issuer.text),
      column(({ certificate }) => certificate.addresses.join(" ")), column(({ principalId }) => principalId), column(({ use }) => use),
      column(({ certificate }) => new Date(certificate.notBefore)), column(({ certificate }) => new Date(certificate.notAfter)), column(({ from }) => from), column(({ until }) => until), by, source,
    ])
  }
  await bindAccounts(tx, certificates.map(({ certificate, accounts }) => ({ fingerprint: certificate.fingerprint, accounts })))
}

/** Parameters of one statement stay below some 5 MB. */
const maxRows = 2_000

/** Each certificate speaks for these accounts and no others. */
export async function bindAccounts(tx: Transaction, bindings: readonly { readonly fingerprint: string; readonly accounts: readonly string[] }[]): Promise<void> {
  const pairs = bindings.flatMap(({ fingerprint, accounts }) => accounts.map((address) => ({ fingerprint, address })))
  await tx.query({ text: "DELETE FROM certificate_account WHERE fingerprint = ANY ($1::text[])" }, [bindings.map(({ fingerprint }) => fingerprint)])
  await tx.query(
    { text: "INSERT INTO certificate_account (fingerprint, account_id) SELECT t.fingerprint, a.id FROM unnest($1::text[], $2::text[]) AS t (fingerprint, address) JOIN account a ON a.address = t.address" },
    [pairs.map(({ fingerprint }) => fingerprint), pairs.map(({ address }) => address)],
  )
}

/** `certificateName` of every registered certificate → its fingerprint. */
export async function readCertificateNames(tx: Transaction): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.query<{ fingerprint: string; issuerHash: string; serialNumber: string }>({ text: `SELECT fingerprint, issuer_hash AS "issuerHash", serial_number AS "serialNumber" FROM certificate` })
  return new Map(rows.map((row) => [certificateName(row), row.fingerprint]))
}

const insertCertificates = {
  text: `
    INSERT INTO certificate (fingerprint, issuer_hash, serial_number, der, subject, issuer, addresses, principal_id, use, not_before, not_after, valid_from, valid_until, state_by, source)
    SELECT t.fingerprint, t.issuer_hash, t.serial_number, t.der, t.subject, t.issuer, string_to_array(t.addresses, ' '), t.principal_id, t.use, t.not_before, t.not_after, t.valid_from, t.valid_until, $14, $15
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::date[], $13::date[])
      AS t (fingerprint, issuer_hash, serial_number, der, subject, issuer, addresses, principal_id, use, not_before, not_after, valid_from, valid_until)`,
}

/** What happened to certificates, an entry for each, in the transaction that does it. */
export async function auditCertificates(tx: Transaction, fingerprints: readonly string[], entry: { readonly kind: CertificateEvent; readonly by: string; readonly detail?: Readonly<Record<string, unknown>> }): Promise<void> {
  if (fingerprints.length > 0) await tx.query(audit, [fingerprints, entry.kind, JSON.stringify({ by: entry.by, ...entry.detail })])
}

export type CertificateEvent = "certificate.added" | "certificate.changed" | "certificate.suspended" | "certificate.revoked" | "certificate.reinstated"

const audit = {
  text: `
    INSERT INTO audit (kind, principal_id, detail)
    SELECT $2, c.principal_id, jsonb_build_object('fingerprint', c.fingerprint, 'use', c.use) || $3::jsonb FROM certificate c WHERE c.fingerprint = ANY ($1::text[])`,
}

export const changeCertificates = `
  UPDATE certificate c SET principal_id = t.principal_id, use = t.use, valid_from = t.valid_from, valid_until = t.valid_until
  FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[]) AS t (fingerprint, principal_id, use, valid_from, valid_until) WHERE c.fingerprint = t.fingerprint`

export const setCertificateState = `
  UPDATE certificate SET state = $2, state_reason = $3, state_by = $4, state_at = clock_timestamp() WHERE fingerprint = ANY ($1::text[])`
