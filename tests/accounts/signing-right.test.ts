import { describe, expect, test } from "vitest"
import { buildDirectory, type CertificateOnRecord } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Assignment, Principal, Right } from "../../src/accounts/directory.ts"
import { signatureFactsOf } from "../../src/accounts/signature-facts-of.ts"
import { bindSigner, issuerHash, recordedRevocation } from "../../src/accounts/signing-right.ts"
import type { Certificate } from "../../src/pki/certificate.ts"
import type { CertificateStatus, MessageSignature, MessageSigner, SignatureProblem } from "../../src/pki/signature-facts.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
const account = (id: number, address: string, kind: Account["kind"]): Account => ({ id, address, kind, displayName: address, unitCode: "SNV", quotaBytes: 1, suspended: false })
const principal = (id: string, more: Partial<Principal> = {}): Principal => ({ id, kind: "individual", name: `Tên ${id}`, unitCode: "SNV", suspended: false, ...more })
const assignment = (accountId: number, principalId: string, rights: readonly Right[], until: string | null = null): Assignment => ({ accountId, principalId, rights, from: null, until })
const issuerDer = Buffer.from("issuer").toString("base64")
const onRecord = (fingerprint: string, principalId: string, more: Partial<CertificateOnRecord> = {}): CertificateOnRecord => ({
  fingerprint, principalId, issuerHash: issuerHash(issuerDer), serialNumber: fingerprint, use: "personal", state: "active", stateAt: 0, notAfter: 9, accountIds: null, from: null, until: null, ...more,
})

const directory = await buildDirectory({
  version: 1,
  unitDomains: ["tinh.example"],
  units: [],
  accounts: [account(1, "an@tinh.example", "personal"), account(2, "binh@tinh.example", "personal"), account(3, "so@tinh.example", "organizational"), account(4, "phong@tinh.example", "organizational"), account(5, "dung@tinh.example", "personal")],
  principals: [principal("an"), principal("binh"), principal("so", { kind: "organization" }), principal("dung", { suspended: true })],
  assignments: [
    assignment(1, "an", ["owner"]), assignment(2, "binh", ["owner"]), assignment(3, "so", ["owner"]), assignment(4, "so", ["owner"]), assignment(5, "dung", ["owner"]),
    assignment(3, "an", ["read", "sign"]), assignment(3, "binh", ["read", "write", "send-as"]), assignment(4, "an", ["sign"], "2026-06-14"),
    // `sign` on a person's account lends nothing
    assignment(2, "an", ["sign", "send-as"]),
  ],
  aliases: [{ address: "vanthu@tinh.example", accountId: 3 }],
  groups: [{ address: "nhom@tinh.example", displayName: "Nhóm", members: [], allowedSenders: null }],
  certificates: [
    onRecord("an", "an"), onRecord("binh", "binh"), onRecord("dung", "dung"),
    onRecord("so", "so", { use: "organizational" }), onRecord("so-phong", "so", { use: "organizational", accountIds: [4] }), onRecord("so-ca-hai", "so", { use: "organizational", accountIds: [3, 4] }),
    onRecord("an-tam-ngung", "an", { state: "suspended" }), onRecord("an-thu-hoi", "an", { state: "revoked" }),
    onRecord("an-chua", "an", { from: "2026-06-16" }), onRecord("an-het", "an", { until: "2026-06-14" }), onRecord("an-hom-nay", "an", { from: "2026-06-15", until: "2026-06-15" }),
  ],
})

const certificate = (fingerprint: string, addresses: readonly string[] = []): Certificate => ({
  der: new Uint8Array(), fingerprint, serialNumber: fingerprint, subject: { text: `CN=${fingerprint}`, der: new Uint8Array(), commonName: fingerprint },
  issuer: { text: "CN=CA", der: new Uint8Array(), commonName: "CA" }, notBefore: 0, notAfter: 77, publicKeyInfo: new Uint8Array(), signature: { scheme: "ecdsa", digest: "sha256", oid: "" }, extensions: new Map(), key: { kind: "ec", bits: 256, curve: "P-256" },
  addresses, keyUsage: null, extendedKeyUsage: null, isAuthority: false, pathLength: null, subjectKeyIdentifier: null, authorityKeyIdentifier: null, crlPoints: [], deltaPoints: [], ocspUrls: [], issuerUrls: [],
})
const signer = (fingerprint: string | null, more: Partial<MessageSigner> = {}): MessageSigner => ({
  fingerprint, issuerDer, serialNumber: fingerprint, subjectKeyIdentifier: null, intact: true, digestAlgorithm: "sha256", signatureAlgorithm: "ecdsa", signingTime: 5,
  timestamps: [], signatureDigests: {}, problems: [], ...more,
})
const status = (fingerprint: string, problems: readonly SignatureProblem[] = []): CertificateStatus => ({ fingerprint, problems, chain: [], anchor: "goc", revocation: [], at: now })

