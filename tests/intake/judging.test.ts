import { afterAll, beforeAll, expect, test } from "vitest"
import type { ForwardingRules } from "../../src/accounts/forwarding.ts"
import type { SignatureEvidence } from "../../src/accounts/signature-facts-of.ts"
import { failed, ok, type Result } from "../../src/base/result.ts"
import { createIntake, type PolicyParts } from "../../src/intake/accept.ts"
import type { AcceptRequest } from "../../src/intake/intake.ts"
import { createJudging } from "../../src/intake/judging.ts"
import { type Failure, failure } from "../../src/mail/failure.ts"
import type { MessageSignature, MessageSigner } from "../../src/pki/signature-facts.ts"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import type { MessageFacts } from "../../src/policy/facts.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import type { NewDecision } from "../../src/store/decision-store.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createEvidenceStore } from "../../src/store/sql/evidence.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

/** What the door does with each verdict, on the real store; signatures are said to be what each test wants. */
const now = Date.parse("2026-06-15T03:00:00Z")
let store: TestStore
let directory: SqlDirectorySource
beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
})
afterAll(async () => {
  directory.close()
  await store.close()
})

const signer: MessageSigner = {
  fingerprint: null, issuerDer: null, serialNumber: "1a", subjectKeyIdentifier: null, intact: true, digestAlgorithm: "sha256", signatureAlgorithm: "ecdsa", signingTime: null, timestamps: [], signatureDigests: {}, problems: [],
}
const signature = (change: Partial<MessageSignature> = {}): SignatureEvidence => ({
  signature: {
    form: "multipart", problems: [], signers: [signer], certificates: [], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none", from: ["a@ngoai.example"], sender: [], ...change,
  },
  certificates: new Map(), statuses: new Map(), provenTime: () => null,
})

interface World {
  readonly rules: string
  readonly forwarding?: ForwardingRules
  readonly found?: Result<SignatureEvidence | null, Failure>
}

function door({ rules, found = ok(null), forwarding }: World) {
  const read = readPolicy(`format: 1\nrules:\n${rules}`)
  if (!read.ok) throw new Error(JSON.stringify(read.failure))
  const policy = compilePolicy(read.value)
  const refused: NewDecision[] = []
  const facts: MessageFacts[] = []
  const woken: number[] = []
  /** Whom the server was to sign for. */
  const asked: string[] = []
  const parts: PolicyParts = {
    judging: createJudging({
      policy: { current: () => ({ version: 7, policy }) }, signatures: { read: async () => found }, administrators: () => ["qt@tinh.example"], software: "congthu test",
      seal: (sealed) => {
        facts.push(sealed as MessageFacts)
        return Buffer.from("sealed")
      },
    }),
    signer: {
      async sign(_content, { sender }) {
        asked.push(sender)
        return failed(failure("unavailable", "no key"))
      },
    },
    recordRefused: async (decision) => void refused.push(decision),
  }
  const intake = createIntake({
    directory, acceptances: store.acceptances, wake: (_committed, { local, remote }) => void woken.push(...local, ...remote), rates: { take: () => true, isExhausted: () => false }, clock: { now: () => now },
    config: { hostname: "mail.tinh.example", expiryMs: 1_000, ...(forwarding && { forwarding }) }, mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined }, policy: parts,
  })
  return { intake, refused, facts, woken, asked }
}

const request = async (change: Partial<AcceptRequest> = {}, text = "From: a@ngoai.example\r\nSubject: x\r\n\r\nbody\r\n"): Promise<AcceptRequest> => ({
  source: "mx",
  envelope: { reversePath: "a@ngoai.example", recipients: [{ forwardPath: "an@tinh.example" }], requireTls: false, smtpUtf8: false },
  content: await store.prepare(text),
  session: { sessionId: "s1", clientAddress: "192.0.2.7", helo: "thu.ngoai.example", tls: "TLSv1.3 TLS_AES_256_GCM_SHA384", accountId: null, principalId: null },
  ...change,
})

