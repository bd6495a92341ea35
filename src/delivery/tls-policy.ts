import type { ConnectionOptions } from "node:tls"

/** What a destination's transport must be like before a message is handed over. MTA-STS (RFC 8461) and DANE (RFC 7672) answer through the same type. */
export type TlsPolicy =
  /** RFC 7435: encrypt when it can be had, whoever it is; in clear otherwise. */
  | { readonly kind: "opportunistic" }
  /** The peer's certificate must be valid for the MX host; never in clear. */
  | { readonly kind: "verified" }

export interface TlsDestination {
  readonly domain: string
  /** The envelope asks for REQUIRETLS (RFC 8689). */
  readonly requireTls: boolean
}

export type TlsPolicyFor = (destination: TlsDestination) => Promise<TlsPolicy>

/** RFC 8689 §4.2.1: a message that requires TLS goes only where the certificate can be verified; all others as well as can be. */
export const opportunisticTls: TlsPolicyFor = async ({ requireTls }) => ({ kind: requireTls ? "verified" : "opportunistic" })

/** Handshake options; `authorities` are trusted beside the system's own when given (PEM). */
export const tlsOptions = (policy: TlsPolicy, authorities?: readonly string[]): ConnectionOptions =>
  policy.kind === "verified" ? { rejectUnauthorized: true, minVersion: "TLSv1.2", ...(authorities ? { ca: [...authorities] } : {}) } : { rejectUnauthorized: false }
