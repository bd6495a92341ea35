import { failed, ok, type Result } from "../base/result.ts"
import type { SecureContext } from "node:tls"
import { checkDane, type DaneCheck } from "./dane.ts"
import { type TlsFault, tlsFault } from "./tls-fault.ts"
import { isCertificateFor, type TlsPeer } from "./tls-peer.ts"

/** What a peer must prove in the handshake, before any command for it. */
export type PeerCheck =
  | ({ readonly kind: "dane" } & DaneCheck)
  /** A path to an authority and one of the names; `.x.example` stands for every name below it. */
  | { readonly kind: "pkix"; readonly names: readonly string[]; /** Whose authorities count; absent: those of this server. */ readonly context?: SecureContext }

/** How it was proven, as attempts keep it. */
export type VerifiedBy = "dane-ee" | "dane-ta" | "pkix"

export function checkPeer(check: PeerCheck, peer: TlsPeer): Result<VerifiedBy, TlsFault> {
  if (check.kind === "dane") return checkDane(check, peer.chain)
  const [own] = peer.chain
  if (!own) return failed(tlsFault("certificate-not-trusted", "showed no certificate"))
  if (peer.trustProblem === "CERT_HAS_EXPIRED") return failed(tlsFault("certificate-expired", "has a certificate that has expired"))
  if (peer.trustProblem !== null) return failed(tlsFault("certificate-not-trusted", `has a certificate that no authority trusted here vouches for (${peer.trustProblem})`))
  // RFC 8461 §4.2: a dNSName must match; the common name is not looked at
  if (isCertificateFor(own, check.names, { commonName: false })) return ok("pkix")
  return failed(tlsFault("certificate-host-mismatch", `has a certificate for another name than ${check.names.map((name) => name.replace(/^\./, "*.")).join(", ")}`))
}
