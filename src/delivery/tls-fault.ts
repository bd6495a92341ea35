/** What was wrong with a destination's TLS, by the words of its reports (RFC 8460 §4.3). */
export const tlsResultTypes = [
  "starttls-not-supported", "certificate-host-mismatch", "certificate-expired", "certificate-not-trusted", "validation-failure",
  "tlsa-invalid", "dnssec-invalid", "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid",
] as const

export type TlsResultType = (typeof tlsResultTypes)[number]

export interface TlsFault {
  readonly type: TlsResultType
  /** One English clause for people: it ends in the attempt's diagnostic and in the DSN. */
  readonly detail: string
}

export const tlsFault = (type: TlsResultType, detail: string): TlsFault => ({ type, detail })