const problemsOf = (fingerprint: string, from: string, more: { readonly sender?: string; readonly carries?: readonly string[]; readonly addressBinding?: boolean } = {}): readonly SignatureProblem[] =>
  bindSigner({
    signer: signer(fingerprint), certificate: certificate(fingerprint, more.carries), status: status(fingerprint), directory, from: from.split(" "), sender: more.sender === undefined ? [] : [more.sender],
    now, addressBinding: more.addressBinding ?? false, provenTime: null,
  }).problems

describe("who may sign for a sender here", () => {
  test.each<[certificate: string, from: string, problems: readonly SignatureProblem[]]>([
    ["an", "an@tinh.example", []],
    ["an", "AN@Tinh.Example", []],
    ["an", "so@tinh.example", []],
    ["an", "vanthu@tinh.example", []],
    ["an", "an@tinh.example so@tinh.example", []],
    ["an", "binh@tinh.example", ["noSigningRight"]],
    ["an", "an@tinh.example binh@tinh.example", ["noSigningRight"]],
    ["an", "phong@tinh.example", ["holderMismatch"]],
    ["an", "dung@tinh.example", ["holderMismatch"]],
    ["an", "nhom@tinh.example", ["holderMismatch"]],
    ["an", "khongai@tinh.example", ["holderMismatch"]],
    ["an", "an@noikhac.example", ["holderMismatch"]],
    ["binh", "binh@tinh.example", []],
    ["binh", "so@tinh.example", ["noSigningRight"]],
    ["so", "so@tinh.example", []],
    ["so", "phong@tinh.example", []],
    ["so", "an@tinh.example", ["holderMismatch"]],
    ["so-phong", "phong@tinh.example", []],
    ["so-phong", "so@tinh.example", ["holderMismatch"]],
    ["so-ca-hai", "so@tinh.example", []],
    ["so-ca-hai", "phong@tinh.example", []],
    ["dung", "dung@tinh.example", ["holderSuspended"]],
    ["an-tam-ngung", "an@tinh.example", ["holderSuspended"]],
    ["an-thu-hoi", "an@tinh.example", ["revoked"]],
    ["an-chua", "an@tinh.example", ["unregistered"]],
    ["an-het", "an@tinh.example", ["unregistered"]],
    ["an-hom-nay", "an@tinh.example", []],
    ["la", "an@tinh.example", ["unregistered"]],
  ])("%s for %s: %j", (fingerprint, from, problems) => {
    expect(problemsOf(fingerprint, from)).toEqual(problems)
  })

  test("nobody when there is no From", () => {
    expect(bindSigner({ signer: signer("an"), certificate: null, status: status("an"), directory, from: [], sender: [], now, addressBinding: false, provenTime: null }).problems).toEqual(["holderMismatch"])
  })
})

describe("From, Sender and holder agree", () => {
  test.each<[certificate: string, from: string, sender: string, problems: readonly SignatureProblem[]]>([
    ["an", "so@tinh.example", "an@tinh.example", []],
    ["an", "an@tinh.example", "an@tinh.example", []],
    ["an", "an@tinh.example", "binh@tinh.example", ["senderMismatch"]],
    ["binh", "so@tinh.example", "binh@tinh.example", ["noSigningRight"]],
    ["so", "so@tinh.example", "binh@tinh.example", ["senderMismatch"]],
    ["an", "binh@tinh.example", "binh@tinh.example", ["noSigningRight"]],
    ["an", "an@tinh.example", "list@noikhac.example", ["senderMismatch"]],
    ["la", "an@tinh.example", "binh@tinh.example", ["unregistered", "senderMismatch"]],
  ])("%s, From %s, Sender %s: %j", (fingerprint, from, sender, problems) => {
    expect(problemsOf(fingerprint, from, { sender })).toEqual(problems)
  })
})

describe("addresses in certificates", () => {
  test.each<[certificate: string, carries: readonly string[], from: string, addressBinding: boolean, problems: readonly SignatureProblem[]]>([
    // elsewhere they are all there is
    ["ngoai", ["ai@noikhac.example"], "ai@noikhac.example", false, []],
    ["ngoai", ["AI@NoiKhac.example"], "ai@noikhac.example", false, []],
    ["ngoai", ["khac@noikhac.example"], "ai@noikhac.example", false, ["holderMismatch"]],
    ["ngoai", [], "ai@noikhac.example", true, ["holderMismatch"]],
    // here they count only where policy says so
    ["la", ["an@tinh.example"], "an@tinh.example", false, ["unregistered"]],
    ["la", ["an@tinh.example"], "an@tinh.example", true, []],
    ["la", ["vanthu@tinh.example"], "so@tinh.example", true, []],
    ["la", ["an@tinh.example"], "so@tinh.example", true, ["unregistered"]],
    ["la", ["an@tinh.example", "so@tinh.example"], "an@tinh.example so@tinh.example", true, ["unregistered"]],
    ["la", ["dung@tinh.example"], "dung@tinh.example", true, ["unregistered"]],
    // never against the registry
    ["binh", ["an@tinh.example"], "an@tinh.example", true, ["holderMismatch"]],
    ["an-thu-hoi", ["an@tinh.example"], "an@tinh.example", true, ["revoked"]],
    ["an-het", ["an@tinh.example"], "an@tinh.example", true, ["unregistered"]],
  ])("%s with %j for %s, address binding %s: %j", (fingerprint, carries, from, addressBinding, problems) => {
    expect(problemsOf(fingerprint, from, { carries, addressBinding })).toEqual(problems)
  })

  test("name the account's owner as the holder", () => {
    const facts = bindSigner({ signer: signer("la"), certificate: certificate("la", ["so@tinh.example"]), status: status("la"), directory, from: ["so@tinh.example"], sender: [], now, addressBinding: true, provenTime: 3 })
    expect(facts).toMatchObject({ holder: { principalId: "so", kind: "organization", name: "Tên so" }, subject: "CN=la", issuer: "CN=CA", serialNumber: "la", notAfter: 77, signingTime: 5, provenTime: 3, problems: [] })
  })
})

