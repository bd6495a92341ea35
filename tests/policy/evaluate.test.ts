import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { signatureProblems } from "../../src/pki/signature-facts.ts"
import { type CompiledPolicy, compilePolicy } from "../../src/policy/compile-policy.ts"
import { evaluatePolicy } from "../../src/policy/evaluate.ts"
import { explainPolicy } from "../../src/policy/explain.ts"
import type { MessageFacts } from "../../src/policy/facts.ts"
import { describePolicyProblem, readPolicy } from "../../src/policy/read-policy.ts"
import { signatureReason } from "../../src/policy/signature-reason.ts"
import { replyCodeOf } from "../../src/policy/reply-code.ts"
import { foreigner, messageFacts, office, person, signed, signer, subject, unsigned } from "./facts.ts"

function compile(source: string): CompiledPolicy {
  const read = readPolicy(source)
  if (!read.ok) throw new Error(read.failure.map(describePolicyProblem).join("\n"))
  return compilePolicy(read.value)
}

const shipped = compile(readFileSync(new URL("../../config/policy.yaml", import.meta.url), "utf8"))

/** Whether a rule with this condition matches. */
const matches = (condition: string, facts: MessageFacts, sections = ""): boolean => evaluatePolicy(compile(`format: 1\n${sections}\nrules:\n  - { id: a, when: ${condition}, verdict: accept }\n`), facts).verdict.ruleId === "a"

