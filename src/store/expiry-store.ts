import type { CertificateUse } from "../accounts/directory.ts"

/** Certificates that are about to end, and who knows. That somebody was told is recorded where the warning is accepted (acceptance-store.ts). */
export interface ExpiryStore {
  /** Active ones that end after `now` and not later than `withinMs` from then, the next to end first. */
  ending(now: number, withinMs: number): Promise<readonly EndingCertificate[]>
}

export interface EndingCertificate {
  readonly fingerprint: string
  readonly subject: string
  readonly principalId: string
  readonly use: CertificateUse
  readonly notAfter: number
  readonly told: readonly { readonly days: number; readonly recipient: string }[]
}
