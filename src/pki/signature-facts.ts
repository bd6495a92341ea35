/**
 * What is found out about a message's S/MIME signature, in three steps that are remembered apart because they change at different
 * speeds. Plain JSON-safe data (bytes as base64), so that it can be stored, replayed and shown.
 *
 * 1. `MessageSignature`: what the bytes say. Depends on nothing but the content: remembered for ever by content hash.
 * 2. `CertificateStatus`: what the trust anchors, CRLs and OCSP say of a certificate at a time: remembered for minutes.
 * 3. `SignatureFacts`: both, bound to the directory and to who claims to have sent the message: made for each decision.
 */
export interface MessageSignature {
  /** `none`: no signature layer at all. `encrypted`: the outermost layer is enveloped, what is inside cannot be known here. */
  readonly form: "none" | "multipart" | "opaque" | "encrypted"
  /** Problems of the message as a whole; any of them means that it does not count as signed. */
  readonly problems: readonly SignatureProblem[]
  readonly signers: readonly MessageSigner[]
  /** Certificates that came along, DER in base64, signers' own included; bounded. Behind them a signer's that the registry gave because it did not. */
  readonly certificates: readonly string[]
  /** CRLs and OCSP responses that came along (RFC 5652 §10.2.1, RFC 5940), DER in base64; bounded. */
  readonly revocationInfo: readonly StapledRevocation[]
  /** Signed content is itself encrypted (sign over encrypt), and sign-encrypt-sign (RFC 2634 §1.1). */
  readonly encryptedInside: boolean
  readonly tripleWrapped: boolean
  /** RFC 9788: whether protected header fields are there and agree with the outer ones. `opened`: they agree, but were made for an encrypted message, which this is not. */
  readonly headerProtection: (typeof headerProtections)[number]
  /** Names of the fields that differ, lower case; absent when none do. */
  readonly headerDiffers?: readonly string[] | undefined
  /** What a reader is shown as author: addresses of the outer From: and Sender:, canonical. */
  readonly from: readonly string[]
  readonly sender: readonly string[]
}

/** What a reader is shown of a letter, where his answer goes, and which conversation it stands in: the protected fields that are compared. */
export const comparedFields = [
  "from", "to", "cc", "subject", "date", "sender", "reply-to", "mail-reply-to", "mail-followup-to", "disposition-notification-to", "in-reply-to", "references",
] as const

export const headerProtections = ["none", "matches", "opened", "differs"] as const

export interface StapledRevocation {
  readonly kind: "crl" | "ocsp"
  readonly der: string
}

export interface MessageSigner {
  /** SHA-256 of the signer's certificate, hex; null when the certificate did not come along: then issuer and serial say which. */
  readonly fingerprint: string | null
  readonly issuerDer: string | null
  readonly serialNumber: string | null
  readonly subjectKeyIdentifier: string | null
  /** Digest and signature match the content. */
  readonly intact: boolean
  readonly digestAlgorithm: string
  readonly signatureAlgorithm: string
  /** Claimed by the signer (RFC 5652 §11.3), ms. */
  readonly signingTime: number | null
  /** RFC 3161 tokens (id-aa-timeStampToken), DER in base64; verified apart. */
  readonly timestamps: readonly string[]
  /** Digest of the signature value, base64 by algorithm name, so that a timestamp can be compared without the content. */
  readonly signatureDigests: Readonly<Record<string, string>>
  readonly problems: readonly SignatureProblem[]
}

/** One word for everything that can be wrong; each has a sentence in Vietnamese and English in policy/signature-reason.ts. */
export const signatureProblems = [
  // the message
  "partial", "prepended", "appended", "empty", "hiddenHtml", "externalContent", "ambiguousFrom", "misleadingDisplayName", "headerMismatch", "extraSigner", "notCanonical",
  "malformed", "tooLarge", "tooDeep", "tooManyCertificates", "tooManySigners", "tooSlow",
  // a signer's own
  "broken", "contentTypeMismatch", "weakAlgorithm", "unsupportedAlgorithm", "noCertificate", "signingTimeImplausible", "timestampInvalid",
  // its certificate
  "untrusted", "expired", "notYetValid", "revoked", "revocationUnknown", "wrongPurpose", "nameConstraint", "pathTooLong", "weakKey", "criticalExtension", "badPath",
  // whom it speaks for
  "unregistered", "holderSuspended", "holderMismatch", "senderMismatch", "noSigningRight",
] as const

export type SignatureProblem = (typeof signatureProblems)[number]

export interface CertificateStatus {
  readonly fingerprint: string
  /** Empty: the path is good for the purpose, and nothing on it is revoked. */
  readonly problems: readonly SignatureProblem[]
  /** End entity first, trust anchor last; DER in base64; empty when no path was found. */
  readonly chain: readonly string[]
  /** The name the anchor has in configuration. */
  readonly anchor: string | null
  /** What the answer about revocation rests on, one for each certificate of the chain but the anchor. */
  readonly revocation: readonly RevocationEvidence[]
  /** For when it was asked. */
  readonly at: number
}

export interface RevocationEvidence {
  readonly fingerprint: string
  readonly status: "good" | "revoked" | "unknown"
  readonly source: "crl" | "ocsp" | "stapled" | "none"
  /** thisUpdate and nextUpdate of the CRL or response. */
  readonly producedAt: number | null
  readonly nextUpdate: number | null
  readonly revokedAt: number | null
  /** RFC 5280 §5.3.1 by name, such as keyCompromise; empty when not given. */
  readonly reason: string
  /** The CRL or OCSP response itself: SHA-256 hex of its DER, under which it is kept. */
  readonly evidence: string | null
  /** Of a CRL that somebody signed who is not on the certificate's path; absent otherwise. */
  readonly lister?: ListerStatus | undefined
}

/** Why the signer of a list from elsewhere was believed (RFC 5280 §6.3.3 (f)). */
export interface ListerStatus {
  /** The signer first, the same anchor as the certificate's last; DER in base64. */
  readonly chain: readonly string[]
  /** One for each certificate of the chain that is not on the certificate's own path. */
  readonly revocation: readonly RevocationEvidence[]
}

/** Each answer, and those that it rests on. */
export const withListers = (revocation: readonly RevocationEvidence[]): readonly RevocationEvidence[] => revocation.flatMap((one) => [one, ...(one.lister?.revocation ?? [])])

/** What the policy is told. */
export interface SignatureFacts {
  /** `valid`: intact, covers all that is shown, trusted, not revoked, by somebody who may sign for the sender. */
  readonly status: "missing" | "valid" | "invalid" | "undecided" | "encrypted"
  /** Why it is not valid; `undecided` has only problems that time may cure (revocationUnknown). */
  readonly problems: readonly SignatureProblem[]
  readonly signers: readonly SignerFacts[]
  readonly form: MessageSignature["form"]
  readonly headerProtection: MessageSignature["headerProtection"]
  readonly headerDiffers?: readonly string[] | undefined
  readonly timestamped: boolean
}

export interface SignerFacts {
  readonly fingerprint: string | null
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  readonly holder: { readonly principalId: string; readonly kind: "individual" | "organization"; readonly name: string } | null
  readonly signingTime: number | null
  /** By a verified RFC 3161 timestamp, ms. */
  readonly provenTime: number | null
  readonly notAfter: number
  readonly digestAlgorithm: string
  readonly signatureAlgorithm: string
  readonly problems: readonly SignatureProblem[]
}
