import { certificateName, issuerAndSerial } from "../../accounts/import/check-certificates.ts"
import type { CertificateState } from "../../accounts/directory.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { CertificateChange, CertificateDetail, CertificateRecord, CertificateRegistry, NewCertificate } from "../certificate-registry.ts"
import { auditCertificates, bindAccounts, type CertificateEvent, changeCertificates, putCertificates, readCertificateNames, setCertificateState } from "./certificate-rows.ts"
import type { Database, Transaction } from "./database.ts"

export function createCertificateRegistry(database: Pick<Database, "query" | "transaction">): CertificateRegistry {
  return {
    list: ({ principalId, state, endsAfter, endsBefore } = {}) =>
      database.query<CertificateRecord>(list, [principalId ?? null, state ?? null, endsAfter === undefined ? null : new Date(endsAfter), endsBefore === undefined ? null : new Date(endsBefore)]),
    find: (prefix) => database.query<CertificateDetail>(find, [prefix]),
    add: (certificates, change) => database.transaction((tx) => add(tx, certificates, change)),
    bind: (fingerprint, binding, change) => database.transaction((tx) => bind(tx, { fingerprint, ...binding, ...change })),
    setState: (fingerprint, state, change) => database.transaction((tx) => setState(tx, { fingerprint, state, ...change })),
  }
}

/** Its DER; undefined when it is not registered. */
export async function certificateBytes(database: Pick<Database, "query">, fingerprint: string): Promise<Uint8Array | undefined> {
  const [row] = await database.query<{ der: Uint8Array }>(bytes, [fingerprint])
  return row?.der
}

/**
 * Registered certificates that hold these octets, a subject key identifier (hex): the caller reads which of them have it as such. The registry has some thousands and is
 * looked through, for the rare signature that names its signer so and comes without a certificate.
 */
export async function certificatesHolding(database: Pick<Database, "query">, keyIdentifier: string): Promise<readonly Uint8Array[]> {
  if (keyIdentifier.length < leastIdentifierDigits || keyIdentifier.length > mostIdentifierDigits) return []
  return (await database.query<{ der: Uint8Array }>(holding, [Buffer.from(keyIdentifier, "hex"), maxHolding])).map(({ der }) => der)
}

/** Shorter ones would be found in any certificate. */
const leastIdentifierDigits = 16
const mostIdentifierDigits = 128
const maxHolding = 4
const holding = { name: "certificates-holding", text: "SELECT der FROM certificate WHERE position($1::bytea IN der) > 0 ORDER BY not_after DESC LIMIT $2" }

const bytes = { name: "certificate-bytes", text: "SELECT der FROM certificate WHERE fingerprint = $1" }

async function add(tx: Transaction, certificates: readonly NewCertificate[], change: CertificateChange): Promise<Result<number, Failure>> {
  await takeDirectory(tx)
  const names = new Map(await readCertificateNames(tx))
  for (const { certificate } of certificates) {
    const name = certificateName(issuerAndSerial(certificate))
    const taken = names.get(name)
    if (taken === certificate.fingerprint) return failed(failure("alreadyExists", `${certificate.fingerprint} is registered already`))
    if (taken !== undefined) return failed(failure("alreadyExists", `${taken} is registered already, with the same issuer and serial number`))
    names.set(name, certificate.fingerprint)
  }
  const [unknown] = await tx.query<{ what: string }>(unknownNames, [certificates.map(({ principalId }) => principalId), certificates.flatMap(({ accounts }) => accounts)])
  if (unknown) return failed(failure("notFound", `there is no ${unknown.what}`))
  await putCertificates(tx, certificates, change)
  const version = await nextVersion(tx)
  await auditCertificates(tx, certificates.map(({ certificate }) => certificate.fingerprint), { kind: "certificate.added", by: change.by, detail: { source: change.source } })
  return ok(version)
}

type Binding = Pick<NewCertificate, "accounts" | "from" | "until">

async function bind(tx: Transaction, { fingerprint, accounts, from, until, by }: CertificateChange & Binding & { readonly fingerprint: string }): Promise<Result<number, Failure>> {
  await takeDirectory(tx)
  const [before] = await tx.query<Binding & { readonly principalId: string; readonly use: string }>(boundNow, [fingerprint])
  if (!before) return failed(failure("notFound", `there is no certificate ${fingerprint}`))
  const [unknown] = await tx.query<{ what: string }>(unknownNames, [[], accounts])
  if (unknown) return failed(failure("notFound", `there is no ${unknown.what}`))
  const { principalId, use, ...was } = before
  await tx.query({ text: changeCertificates }, [[fingerprint], [principalId], [use], [from], [until]])
  await bindAccounts(tx, [{ fingerprint, accounts }])
  const version = await nextVersion(tx)
  await auditCertificates(tx, [fingerprint], { kind: "certificate.changed", by, detail: { before: was, after: { accounts, from, until } } })
  return ok(version)
}

