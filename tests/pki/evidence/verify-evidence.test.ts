import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type EvidenceBundle, readBundle, writeBundle } from "../../../src/pki/evidence/bundle.ts"
import { findingLine } from "../../../src/pki/evidence/findings.ts"
import { verifyEvidence } from "../../../src/pki/evidence/verify-evidence.ts"
import { installed } from "../../imap/clients/client-machine.ts"
import { bareSignedMessage } from "../../support/bare-signature.ts"
import { hours } from "../../support/smime-world.ts"
import { unwrap } from "../../support/store.ts"
import { asDetail, type EvidenceWorld, type Frozen, openEvidenceWorld } from "./evidence-world.ts"

const year = hours(24 * 365)
let world: EvidenceWorld
let plain: EvidenceBundle
let stamped: EvidenceBundle
beforeAll(async () => {
  world = await openEvidenceWorld()
  plain = await world.bundle(await world.freeze())
  stamped = await world.bundle(await world.freeze({ stamped: true }))
})
afterAll(() => world.close())

const verify = (bundle: EvidenceBundle, trust = world.trust, after = 8 * year) => verifyEvidence(bundle, { trust, clock: { now: () => world.smime.clock.time + after } })

/** `id=holds` for each finding. */
const told = async (bundle: EvidenceBundle, trust = world.trust): Promise<string> => {
  const { outcome, findings } = await verify(bundle, trust)
  return [outcome, ...findings.map(({ id, holds }) => `${id}=${holds}`)].join(" ")
}

test("a stamped message's evidence holds eight years later, after its certificates have expired", async () => {
  expect(await told(stamped)).toBe(
    "holds messageSame=yes signatureIntact=yes sameReading=yes timeProven=yes pathGood=yes anchorTrusted=yes notRevoked=yes notRevoked=yes expiredSince=yes signingTime=yes holder=yes statusThen=yes decision=yes",
  )
})

test("each certificate of the path is said by its own name not to have been revoked", async () => {
  const { findings } = await verify(plain)
  expect(findings.filter(({ id }) => id === "notRevoked").map(({ subject }) => subject)).toEqual(["Một cửa Sở Nội vụ", world.smime.ca.intermediate.certificate.subject.commonName])
})

test("without a stamp nothing is wrong, but the time is this server's word", async () => {
  expect(await told(plain)).toMatch(/^partly .*timeOurWord=unknown pathGood=yes anchorTrusted=yes notRevoked=yes notRevoked=yes expiredSince=yes/)
})

test.skipIf(!installed("openssl"))("a signature whose certificate the registry gave is read the same from the evidence alone", async () => {
  const bare = await world.bundle(await world.freeze({ sign: (signer) => bareSignedMessage(signer, "motcua@sonv.tinh.example") }))
  expect(bare.record.signature).toMatchObject({ signers: [{ intact: true }], certificates: [bare.record.signature.signers[0]?.fingerprint] })
  expect(await told(bare)).toMatch(/^partly messageSame=yes signatureIntact=yes sameReading=yes timeOurWord=unknown pathGood=yes/)
})

test("it goes to a file and back; the same evidence is the same octets", async () => {
  const text = writeBundle(stamped)
  const back = unwrap(asDetail(readBundle(text)))
  expect(back).toEqual(stamped)
  expect(writeBundle(Object.fromEntries(Object.entries(back).toReversed()) as unknown as EvidenceBundle)).toBe(text)
})

test("nobody to compare the root with, or a message that is not in the file, leaves the reader something to do", async () => {
  expect(await told(stamped, { ...world.trust, anchors: null })).toMatch(/^partly .*anchorTrusted=unknown/)
  expect(await told({ ...stamped, message: null })).toMatch(/^partly messageAbsent=unknown timeProven=yes/)
})

const withRecord = (bundle: EvidenceBundle, change: Partial<EvidenceBundle["record"]>): EvidenceBundle => ({ ...bundle, record: { ...bundle.record, ...change } })
const otherMessage = (bundle: EvidenceBundle, change: (text: string) => string): EvidenceBundle => ({ ...bundle, message: Buffer.from(change(Buffer.from(bundle.message ?? "", "base64").toString("latin1")), "latin1").toString("base64") })

