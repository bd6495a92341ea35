import type { MessageFacts, PartyFacts } from "../../src/policy/facts.ts"
import type { SignatureFacts, SignatureProblem, SignerFacts } from "../../src/pki/signature-facts.ts"

/** Facts of an ordinary message, for tests to change. */
export const office: PartyFacts = { address: "vp@sonv.tinh.example", domain: "sonv.tinh.example", local: true, kind: "organizational", units: ["SNV.VP", "SNV", "UBND"], groups: ["cacso@tinh.example"] }
export const person: PartyFacts = { address: "an@soyt.tinh.example", domain: "soyt.tinh.example", local: true, kind: "personal", units: ["SYT", "UBND"], groups: [] }
export const foreigner: PartyFacts = { address: "vt@vu.bo.example", domain: "vu.bo.example", local: false, kind: "foreign", units: [], groups: [] }

export const unsigned: SignatureFacts = { status: "missing", problems: [], signers: [], form: "none", headerProtection: "none", timestamped: false }

export const signer: SignerFacts = {
  fingerprint: "ab".repeat(32), subject: "CN=Nguyễn Văn An,O=Sở Nội vụ", issuer: "CN=CA", serialNumber: "1a2b3c", holder: { principalId: "CN1", kind: "individual", name: "Nguyễn Văn An" },
  signingTime: null, provenTime: null, notAfter: Date.parse("2026-05-01T00:00:00Z"), digestAlgorithm: "SHA-256", signatureAlgorithm: "ECDSA", problems: [],
}

export const signed = (status: "valid" | "invalid" | "undecided", ...problems: readonly SignatureProblem[]): SignatureFacts => ({
  status, problems, signers: [{ ...signer, problems }], form: "multipart", headerProtection: "matches", timestamped: false,
})

export const messageFacts = (change: Partial<MessageFacts> = {}): MessageFacts => ({
  direction: "submission", sender: office, reversePath: office.address, recipients: [person], header: { subject: "Báo cáo quý III", from: [office.address], fields: {} }, bytes: 20_000,
  authentication: { how: "password", principalId: "CN1" }, signature: unsigned, tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", clientCertificate: false },
  at: Date.parse("2026-11-26T02:00:00Z"), hops: 0, ...change,
})

export const subject = (text: string, fields: Readonly<Record<string, readonly string[]>> = {}): Pick<MessageFacts, "header"> => ({ header: { subject: text, from: [office.address], fields } })