const envelopeRow = async (id: number) => {
  const [row] = await store.database.query<{ marks: string; trace_prefix: string; rule: string | null; states: string[] }>(
    { text: "SELECT e.marks, e.trace_prefix, (SELECT rule_id || ' v' || policy_version FROM policy_decision p WHERE p.envelope_id = e.id) AS rule, ARRAY(SELECT state::text FROM delivery d WHERE d.envelope_id = e.id) AS states FROM envelope e WHERE id = $1" }, [id],
  )
  return row
}

const rule = (verdict: string, when = ""): string => `  - { id: r, ${when === "" ? "" : `when: { ${when} }, `}verdict: { ${verdict} } }\n`
const texts = "vi: không được, en: not allowed"

test("a colleague who passes his mail on to outside makes nobody's letter a letter to outside: it stays with him where it may not go on", async () => {
  await store.database.query({ text: "INSERT INTO forwarding (account_id, target, keep_copy, principal_id) SELECT id, 'an@xa.example', false, 'an' FROM account WHERE address = 'an@tinh.example'" })
  await store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
  await directory.refresh()
  const recipients = async (verdict: string, when: string, to: readonly string[]) => {
    const { intake, refused } = door({ rules: rule(verdict, when), forwarding: { inside: true, domains: ["xa.example"] } })
    const reply = await intake.accept(await request({ envelope: { reversePath: "a@ngoai.example", recipients: to.map((forwardPath) => ({ forwardPath })), requireTls: false, smtpUtf8: false } }))
    if (reply.kind !== "accepted") return reply.text
    expect(refused).toEqual([])
    const rows = await store.database.query<{ recipient: string; state: string }>({ text: "SELECT recipient, state::text FROM delivery WHERE envelope_id = $1 ORDER BY recipient" }, [reply.committed.envelopeId])
    return rows.map(({ recipient, state }) => `${recipient} ${state}`)
  }
  const outside = "recipient: { domain: xa.example }"
  const reject = `reject: { status: 5.7.1, ${texts} }`
  try {
    expect(await recipients(reject, "size: { over: 1MiB }", ["an@tinh.example", "binh@tinh.example"])).toEqual(["an@xa.example waiting", "binh@tinh.example waiting"])
    expect(await recipients(reject, outside, ["an@tinh.example", "binh@tinh.example"])).toEqual(["an@tinh.example waiting", "binh@tinh.example waiting"])
    expect(await recipients(`hold: { approvers: administrators, ${texts} }`, outside, ["an@tinh.example"])).toEqual(["an@tinh.example waiting"])
    // what is not allowed anyhow is refused as ever
    expect(await recipients(reject, "", ["an@tinh.example"])).toBe("không được / not allowed")
  } finally {
    await store.database.query({ text: "DELETE FROM forwarding" })
    await store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
    await directory.refresh()
  }
})

test("refused: the sentence, nothing stored, and the decision recorded", async () => {
  const { intake, refused, woken } = door({ rules: rule(`reject: { status: 5.7.1, ${texts} }`) })
  expect(await intake.accept(await request())).toEqual({ kind: "refused", code: 550, status: "5.7.1", text: "không được / not allowed" })
  expect(refused).toMatchObject([{ policyVersion: 7, ruleId: "r", verdict: "reject", reversePath: "a@ngoai.example", at: now }])
  expect(woken).toEqual([])
})

test.each([
  ["held", `hold: { approvers: [qt2@tinh.example, administrators], ${texts} }`, { kind: "approval", notify: ["qt2@tinh.example", "qt@tinh.example"] }],
  ["quarantined", `quarantine: { notify: [recipients, administrators], ${texts} }`, { kind: "quarantine", notify: ["qt@tinh.example", "an@tinh.example"], recipientsMayRelease: true }],
])("%s: taken, waits, and those named will be told", async (_what, verdict, expected) => {
  const { intake, woken } = door({ rules: rule(verdict) })
  const reply = await intake.accept(await request())
  if (reply.kind !== "accepted") throw new Error(reply.text)
  expect(woken).toEqual([])
  expect(await envelopeRow(reply.committed.envelopeId)).toMatchObject({ states: ["held"], rule: "r v7", marks: "$SignatureMissing" })
  expect(await createHeldStore(store).find(reply.committed.envelopeId)).toMatchObject({ ...expected, ruleId: "r", reasonVi: "không được", reasonEn: "not allowed", decision: null })
})