async function setState(tx: Transaction, change: CertificateChange & { readonly fingerprint: string; readonly state: CertificateState; readonly reason: string }): Promise<Result<number, Failure>> {
  const { fingerprint, state, reason, by } = change
  await takeDirectory(tx)
  const [before] = await tx.query<{ state: CertificateState }>({ text: "SELECT state FROM certificate WHERE fingerprint = $1" }, [fingerprint])
  if (!before) return failed(failure("notFound", `there is no certificate ${fingerprint}`))
  if (before.state === state) return failed(failure("alreadyExists", `${fingerprint} is ${state} already`))
  // RFC 5280 §5.3.1: only a hold is ever taken back
  if (before.state === "revoked") return failed(failure("policy", `${fingerprint} is revoked; a revocation is for good, register a new certificate`))
  const version = await nextVersion(tx)
  await tx.query({ text: setCertificateState }, [[fingerprint], state, reason, by])
  await auditCertificates(tx, [fingerprint], { kind: auditKinds[state], by, detail: { from: before.state, reason } })
  return ok(version)
}

const auditKinds = { active: "certificate.reinstated", suspended: "certificate.suspended", revoked: "certificate.revoked" } as const satisfies Record<CertificateState, CertificateEvent>

/** Whoever changes the directory holds its version, so what is read next stays true until the commit. */
const takeDirectory = (tx: Transaction): Promise<unknown> => tx.query({ text: "SELECT FROM directory_version FOR UPDATE" })

async function nextVersion(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ version: number }>({ text: "UPDATE directory_version SET version = version + 1 RETURNING version" })
  return row?.version ?? 0
}

/** The columns of a `CertificateRecord`. */
export const certificateRecord = `
  SELECT c.fingerprint, c.subject, c.principal_id AS "principalId", p.name AS "holderName", c.use, c.state,
    (extract(epoch FROM c.not_before) * 1000)::bigint AS "notBefore", (extract(epoch FROM c.not_after) * 1000)::bigint AS "notAfter",
    ARRAY(SELECT a.address FROM certificate_account b JOIN account a ON a.id = b.account_id WHERE b.fingerprint = c.fingerprint ORDER BY a.address) AS accounts`

export const certificateFrom = "FROM certificate c JOIN principal p ON p.id = c.principal_id"

const list = {
  text: `${certificateRecord} ${certificateFrom}
    WHERE ($1::text IS NULL OR c.principal_id = $1) AND ($2::text IS NULL OR c.state = $2) AND ($3::timestamptz IS NULL OR c.not_after > $3) AND ($4::timestamptz IS NULL OR c.not_after <= $4)
    ORDER BY c.not_after, c.fingerprint`,
}

/** What a `CertificateDetail` has beside. */
export const certificateDetail = `c.der, c.issuer, c.serial_number AS "serialNumber", c.addresses, to_char(c.valid_from, 'YYYY-MM-DD') AS "from", to_char(c.valid_until, 'YYYY-MM-DD') AS "until",
      c.state_reason AS "stateReason", (extract(epoch FROM c.state_at) * 1000)::bigint AS "stateAt", c.state_by AS "stateBy", c.source, (extract(epoch FROM c.added_at) * 1000)::bigint AS "addedAt"`

const find = {
  text: `${certificateRecord}, ${certificateDetail}
    ${certificateFrom} WHERE starts_with(c.fingerprint, $1) OR starts_with(c.serial_number, $1) ORDER BY c.fingerprint LIMIT 2`,
}

const boundNow = {
  text: `SELECT c.principal_id AS "principalId", c.use, to_char(c.valid_from, 'YYYY-MM-DD') AS "from", to_char(c.valid_until, 'YYYY-MM-DD') AS "until",
    ARRAY(SELECT a.address FROM certificate_account b JOIN account a ON a.id = b.account_id WHERE b.fingerprint = c.fingerprint ORDER BY a.address) AS accounts FROM certificate c WHERE c.fingerprint = $1`,
}

const unknownNames = {
  text: `
    SELECT 'principal ' || t.id AS what FROM unnest($1::text[]) AS t (id) WHERE NOT EXISTS (SELECT FROM principal p WHERE p.id = t.id)
    UNION ALL SELECT 'account ' || t.address FROM unnest($2::text[]) AS t (address) WHERE NOT EXISTS (SELECT FROM account a WHERE a.address = t.address)
    LIMIT 1`,
}
