import type { Scope } from "../accounts/administrator.ts"
import type { CertificateState } from "../accounts/directory.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { CertificateChange, CertificateDetail, CertificateRecord, CertificateRegistry, NewCertificate } from "./certificate-registry.ts"

/** The certificate registry within the units of an administrator: a certificate belongs where its holder does. Changes as in `CertificateRegistry`, `notFound` outside the scope, `noPermission` where its holder administers more. */
export interface CertificateDesk {
  /** In the order of their end. */
  list(scope: Scope, filter: DeskFilter, page: { readonly limit: number; readonly offset: number }): Promise<{ readonly rows: readonly DeskCertificate[]; readonly total: number }>
  find(scope: Scope, fingerprint: string): Promise<(CertificateDetail & DeskCertificate) | undefined>
  add(scope: Scope, certificate: NewCertificate, change: CertificateChange): Promise<Result<number, Failure>>
  bind(scope: Scope, fingerprint: string, binding: Parameters<CertificateRegistry["bind"]>[1], change: CertificateChange): Promise<Result<number, Failure>>
  setState(scope: Scope, fingerprint: string, state: CertificateState, change: CertificateChange & { readonly reason: string }): Promise<Result<number, Failure>>
}

export interface DeskFilter {
  readonly state?: CertificateState
  /** Ends between now and then, ms. */
  readonly endsAfter?: number
  readonly endsBefore?: number
  /** The code of a unit; those below it count as well. */
  readonly unit?: string
  /** A part of the holder's name or id, of the subject, or the beginning of fingerprint or serial number. */
  readonly text?: string
}

export interface DeskCertificate extends CertificateRecord {
  readonly unitCode: string
  readonly unitName: string
}