describe("a condition", () => {
  const at = (text: string): Partial<MessageFacts> => ({ at: Date.parse(text) })
  test.each<[string, Partial<MessageFacts>, boolean]>([
    ["{ direction: submission }", {}, true],
    ["{ direction: [internal, outbound] }", {}, false],
    ["{ sender: { unit: SNV } }", {}, true],
    ["{ sender: { unit: SNV.VP } }", {}, true],
    ["{ sender: { unit: SNV.TTRA } }", {}, false],
    ["{ sender: { unit: SN } }", {}, false],
    ["{ sender: { unit: SNV } }", { sender: null }, false],
    ["{ not: { sender: { unit: SNV } } }", { sender: null }, true],
    ["{ sender: { kind: organizational, unit: SYT } }", {}, false],
    ["{ sender: { address: VP@SoNV.tinh.example } }", {}, true],
    ["{ sender: { group: CacSo@tinh.example } }", {}, true],
    ["{ sender: { domain: tinh.example } }", {}, true],
    ["{ sender: { domain: h.example } }", {}, false],
    ["{ sender: { domain: x.sonv.tinh.example } }", {}, false],
    // a notification that shows an address of the ministry: what the reader sees counts
    ["{ sender: { domain: bo.example } }", { sender: null, header: { subject: "", from: ["a@bo.example"], fields: {} } }, true],
    ["{ sender: { local: true } }", { sender: foreigner }, false],
    ["{ recipient: { unit: SYT } }", {}, true],
    ["{ recipient: { kind: personal, unit: SYT } }", { recipients: [office, person] }, true],
    // one is personal, another is in SNV: no recipient is both
    ["{ recipient: { kind: personal, unit: SNV } }", { recipients: [office, person] }, false],
    ["{ everyRecipient: { local: true } }", { recipients: [office, foreigner] }, false],
    ["{ everyRecipient: { local: true } }", { recipients: [office, person] }, true],
    ["{ everyRecipient: { local: true } }", { recipients: [] }, false],
    ["{ recipient: { domainList: friends } }", { recipients: [foreigner] }, true],
    ["{ document: invitation }", subject("GIẤY MỜI họp".normalize("NFD")), true],
    ["{ document: invitation }", subject("Báo cáo", { "x-loai": ["Giấy mời"] }), true],
    ["{ document: [other, invitation] }", subject("Báo cáo"), false],
    ["{ size: { over: 10KiB } }", { bytes: 10 * 1024 }, false],
    ["{ size: { over: 10KiB, under: 20KiB } }", { bytes: 10 * 1024 + 1 }, true],
    ["{ size: { under: 20KiB } }", { bytes: 20 * 1024 }, false],
    ["{ authentication: [appPassword, certificate] }", {}, false],
    ["{ notification: true }", { reversePath: "" }, true],
    ["{ notification: false }", { reversePath: "" }, false],
    ["{ signature: { status: [missing, encrypted] } }", {}, true],
    ["{ signature: { problem: [revoked, expired] } }", { signature: signed("invalid", "untrusted", "expired") }, true],
    ["{ signature: { problem: revoked } }", { signature: { ...signed("invalid", "revoked"), problems: [] } }, true],
    ["{ signature: { status: valid, holder: organization } }", { signature: signed("valid") }, false],
    ["{ signature: { holder: unknown } }", { signature: { ...signed("valid"), signers: [{ ...signer, holder: null }] } }, true],
    ["{ signature: { form: opaque } }", { signature: signed("valid") }, false],
    ["{ signature: { headerProtection: differs, headerDiffers: [to, subject] } }", { signature: { ...signed("invalid"), headerProtection: "differs", headerDiffers: ["subject"] } }, true],
    ["{ signature: { headerDiffers: to } }", { signature: { ...signed("invalid"), headerProtection: "differs", headerDiffers: ["subject"] } }, false],
    ["{ signature: { headerDiffers: to } }", { signature: signed("valid") }, false],
    ["{ signature: { headerProtection: opened } }", { signature: { ...signed("valid"), headerProtection: "opened" } }, true],
    ["{ signature: { headerProtection: matches, timestamped: false } }", { signature: signed("valid") }, true],
    ["{ tls: { used: false } }", { tls: null }, true],
    ["{ tls: { version: TLSv1.3, cipher: 'tls_aes_*' } }", {}, true],
    ["{ tls: { version: TLSv1.2 } }", { tls: null }, false],
    ["{ tls: { clientCertificate: true } }", {}, false],
    ["{ time: { hours: '07:30-17:30', weekdays: [mon, tue, wed, thu, fri] } }", at("2026-11-26T02:00:00Z"), true],
    ["{ time: { hours: '07:30-17:30' } }", at("2026-11-26T12:00:00Z"), false],
    // Saturday in Vietnam, Friday in Greenwich
    ["{ time: { weekdays: sat } }", at("2026-11-27T18:00:00Z"), true],
    ["{ any: [{ direction: inbound }, { all: [{ direction: submission }, { notification: false }] }] }", {}, true],
    ["{ direction: submission, not: { any: [{ notification: true }, { sender: { kind: organizational } }] } }", {}, false],
  ])("%s on %j: %s", (condition, change, expected) => {
    const sections = "domains: { friends: [bo.example] }\ndocuments:\n  invitation:\n    - { in: [subject, X-Loai], pattern: giấy mời* }\n  other:\n    - { in: subject, mark: KHẨN }"
    expect(matches(condition, messageFacts(change), sections)).toBe(expected)
  })
})

