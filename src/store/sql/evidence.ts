import type { Evidence, EvidenceStore, StoredEvidence } from "../evidence-store.ts"
import { maxEvidenceRecipients } from "../evidence-store.ts"
import type { Database } from "./database.ts"

/** Frozen evidence in PostgreSQL: read back here, written as a part of the acceptance's statement. */
export function createEvidenceStore({ database }: { readonly database: Pick<Database, "query"> }): EvidenceStore {
  return {
    async ofEnvelope(envelopeId) {
      const [row] = await database.query<StoredEvidence>(evidenceOf, [envelopeId, maxEvidenceRecipients])
      return row
    },
    certificates: (sha256) => database.query<{ sha256: string; der: Buffer }>(certificatesOf, [sha256.map(hexBytes)]),
  }
}

const hexBytes = (hex: string): Buffer => Buffer.from(hex, "hex")

const evidenceOf = {
  name: "evidence-of",
  text: `
    SELECT e.id AS "envelopeId", e.message_id AS "messageId", e.reverse_path AS "reversePath", e.source, (extract(epoch FROM e.accepted_at) * 1000)::bigint AS "acceptedAt", e.size,
      encode(e.sha256, 'hex') AS sha256, c.hash AS content, v.record,
      ARRAY(SELECT d.recipient FROM delivery d WHERE d.envelope_id = e.id ORDER BY d.id LIMIT $2) AS recipients,
      (SELECT coalesce(json_agg(json_build_object('sha256', encode(r.sha256, 'hex'), 'kind', r.kind) ORDER BY r.sha256), '[]')
       FROM evidence_document o JOIN revocation_document r ON r.sha256 = o.document WHERE o.envelope_id = e.id) AS documents
    FROM envelope e LEFT JOIN evidence v ON v.envelope_id = e.id LEFT JOIN content c ON c.hash = e.content
    WHERE e.id = $1`,
}

const certificatesOf = { name: "evidence-certificates", text: "SELECT encode(sha256, 'hex') AS sha256, der FROM evidence_certificate WHERE sha256 = ANY ($1::bytea[]) ORDER BY sha256" }

/** Parameters that `evidenceSql` takes. */
export const evidenceColumns = 6

/**
 * Parts of the acceptance's WITH that write its evidence; `e` are the envelopes just made, `p` names the parameters from 1 on. Certificates go
 * in the order of their key, so that two acceptances never wait for each other in a circle. A document that is not kept is left out rather
 * than fail the messages of others.
 */
export const evidenceSql = (p: (index: number) => string): string => `
    ev AS (
      INSERT INTO evidence (envelope_id, record)
      SELECT t.envelope_id, t.record FROM unnest(${p(1)}::bigint[], ${p(2)}::text[]) AS t (envelope_id, record) JOIN e ON e.id = t.envelope_id
      RETURNING envelope_id
    ), ed AS (
      INSERT INTO evidence_document (envelope_id, document)
      SELECT t.envelope_id, r.sha256 FROM unnest(${p(3)}::bigint[], ${p(4)}::bytea[]) AS t (envelope_id, document)
      JOIN ev ON ev.envelope_id = t.envelope_id JOIN revocation_document r ON r.sha256 = t.document
    ), ec AS (
      INSERT INTO evidence_certificate (sha256, der)
      SELECT DISTINCT ON (t.sha256) t.sha256, t.der FROM unnest(${p(5)}::bytea[], ${p(6)}::bytea[]) AS t (sha256, der) WHERE EXISTS (SELECT FROM ev) ORDER BY t.sha256
      ON CONFLICT DO NOTHING
    )`

export function evidenceArrays(all: readonly { readonly envelopeId: number; readonly evidence: Evidence }[]): unknown[] {
  const documents = all.flatMap(({ envelopeId, evidence }) => [...new Set(evidence.documents)].map((sha256) => ({ envelopeId, sha256: hexBytes(sha256) })))
  const certificates = all.flatMap(({ evidence }) => evidence.certificates)
  return [
    all.map(({ envelopeId }) => envelopeId),
    all.map(({ evidence }) => evidence.record),
    documents.map(({ envelopeId }) => envelopeId),
    documents.map(({ sha256 }) => sha256),
    certificates.map(({ sha256 }) => hexBytes(sha256)),
    certificates.map(({ der }) => der),
  ]
}
