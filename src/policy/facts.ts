import type { SignatureFacts } from "../pki/signature-facts.ts"
import type { AuthenticityFacts } from "./authenticity-facts.ts"
import type { ScanFacts } from "./scan-facts.ts"

/**
 * Everything the rules of `config/policy.yaml` may ask about one message. Plain JSON-safe data: it is stored with the decision, so that
 * a changed policy can be replayed over it. Gathered by intake; the engine adds nothing.
 */
export interface MessageFacts {
  /**
   * Exactly one: `inbound` another server brought it; else `outbound` when somebody foreign receives it, else `submission` when
   * another agency does, else `internal`. See docs/policy.md.
   */
  readonly direction: "submission" | "internal" | "inbound" | "outbound"
  /** Whom it is sent as; from outside, whom From: shows. */
  readonly sender: PartyFacts | null
  /** The reverse-path as given; empty for notifications. */
  readonly reversePath: string
  /** One of each sort (domain, kind, unit, groups): the address is that of the first. */
  readonly recipients: readonly PartyFacts[]
  readonly header: HeaderFacts
  readonly bytes: number
  readonly authentication: { readonly how: "none" | "password" | "appPassword" | "certificate" | "local"; readonly principalId: string | null }
  readonly signature: SignatureFacts
  readonly tls: { readonly version: string; readonly cipher: string; readonly clientCertificate: boolean } | null
  /** When it was accepted, ms. */
  readonly at: number
  readonly hops: number
  readonly authenticity?: AuthenticityFacts
  readonly scan?: ScanFacts
}

export interface PartyFacts {
  readonly address: string
  readonly domain: string
  readonly local: boolean
  readonly kind: "personal" | "organizational" | "foreign"
  /** Codes from the unit itself up to the province; empty when foreign. */
  readonly units: readonly string[]
  /** Addresses of the groups it is a member of, nested ones included; empty when foreign. */
  readonly groups: readonly string[]
}

export interface HeaderFacts {
  /** Decoded (RFC 2047). */
  readonly subject: string
  readonly from: readonly string[]
  /** Lower case name → decoded values in order; bounded. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  /** The subject, or a field in which the policy looked for marks, was longer or repeated more often than what is kept: nobody has seen the rest. */
  readonly cut?: true
}