test("what waits for a moderator, too, no recipient lets go: whoever decides in the moderators' place is an administrator", async () => {
  const moderated = async (moderators: string | null) => {
    await store.database.query({ text: "UPDATE mail_group SET moderators = $1::text[] WHERE address = 'tat-ca@tinh.example'" }, [moderators])
    await store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
    await directory.refresh()
  }
  await moderated("{binh@tinh.example}")
  const { intake } = door({ rules: rule(`quarantine: { notify: [recipients, administrators], ${texts} }`) })
  const reply = await intake.accept(await request({ envelope: { reversePath: "a@ngoai.example", recipients: [{ forwardPath: "tat-ca@tinh.example" }], requireTls: false, smtpUtf8: false } }))
  await moderated(null)
  if (reply.kind !== "accepted") throw new Error(reply.text)
  expect(await createHeldStore(store).find(reply.committed.envelopeId)).toMatchObject({ kind: "quarantine", recipientsMayRelease: false })
})

test("accepted with a mark: its keyword, beside what is known of the signature", async () => {
  const { intake, woken } = door({ rules: rule(`mark: { keyword: $Nhac, ${texts} }`) })
  const reply = await intake.accept(await request())
  if (reply.kind !== "accepted") throw new Error(reply.text)
  expect(woken).toEqual(reply.committed.deliveryIds)
  expect(await envelopeRow(reply.committed.envelopeId)).toMatchObject({ marks: "$SignatureMissing $Nhac", states: ["waiting"], rule: "policy.default v7" })
})

