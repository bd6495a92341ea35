/**
 * The certificate registry as its administrators see it. Every change is one transaction with its audit entry and a new version of the
 * directory, so it counts on the next message. Must not know: files, terminals.
 */
import type { CertificateState, CertificateUse } from "../accounts/directory.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { Certificate } from "../pki/certificate.ts"

export interface CertificateRegistry {
  /** In the order of their end. */
  list(filter?: CertificateFilter): Promise<readonly CertificateRecord[]>
  /** Those whose fingerprint begins so: at most two, enough to tell that one is not alone. */
  find(fingerprintPrefix: string): Promise<readonly CertificateDetail[]>
  /**
   * All or none; resolves with the directory's new version. Fails with `alreadyExists` when one of them, or one with the same issuer
   * and serial number, is registered; `notFound` when a holder or an account is unknown.
   */
  add(certificates: readonly NewCertificate[], change: CertificateChange): Promise<Result<number, Failure>>
  /** For whom it speaks, and when. Fails with `notFound` when it or an account is unknown. */
  bind(fingerprint: string, binding: Pick<NewCertificate, "accounts" | "from" | "until">, change: CertificateChange): Promise<Result<number, Failure>>
  /** Fails with `notFound`, `alreadyExists` when it is in that state, `policy` when it was revoked: that is for good. */
  setState(fingerprint: string, state: CertificateState, change: CertificateChange & { readonly reason: string }): Promise<Result<number, Failure>>
}

export interface CertificateFilter {
  readonly principalId?: string
  readonly state?: CertificateState
  /** Ends between these, ms. */
  readonly endsAfter?: number
  readonly endsBefore?: number
}

export interface CertificateRecord {
  readonly fingerprint: string
  readonly subject: string
  readonly principalId: string
  readonly holderName: string
  readonly use: CertificateUse
  readonly state: CertificateState
  readonly notBefore: number
  readonly notAfter: number
  /** Of the accounts it is bound to; none: every account for which its holder may sign. */
  readonly accounts: readonly string[]
}

export interface CertificateDetail extends CertificateRecord {
  readonly der: Uint8Array
  readonly issuer: string
  readonly serialNumber: string
  /** Those in the certificate. */
  readonly addresses: readonly string[]
  readonly from: string | null
  readonly until: string | null
  readonly stateReason: string
  readonly stateAt: number
  readonly stateBy: string
  readonly source: string
  readonly addedAt: number
}

export interface NewCertificate {
  readonly certificate: Certificate
  readonly principalId: string
  readonly use: CertificateUse
  /** Canonical addresses of accounts, as in `CertificateRecord.accounts`. */
  readonly accounts: readonly string[]
  readonly from: string | null
  readonly until: string | null
}

export interface CertificateChange {
  /** Who makes it, for the audit. */
  readonly by: string
  /** Where a new one comes from: `import`, `command`, `console`, `seed`. */
  readonly source: string
}