test.each<{ readonly name: string; readonly forge: (bundle: EvidenceBundle) => EvidenceBundle | Promise<EvidenceBundle>; readonly finding: RegExp }>([
  { name: "another message", forge: (bundle) => otherMessage(bundle, (text) => text.replace("Kinh", "kinh")), finding: /messageSame=no signatureIntact=no sameReading=no/ },
  { name: "a message with something added outside", forge: (bundle) => otherMessage(bundle, (text) => `${text}them\r\n`), finding: /messageSame=no signatureIntact=no/ },
  {
    name: "a record that tells of a better signature", finding: /sameReading=no/,
    forge: (bundle) => withRecord(bundle, { signature: { ...bundle.record.signature, from: ["chutich@tinh.example"] } }),
  },
  { name: "a message of another signer", forge: async (bundle) => ({ ...bundle, message: (await world.freeze()).message.toString("base64") }), finding: /messageSame=no signatureIntact=yes sameReading=no/ },
  { name: "a certificate that is not what its name says", forge: (bundle) => ({ ...bundle, certificates: Object.fromEntries(Object.keys(bundle.certificates).map((name, at, all) => [name, bundle.certificates[all[(at + 1) % all.length] ?? ""] ?? ""])) }), finding: /certificateAbsent=no/ },
  { name: "no certificates", forge: (bundle) => ({ ...bundle, certificates: {} }), finding: /certificateAbsent=no/ },
  { name: "no path", forge: (bundle) => withRecord(bundle, { statuses: [] }), finding: /pathGood=no anchorTrusted=no/ },
  { name: "a root of the forger's", forge: (bundle) => withRecord(bundle, { statuses: bundle.record.statuses.map((status) => ({ ...status, chain: status.chain.slice(0, -1) })) }), finding: /anchorTrusted=no/ },
  { name: "no documents", forge: (bundle) => ({ ...bundle, documents: {} }), finding: /^partly .*notRevoked=unknown/ },
  {
    name: "a document under another's name", finding: /notRevoked=no/,
    forge: (bundle) => ({ ...bundle, documents: Object.fromEntries(Object.keys(bundle.documents).map((name) => [name, { kind: "crl" as const, der: Buffer.from("trong").toString("base64") }])) }),
  },
  { name: "a time when the certificate was not yet there", forge: (bundle) => withRecord(bundle, { acceptedAt: bundle.record.acceptedAt - year }), finding: /pathGood=no/ },
  { name: "a time when the list was not yet there", forge: (bundle) => withRecord(bundle, { acceptedAt: bundle.record.acceptedAt - hours(12) }), finding: /notRevoked=unknown/ },
])("found out: $name", async ({ forge, finding }) => {
  expect(await told(await forge(plain))).toMatch(finding)
})

test("the stamp decides the time, whatever the record says", async () => {
  expect(await told(withRecord(stamped, { acceptedAt: stamped.record.acceptedAt + 20 * year }))).toMatch(/^holds .*timeProven=yes pathGood=yes/)
})

test("a stamp of an authority whose path was not frozen proves nothing", async () => {
  expect(await told(withRecord(stamped, { statuses: stamped.record.statuses.slice(0, 1) }))).toMatch(/^broken .*timestampBad=no/)
})

test("a certificate that was revoked by then is told, though the record may have it otherwise", async () => {
  const frozen: Frozen = await world.freeze({
    before: (serialNumber) => {
      world.smime.server.revoke(serialNumber, "keyCompromise")
      world.smime.clock.time += hours(48)
    },
    change: (input) => ({ ...input, acceptedAt: world.smime.clock.time, facts: { ...input.facts, status: "valid" } }),
  })
  expect(await told(await world.bundle(frozen))).toMatch(/^broken .*notRevoked=no/)
})

test("a file that was damaged, changed, or never was one, is refused with a sentence", () => {
  const text = writeBundle(plain)
  for (const broken of ["", "{}", "[]", "null", text.slice(0, -20), text.replace("signed.organization", "signed.organisation"), text.replace('"version":1', '"version":2'), text.replace("{", '{"x":1,')]) {
    expect(readBundle(broken)).toMatchObject({ ok: false })
  }
})

test("hostile bundles never throw", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(1e6), async (bytes, at) => {
      const noise = Buffer.from(bytes).toString("base64")
      const message = Buffer.from(plain.message ?? "", "base64")
      message[at % message.length] = bytes[0] ?? 0
      const anyName = "ab".repeat(32)
      const report = await verify({ ...plain, certificates: { ...plain.certificates, [anyName]: noise }, documents: Object.fromEntries(Object.keys(plain.documents).map((name) => [name, { kind: at % 2 ? ("crl" as const) : ("ocsp" as const), der: noise }])), message: message.toString("base64") })
      expect(report.findings.every((finding) => findingLine(finding).length > 10)).toBe(true)
      expect(report.outcome).toBe("broken")
    }),
    { numRuns: 40 },
  )
})

test("a finding is one line in both languages, and no name can change it", () => {
  expect(findingLine({ id: "notRevoked", holds: "no", detail: "CRL", subject: "A\u001b[2J\nB" })).toBe(
    "✗ A\ufffd[2J\ufffdB: Chứng thư ĐÃ bị thu hồi, hoặc bằng chứng về thu hồi không hợp lệ / The certificate WAS revoked, or the evidence of its status does not hold [CRL]",
  )
})
