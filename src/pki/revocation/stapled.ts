import type { Certificate } from "../certificate.ts"
import type { StapledRevocation } from "../signature-facts.ts"
import { readCrl } from "./crl.ts"
import { deltaUrlsOf } from "./delta-lists.ts"
import { documentOf, type Statement, statementOf } from "./evidence.ts"
import type { Subject } from "./list-signers.ts"
import type { RevocationDocument } from "./revocation-store.ts"

/**
 * CRLs and OCSP responses that came with a message (RFC 5652 §10.2.1, RFC 5940). A stranger chose them, so their number and size are bounded and
 * each counts only once the signature of somebody of the certificate's path has been verified.
 */
export interface StapledStatement {
  readonly document: RevocationDocument
  readonly statement: Statement
}

const maxDocuments = 16
const maxDocumentChars = 2_800_000

/** By the fingerprint of the certificate that each speaks for; those that are for none, broken or unsure are left out. */
export async function readStapled(stapled: readonly StapledRevocation[], path: readonly Subject[]): Promise<ReadonlyMap<string, readonly StapledStatement[]>> {
  const statements = new Map<string, StapledStatement[]>()
  for (const { kind, der } of stapled.slice(0, maxDocuments).filter((one) => one.der.length <= maxDocumentChars)) {
    const document = await documentOf(kind, Buffer.from(der, "base64"))
    for (const subject of path) {
      const { certificate } = subject
      const statement = await statementOf(document, subject)
      if (!statement.ok || statement.value.status === "unknown" || (statement.value.status === "good" && awaitsDelta(document, certificate))) continue
      statements.set(certificate.fingerprint, [...(statements.get(certificate.fingerprint) ?? []), { document, statement: statement.value }])
    }
  }
  return statements
}

/** Whoever signs would leave out the delta that revokes. */
function awaitsDelta({ kind, der }: RevocationDocument, certificate: Certificate): boolean {
  const crl = kind === "crl" ? readCrl(der) : undefined
  return crl?.ok === true && deltaUrlsOf(certificate, crl.value).length > 0
}

/** One that says revoked before all others, then the latest. */
export const bestStapled = (statements: readonly StapledStatement[]): StapledStatement | undefined =>
  statements.toSorted((a, b) => Number(b.statement.status === "revoked") - Number(a.statement.status === "revoked") || b.statement.thisUpdate - a.statement.thisUpdate)[0]