test("an ordinary unsigned message gets no mark, no result and no evidence; its facts are kept", async () => {
  const { intake, facts } = door({ rules: rule(`reject: { status: 5.7.1, ${texts} }`, "size: { over: 1MiB }") })
  const reply = await intake.accept(await request())
  if (reply.kind !== "accepted") throw new Error(reply.text)
  const row = await envelopeRow(reply.committed.envelopeId)
  expect(row?.marks).toBe("")
  expect(row?.trace_prefix).not.toContain("Authentication-Results")
  expect((await createEvidenceStore(store).ofEnvelope(reply.committed.envelopeId))?.record).toBeNull()
  expect(facts).toMatchObject([{ direction: "inbound", authentication: { how: "none" }, tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" }, signature: { status: "missing" } }])
})

test.each([
  ["without a certificate", {}, "$SignatureInvalid", /smime=fail\s+reason="[^"]+"/],
  ["that cannot be read", { problems: ["malformed"] as const }, "$SignatureInvalid", /smime=permerror/],
  ["around which it is encrypted", { form: "encrypted" as const, signers: [] }, "", /smime=none/],
])("a signature %s is told to the reader, and its evidence frozen", async (_what, change, marks, result) => {
  const { intake } = door({ rules: rule("accept: {}"), found: ok(signature(change)) })
  const reply = await intake.accept(await request())
  if (reply.kind !== "accepted") throw new Error(reply.text)
  const row = await envelopeRow(reply.committed.envelopeId)
  expect(row?.marks).toBe(marks)
  expect(row?.trace_prefix.replace(/\r\n\t/g, " ")).toMatch(result)
  expect(row?.trace_prefix).toMatch(/^Return-Path: [^\n]*\nAuthentication-Results: mail\.tinh\.example; /)
  const stored = await createEvidenceStore(store).ofEnvelope(reply.committed.envelopeId)
  expect(JSON.parse(stored?.record ?? "{}")).toMatchObject({ version: 1, acceptedAt: now, decision: { verdict: "accept", ruleId: "r", policyVersion: "7" }, software: "congthu test" })
})

test("a signature that cannot be verified now defers the message: never valid, never lost", async () => {
  const { intake, refused } = door({ rules: rule("accept: {}"), found: failed(failure("limit", "too many wait")) })
  expect(await intake.accept(await request())).toMatchObject({ kind: "refused", code: 451 })
  expect(refused).toEqual([])
})

test("a message that is to be signed and cannot be is deferred", async () => {
  const { intake } = door({ rules: rule("sign: { key: k }") })
  expect(await intake.accept(await request())).toMatchObject({ kind: "refused", code: 451 })
})

/** An signs in, who may write for the office as well. */
async function submission(reversePath: string, headerFrom: readonly string[], headerSender: readonly string[] = []): Promise<AcceptRequest> {
  const [an] = await store.database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'an@tinh.example'" })
  const session = { sessionId: "s2", clientAddress: "192.0.2.7", helo: "may-tram", tls: "TLSv1.3 TLS_AES_256_GCM_SHA384", accountId: an?.id ?? 0, principalId: "an" }
  return request({
    source: "submission", session, submitter: { login: { accountId: an?.id ?? 0, address: "an@tinh.example", principalId: "an", credentialId: 1, via: "password" }, headerFrom, headerSender },
    envelope: { reversePath, recipients: [{ forwardPath: "binh@tinh.example" }], requireTls: false, smtpUtf8: false },
  }, `From: ${headerFrom.join(", ")}\r\n${headerSender.length > 0 ? `Sender: ${headerSender.join(", ")}\r\n` : ""}Subject: x\r\n\r\nbody\r\n`)
}

const [an, office] = ["an@tinh.example", "van-phong@tinh.example"] as const

test.each<readonly [string, string, readonly string[], readonly string[]]>([
  ["two authors in From", office, [office, an], []],
  ["another Sender", office, [office], [an]],
  ["another author than the envelope says", an, [office], []],
])("this server's seal goes on nobody else's words: %s", async (_what, reversePath, from, sender) => {
  const { intake, refused, asked } = door({ rules: rule("sign: { key: k }") })
  expect(await intake.accept(await submission(reversePath, from, sender))).toMatchObject({ kind: "refused", code: 550, text: expect.stringContaining("This server signs for one sender only") as unknown })
  expect(refused).toMatchObject([{ ruleId: "r", verdict: "reject" }])
  expect(asked).toEqual([])
})

test("a client certificate that signed in is a fact, and in the audit", async () => {
  const { intake, facts } = door({ rules: `  - { id: r, when: { authentication: certificate, tls: { clientCertificate: true } }, verdict: { reject: { status: 5.7.1, ${texts} } } }\n` })
  const byPassword = await submission(an, [an])
  const { session, submitter } = byPassword
  const certificate = "ab".repeat(32)
  const byCertificate: AcceptRequest = { ...byPassword, session: { ...session, clientCertificate: certificate }, ...(submitter && { submitter: { ...submitter, login: { ...submitter.login, credentialId: null, via: "certificate", certificate } } }) }
  expect(await intake.accept(byCertificate)).toMatchObject({ kind: "refused", status: "5.7.1" })
  expect(facts).toMatchObject([{ authentication: { how: "certificate", principalId: "an" }, tls: { version: "TLSv1.3", clientCertificate: true } }])
  expect(await intake.accept(await submission(an, [an]))).toMatchObject({ kind: "accepted" })
})

test("this server signs for the one sender whom the message shows", async () => {
  const { intake, asked } = door({ rules: rule("sign: { key: k }") })
  await intake.accept(await submission(office, [office], [office]))
  expect(asked).toEqual([office])
})

test("what the system itself writes is not judged", async () => {
  const { intake, facts } = door({ rules: rule(`reject: { status: 5.7.1, ${texts} }`) })
  for (const source of ["dsn", "notification"] as const) expect(await intake.accept(await request({ source }))).toMatchObject({ kind: "accepted" })
  expect(facts).toEqual([])
})

test("a mark at the end of a header that is too large to be kept counts", async () => {
  const { intake } = door({ rules: `${rule(`reject: { status: 5.7.1, ${texts} }`, "document: mat")}documents: { mat: [{ in: [x-do-mat], mark: [MẬT] }] }\n` })
  const large = `From: a@ngoai.example\r\n${Array.from({ length: 900 }, (_, n) => `X-Nhieu-${n}: ${"y".repeat(80)}\r\n`).join("")}`
  expect(await intake.accept(await request({}, `${large}\r\nbody\r\n`))).toMatchObject({ kind: "accepted" })
  expect(await intake.accept(await request({}, `${large}X-Do-Mat: =?utf-8?B?${Buffer.from("MẬT").toString("base64")}?=\r\n\r\nbody\r\n`))).toMatchObject({ kind: "refused", status: "5.7.1" })
})