test.each([["an", undefined], ["an-tam-ngung", undefined], ["an-thu-hoi", { revokedAt: 0, reason: "" }], ["la", undefined]])("a revocation on record of %s: %j", (fingerprint, expected) => {
  expect(recordedRevocation(directory, fingerprint)).toEqual(expected)
})

test("a certificate that did not come along is known by issuer and serial number", () => {
  const facts = bindSigner({ signer: signer(null, { serialNumber: "an", problems: ["noCertificate"] }), certificate: null, status: null, directory, from: ["an@tinh.example"], sender: [], now, addressBinding: false, provenTime: null })
  expect(facts).toMatchObject({ holder: { principalId: "an" }, serialNumber: "an", problems: ["noCertificate", "untrusted"] })
})

describe("facts of a message", () => {
  const signature = (signers: readonly MessageSigner[], more: Partial<MessageSignature> = {}): MessageSignature => ({
    form: "multipart", problems: [], signers, certificates: [], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none", from: ["so@tinh.example"], sender: [], ...more,
  })
  const facts = (from: MessageSignature, statuses: Readonly<Record<string, readonly SignatureProblem[]>> = {}) =>
    signatureFactsOf(
      {
        signature: from,
        certificates: new Map(from.signers.map(({ fingerprint }) => [fingerprint ?? "", certificate(fingerprint ?? "")])),
        statuses: new Map(from.signers.map(({ fingerprint }) => [fingerprint ?? "", status(fingerprint ?? "", statuses[fingerprint ?? ""])])),
        provenTime: ({ timestamps }) => (timestamps.length > 0 ? 4 : null),
      },
      { directory, now, addressBinding: false },
    )

  test.each<[name: string, signature: MessageSignature, statuses: Readonly<Record<string, readonly SignatureProblem[]>>, status: string, problems: readonly SignatureProblem[]]>([
    ["no signature", signature([], { form: "none", problems: ["ambiguousFrom"] }), {}, "missing", ["ambiguousFrom"]],
    ["encrypted", signature([], { form: "encrypted" }), {}, "encrypted", []],
    ["no signer", signature([]), {}, "invalid", []],
    ["good", signature([signer("an")]), {}, "valid", []],
    ["only part of it", signature([signer("an")], { problems: ["partial"] }), {}, "invalid", ["partial"]],
    ["changed", signature([signer("an", { intact: false })]), {}, "invalid", ["broken"]],
    ["no word about revocation", signature([signer("an")]), { an: ["revocationUnknown"] }, "undecided", ["revocationUnknown"]],
    ["no word, and no right", signature([signer("binh")]), { binh: ["revocationUnknown"] }, "invalid", ["revocationUnknown", "noSigningRight"]],
    ["revoked", signature([signer("an")]), { an: ["revoked"] }, "invalid", ["revoked"]],
    ["a colleague signed as well", signature([signer("binh"), signer("an")]), {}, "valid", []],
    ["a stranger signed as well", signature([signer("la"), signer("an")]), {}, "invalid", ["unregistered"]],
    ["a colleague whose certificate is over signed as well", signature([signer("binh"), signer("an")]), { binh: ["expired"] }, "invalid", ["expired"]],
    ["two colleagues without the right", signature([signer("binh"), signer("so-phong")]), {}, "invalid", ["noSigningRight"]],
  ])("%s", (_name, from, statuses, expected, problems) => {
    expect(facts(from, statuses)).toMatchObject({ status: expected, problems, form: from.form })
  })

  test("a certificate nobody looked at is not trusted", () => {
    const of = signatureFactsOf({ signature: signature([signer("an")]), certificates: new Map(), statuses: new Map(), provenTime: () => null }, { directory, now, addressBinding: false })
    expect(of).toMatchObject({ status: "invalid", problems: ["untrusted"] })
  })

  test("timestamped means that every signer's time is proven", () => {
    const stamped = signer("an", { timestamps: ["x"] })
    expect([facts(signature([stamped])), facts(signature([stamped, signer("binh")])), facts(signature([]))].map(({ timestamped }) => timestamped)).toEqual([true, false, false])
  })
})