describe("rules", () => {
  const policy = compile(`format: 1
rules:
  - { id: mark-1, when: { sender: { kind: organizational } }, verdict: { mark: { keyword: $Office, vi: "Của {sender}", en: "Of {sender}" } } }
  - { id: later, from: 2027-01-01, until: 2027-01-31, verdict: { reject: { status: 5.7.1, vi: a, en: b } } }
  - { id: mark-2, when: { size: { over: 1MiB } }, verdict: { mark: { vi: To, en: Large } } }
  - { id: wait, when: { authentication: certificate }, verdict: { reject: { status: 4.7.1, vi: Đợi, en: Wait } } }
  - { id: held, when: { size: { over: 2MiB } }, verdict: { hold: { approvers: [a@b.example], vi: "{rule}", en: "{rule}" } } }
  - { id: kept, when: { notification: true }, verdict: { quarantine: { notify: [sender, recipients], vi: a, en: b } } }
  - { id: keyed, when: { tls: { used: false } }, verdict: { sign: { key: one-stop } } }
`)
  const marks = [{ ruleId: "mark-1", keyword: "$Office", reasonVi: "Của vp@sonv.tinh.example", reasonEn: "Of vp@sonv.tinh.example" }]

  test.each<[string, Partial<MessageFacts>, object]>([
    ["that mark only let the message pass", {}, { verdict: { kind: "accept", ruleId: "policy.default", marks }, matched: ["mark-1"] }],
    ["decide from their date on", { at: Date.parse("2026-12-31T17:00:00Z") }, { verdict: { kind: "reject", ruleId: "later", status: "5.7.1", reasonVi: "a", reasonEn: "b", marks }, matched: ["mark-1", "later"] }],
    ["decide until their date's end", { at: Date.parse("2027-01-31T16:59:59.999Z") }, { verdict: { kind: "reject" } }],
    ["no longer decide after it", { at: Date.parse("2027-01-31T17:00:00Z") }, { verdict: { kind: "accept" } }],
    ["with a status of 4.7.x defer", { authentication: { how: "certificate", principalId: null } }, { verdict: { kind: "defer", status: "4.7.1" } }],
    ["collect marks until one decides", { bytes: 3 * 1024 * 1024 }, { verdict: { kind: "hold", ruleId: "held", approvers: ["a@b.example"], reasonVi: "held", marks: [{ ruleId: "mark-1" }, { ruleId: "mark-2", keyword: null }] }, matched: ["mark-1", "mark-2", "held"] }],
    ["quarantine", { reversePath: "", tls: null }, { verdict: { kind: "quarantine", ruleId: "kept", notify: ["sender", "recipients"] } }],
    ["sign", { tls: null }, { verdict: { kind: "sign", ruleId: "keyed", key: "one-stop", marks } }],
  ])("%s", (_name, change, expected) => {
    expect(evaluatePolicy(policy, messageFacts(change))).toMatchObject(expected)
  })

  test.each<[string, string, Partial<MessageFacts>, string]>([
    ["those who are told", "notify: [recipients, administrators]", {}, "recipients"],
    ["administrators, where recipients are not told", "notify: administrators", {}, "administrators"],
    ["administrators, where the rule says so", "notify: recipients, release: administrators", {}, "administrators"],
    ["administrators alone what has a virus in it", "notify: recipients, release: recipients", { scan: { virus: "Eicar-Signature", spam: null, unavailable: [] } }, "administrators"],
    ["administrators alone what is signed with a certificate that was revoked", "notify: recipients, release: recipients", { signature: signed("invalid", "revoked") }, "administrators"],
    ["recipients what is signed with another certificate that does not count", "notify: recipients", { signature: signed("invalid", "untrusted") }, "recipients"],
  ])("what is set aside is released by %s", (_who, words, change, release) => {
    const one = compile(`format: 1\nrules:\n  - { id: q, verdict: { quarantine: { ${words}, vi: a, en: b } } }\n`)
    expect(evaluatePolicy(one, messageFacts(change)).verdict).toMatchObject({ kind: "quarantine", release })
  })

  test("are explained down to the question that failed and what the message has", () => {
    const traces = explainPolicy(policy, messageFacts({ bytes: 3 * 1024 * 1024, reversePath: "" }))
    expect(traces.map(({ ruleId, outcome }) => [ruleId, outcome])).toEqual([
      ["mark-1", "marks"], ["later", "notInForce"], ["mark-2", "marks"], ["wait", "noMatch"], ["held", "decides"], ["kept", "notReached"], ["keyed", "noMatch"],
    ])
    expect(traces[3]?.condition).toEqual({ text: "authentication is certificate", holds: false, found: "password", parts: [] })
  })

  test("are explained as they decide", () => {
    const change = fc.record({
      direction: fc.constantFrom("submission", "internal", "inbound", "outbound"), sender: fc.constantFrom(null, office, person, foreigner), recipients: fc.subarray([office, person, foreigner]),
      header: fc.constantFrom(subject("a").header, subject("[MẬT] a").header), signature: fc.oneof(fc.constant(unsigned), fc.constantFrom(...signatureProblems).map((problem) => signed("invalid", problem))),
      at: fc.constantFrom(Date.parse("2026-11-26T00:00:00Z"), Date.parse("2029-01-01T00:00:00Z")),
    })
    fc.assert(
      fc.property(fc.constantFrom(policy, shipped), change, (which, facts) => {
        const { verdict, matched } = evaluatePolicy(which, messageFacts(facts))
        const traces = explainPolicy(which, messageFacts(facts))
        expect(traces.filter(({ outcome }) => outcome === "marks" || outcome === "decides").map(({ ruleId }) => ruleId)).toEqual(matched)
        expect(traces.find(({ outcome }) => outcome === "decides")?.ruleId ?? "policy.default").toBe(verdict.ruleId)
      }),
    )
  })
})

describe("the reason of a refused signature", () => {
  test.each(signatureProblems)("%s: both sentences fit into one reply line, name the certificate where there is one, and carry 550 5.7.x", (problem) => {
    const long = { ...signer, holder: { principalId: "x", kind: "individual" as const, name: "Nguyễn Đặng Hoàng Phượng Uyển Trường Giang Đông Hải" }, serialNumber: "f".repeat(64), problems: [problem] }
    const headerDiffers = ["disposition-notification-to", "mail-followup-to", "mail-reply-to", "from"]
    const reason = signatureReason({ ...signed("invalid", problem), signers: [long], headerDiffers })
    expect(reason?.problem).toBe(problem)
    expect(Buffer.byteLength(`${reason?.status} ${reason?.vi} / ${reason?.en}`)).toBeLessThanOrEqual(500)
    expect(reason && replyCodeOf(reason.status)).toBe(550)
    expect(reason?.status).toMatch(/^5\.7\.\d+$/)
    expect(`${reason?.vi}${reason?.en}`).not.toMatch(/[{}]/)
  })

  test.each<[Parameters<typeof signatureReason>[0], string]>([
    [signed("invalid", "untrusted", "revoked"), 'Certificate "Nguyễn Văn An" (1a2b3c) is revoked; sign with another one'],
    [signed("invalid", "expired"), 'Certificate "Nguyễn Văn An" (1a2b3c) expired on 2026-05-01; renew it and sign again'],
    [{ ...signed("invalid", "unregistered"), signers: [{ ...signer, holder: null, subject: "O=Sở,CN=Trần\\, Bình", problems: ["unregistered"] }] }, 'Certificate "Trần, Bình" (1a2b3c) is not registered here; have the administrator register it'],
    [{ ...signed("invalid", "revoked"), signers: [] }, "Certificate is revoked; sign with another one"],
    [{ ...signed("invalid", "revoked"), signers: [{ ...signer, holder: null, subject: 'CN=a"\r\n250 OK', problems: ["revoked"] }] }, 'Certificate "a250 OK" (1a2b3c) is revoked; sign with another one'],
    [{ ...signed("invalid", "revoked"), signers: [{ ...signer, holder: null, subject: "CN=$' $& {until}", problems: ["revoked"] }] }, "Certificate \"$' $& {until}\" (1a2b3c) is revoked; sign with another one"],
    [{ ...signed("invalid", "headerMismatch"), headerDiffers: ["from", "reply-to"] }, "The header differs from the signed one (From, Reply-To); sign and send it again from the mail program"],
    [signed("invalid", "headerMismatch"), "The header differs from the signed one; sign and send it again from the mail program"],
    [unsigned, "The message is not signed; sign it with an official certificate and send it again"],
  ])("%# says which, why and what to do", (facts, expected) => {
    expect(signatureReason(facts)?.en).toBe(expected)
  })

  test("of two signers names the one that it is about", () => {
    const other = { ...signer, serialNumber: "99", problems: ["expired" as const] }
    expect(signatureReason({ ...signed("invalid"), problems: ["expired"], signers: [signer, other] })?.en).toContain("(99)")
  })

  test("is none for a valid signature", () => {
    expect(signatureReason(signed("valid"))).toBeNull()
  })
})
