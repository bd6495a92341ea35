import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import type { AlgorithmPolicy } from "../../../src/pki/algorithm-policy.ts"
import { context, contextPrimitive, der, derTag, oid, positiveInteger, sequence } from "../../../src/pki/der.ts"
import { parseRecord } from "../../../src/pki/evidence/bundle.ts"
import { freezeEvidence } from "../../../src/pki/evidence/evidence-record.ts"
import { createOfflineStatuses } from "../../../src/pki/evidence/offline-statuses.ts"
import { keyPurpose } from "../../../src/pki/key-purpose.ts"
import { mailSigning } from "../../../src/pki/path-rules.ts"
import { createRevocationChecker } from "../../../src/pki/revocation/revocation-checker.ts"
import type { RevocationStore } from "../../../src/pki/revocation/revocation-store.ts"
import type { ListerStatus, StapledRevocation } from "../../../src/pki/signature-facts.ts"
import { createPathValidator } from "../../../src/pki/validate-path.ts"
import { directoryName, extension, uriName } from "../../../src/pki/write-extensions.ts"
import { createRevocationStore } from "../../../src/store/sql/revocations.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"
import { certificateOf, hours, testRevocation } from "../../support/smime-world.ts"
import { testLog } from "../../support/store.ts"
import { certificateIssuer, crlReason, type TestCrl, testCrl } from "../../support/test-crl.ts"
import { authorityOf, day, holderOf, type Issued, pkiTime } from "../../support/test-pki.ts"

/**
 * Lists that somebody else than the certificate's very issuer signed (RFC 5280 §6.3.3): the authority's other key, and the maker of indirect lists.
 * Root → department CA → holder; beside it a lister and other authorities of the same root, and a root of strangers.
 */
let database: TestDatabase
let store: RevocationStore
beforeAll(async () => {
  database = await createTestDatabase()
  store = createRevocationStore({ database })
})
afterAll(() => database.drop())

let now = pkiTime
beforeEach(async () => {
  // far beyond every limit, and what earlier tests heard is not there any more: revoked would stay revoked
  now += hours(100)
  await store.deleteUnused(now)
})

const url = { own: "http://crl.ca.example/own.crl", indirect: "http://crl.lister.example/all.crl", root: "http://crl.ca.example/root.crl", other: "http://crl.other.example/a.crl" }
const point = (at: string, lister?: Uint8Array): Buffer => sequence(context(0, context(0, uriName(at))), ...(lister ? [context(2, directoryName(Buffer.from(lister)))] : []))
const points = (...all: readonly Buffer[]): Buffer => extension("2.5.29.31", false, sequence(...all))
const rootPoint = points(point(url.root))
const until = { to: pkiTime + 10_000 * day }

const root = authorityOf({ name: "Root", ...until })
const stranger = authorityOf({ name: "Root", ...until })
const authority = authorityOf({ name: "CA", by: root, extensions: [rootPoint], ...until })
const renewed = authorityOf({ name: "CA", by: root, extensions: [rootPoint], ...until })
const imitated = authorityOf({ name: "CA", by: stranger, extensions: [rootPoint], ...until })
const mute = authorityOf({ name: "CA", by: root, keyUsage: ["keyCertSign"], extensions: [rootPoint], ...until })
const lister = holderOf({ name: "Lister", by: root, keyUsage: ["cRLSign"], purposes: [], extensions: [rootPoint], ...until })
const muteLister = holderOf({ name: "Lister", by: root, keyUsage: ["digitalSignature"], purposes: [], extensions: [rootPoint], ...until })
const neighbour = authorityOf({ name: "Neighbour", by: root, extensions: [rootPoint], ...until })
/** The lister's name, by the authority that it speaks of. */
const underling = holderOf({ name: "Lister", by: authority, keyUsage: ["cRLSign"], purposes: [], extensions: [points(point(url.own))], ...until })

const holder = (...where: readonly Buffer[]): Issued => holderOf({ by: authority, addresses: ["a@tinh.example"], extensions: [points(...where)], ...until })
const own = holder(point(url.own))
const delegated = holder(point(url.indirect, lister.name))

const scope = (...items: readonly Buffer[]): Buffer => extension("2.5.29.28", true, sequence(...items))
const indirectFlag = contextPrimitive(4, Buffer.from([0xff]))
const indirect = scope(indirectFlag)
const list = (issuer: Issued, crl: Partial<TestCrl> = {}): Buffer => testCrl({ issuer, thisUpdate: now, ...crl })
const indirectList = (crl: Partial<TestCrl> = {}, by = lister): Buffer => list(by, { extensions: [indirect], ...crl })
const entry = ({ certificate: { serialNumber } }: Issued, ...extensions: readonly Buffer[]) => ({ serialNumber, extensions })
const plus = (serialNumber: string): string => (BigInt(`0x${serialNumber}`) + 1n).toString(16).padStart(40, "0")

const algorithms: AlgorithmPolicy = { minRsaBits: 2_048, curves: ["P-256"], digests: ["sha256"], ed25519: true }

interface Asked {
  readonly certificate: Issued
  readonly served: Readonly<Record<string, Buffer>>
  /** Configured beside the anchor and the authority. */
  readonly known?: readonly Issued[]
  readonly chain?: readonly Issued[]
  readonly stapled?: readonly Buffer[]
}

/** `status source reason` by a process that has asked nobody before. */
async function ask({ certificate, served, known = [], chain = [authority, root], stapled = [] }: Asked): Promise<string> {
  const [evidence] = (await check({ certificate, served, known, chain, stapled })).evidence
  return evidence ? `${evidence.status} ${evidence.source} ${evidence.status === "revoked" ? evidence.reason : ""}`.trim() : ""
}

async function check({ certificate, served, known = [], chain = [authority, root], stapled = [] }: Asked) {
  const paths = createPathValidator({
    anchors: [root, stranger].map(({ certificate: anchor }, at) => ({ name: `root ${at}`, certificate: anchor, purposes: new Set([keyPurpose.emailProtection]) })),
    intermediates: [authority, ...known].map((one) => one.certificate), algorithms,
  })
  const fetch = {
    fetch: async (request: { readonly url: string }) => {
      const value = served[request.url] ?? (request.url === url.root ? list(root) : undefined)
      return value ? { ok: true as const, value } : { ok: false as const, failure: "cannot be reached" }
    },
    close: () => undefined,
  }
  const checker = createRevocationChecker({ fetch, store, paths: () => paths, clock: { now: () => now }, config: { ...testRevocation, prefer: "crl", lists: [] }, log: testLog })
  const came = stapled.map((bytes): StapledRevocation => ({ kind: "crl", der: bytes.toString("base64") }))
  const found = await checker.check({ chain: [certificate, ...chain].map((one) => one.certificate), at: now, stapled: came })
  await checker.close()
  return found
}

const table: readonly (readonly [string, () => Asked, string])[] = [
  ["by the authority's new key", () => ({ certificate: own, served: { [url.own]: list(renewed) }, known: [renewed] }), "good crl"],
  ["by the authority's new key, revoked", () => ({ certificate: own, served: { [url.own]: list(renewed, { entries: [entry(own, crlReason(1))] }) }, known: [renewed] }), "revoked crl keyCompromise"],
  ["by the authority's new key, of several that bear its name", () => ({ certificate: own, served: { [url.own]: list(renewed) }, known: [mute, imitated, renewed] }), "good crl"],
  ["by a key of the authority's that nobody configured", () => ({ certificate: own, served: { [url.own]: list(renewed) } }), "unknown none"],
  ["by a key of the authority's that may not sign lists", () => ({ certificate: own, served: { [url.own]: list(mute) }, known: [mute] }), "unknown none"],
  ["by the same name under another anchor", () => ({ certificate: own, served: { [url.own]: list(imitated) }, known: [imitated] }), "unknown none"],
  ["by the authority's new key, which has been revoked", () => ({ certificate: own, served: { [url.own]: list(renewed), [url.root]: list(root, { entries: [entry(renewed)] }) }, known: [renewed] }), "unknown none"],
  ["by the authority's new key, of which nobody says anything", () => ({ certificate: own, served: { [url.own]: list(renewed), [url.root]: Buffer.from("x") }, known: [renewed] }), "unknown none"],
  ["indirect, nobody on it", () => ({ certificate: delegated, served: { [url.indirect]: indirectList() }, known: [lister] }), "good crl"],
  ["indirect, the certificate on it", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ entries: [entry(delegated, certificateIssuer(authority.certificate), crlReason(1))] }) }, known: [lister] }), "revoked crl keyCompromise"],
  ["indirect, its serial number of another issuer", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ entries: [entry(delegated, certificateIssuer(neighbour.certificate))] }) }, known: [lister] }), "good crl"],
  ["indirect, its serial number of the lister's own", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ entries: [entry(delegated)] }) }, known: [lister] }), "good crl"],
  ["indirect, the issuer named in an earlier entry", () => ({
    certificate: delegated, known: [lister],
    served: { [url.indirect]: indirectList({ entries: [entry(own, certificateIssuer(authority.certificate)), { serialNumber: plus(own.certificate.serialNumber) }, entry(delegated, crlReason(4))] }) },
  }), "revoked crl superseded"],
  ["indirect, another issuer named since", () => ({
    certificate: delegated, known: [lister],
    served: { [url.indirect]: indirectList({ entries: [entry(own, certificateIssuer(authority.certificate)), entry(own, certificateIssuer(neighbour.certificate)), entry(delegated)] }) },
  }), "good crl"],
  ["indirect, on it twice, for others and for itself", () => ({
    certificate: delegated, known: [lister],
    served: { [url.indirect]: indirectList({ entries: [entry(delegated, certificateIssuer(neighbour.certificate)), entry(delegated, certificateIssuer(authority.certificate), crlReason(5))] }) },
  }), "revoked crl cessationOfOperation"],
  ["indirect, the issuer's name in other letters and another type of string", () => ({
    certificate: delegated, known: [lister],
    served: { [url.indirect]: indirectList({ entries: [entry(delegated, extension("2.5.29.29", true, sequence(directoryName(printable("TEST", "ca")))))] }) },
  }), "revoked crl"],
  ["indirect, an entry whose issuer has no name", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ entries: [entry(own, extension("2.5.29.29", true, sequence(uriName("http://ca.example/"))))] }) }, known: [lister] }), "unknown none"],
  ["indirect, an entry whose issuer cannot be read", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ entries: [entry(own, extension("2.5.29.29", true, Buffer.from("30ff", "hex")))] }) }, known: [lister] }), "unknown none"],
  ["a list of the lister's that does not say that it is indirect", () => ({ certificate: delegated, served: { [url.indirect]: list(lister) }, known: [lister] }), "unknown none"],
  ["indirect, by somebody whom the certificate does not name", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({}, neighbour) }, known: [lister, neighbour] }), "unknown none"],
  ["indirect, for a certificate that names nobody", () => ({ certificate: own, served: { [url.own]: indirectList() }, known: [lister] }), "unknown none"],
  ["indirect, the lister's certificate may not sign lists", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({}, muteLister) }, known: [muteLister] }), "unknown none"],
  ["indirect, a lister of whom nobody knows", () => ({ certificate: delegated, served: { [url.indirect]: indirectList() } }), "unknown none"],
  ["indirect, a lister who has been revoked", () => ({ certificate: delegated, served: { [url.indirect]: indirectList(), [url.root]: list(root, { entries: [entry(lister)] }) }, known: [lister] }), "unknown none"],
  ["indirect, for authorities only", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ extensions: [scope(contextPrimitive(2, Buffer.from([0xff])), indirectFlag)] }) }, known: [lister] }), "unknown none"],
  ["indirect, of another distribution point", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ extensions: [scope(context(0, context(0, uriName(url.other))), indirectFlag)] }) }, known: [lister] }), "unknown none"],
  ["indirect, of its distribution point", () => ({ certificate: delegated, served: { [url.indirect]: indirectList({ extensions: [scope(context(0, context(0, uriName(url.indirect))), indirectFlag)] }) }, known: [lister] }), "good crl"],
  ["indirect, of the distribution point that is somebody else's", () => ({
    certificate: holder(point(url.indirect, lister.name), point(url.other, neighbour.name)), known: [lister],
    served: { [url.indirect]: indirectList({ extensions: [scope(context(0, context(0, uriName(url.other))), indirectFlag)] }) },
  }), "unknown none"],
  ["the issuer's own list where the lister's should be", () => ({ certificate: delegated, served: { [url.indirect]: list(authority) }, known: [lister] }), "unknown none"],
  ["indirect, by the root that is on the path anyway", () => ({ certificate: holder(point(url.indirect, root.name)), served: { [url.indirect]: indirectList({}, root) } }), "good crl"],
]

const printable = (organization: string, commonName: string): Buffer => {
  const attribute = (type: string, value: string): Buffer => der(derTag.set, sequence(oid(type), der(derTag.printableString, Buffer.from(value))))
  return sequence(attribute("2.5.4.10", organization), attribute("2.5.4.3", commonName))
}

test.each(table)("%s", async (_name, asked, expected) => {
  expect(await ask(asked())).toBe(expected)
})

test("an authority does not clear itself by a lister whom it has made", async () => {
  const suspect = authorityOf({ name: "CA", by: root, key: authority.privateKey, extensions: [points(point(url.indirect, underling.name))], ...until })
  const asked = { certificate: own, chain: [suspect, root], known: [underling], served: { [url.own]: list(authority), [url.indirect]: indirectList({}, underling) } }
  const { evidence } = await check(asked)
  expect(evidence.map(({ status }) => status)).toEqual(["good", "unknown"])
})

test("what the answer rests on is told, so that others can check it: the signer's path, and that nobody on it was revoked", async () => {
  const { evidence } = await check({ certificate: own, served: { [url.own]: list(renewed) }, known: [renewed] })
  const [answer] = evidence
  expect(answer?.lister?.chain).toEqual([renewed, root].map(({ certificate }) => Buffer.from(certificate.der).toString("base64")))
  expect(answer?.lister?.revocation).toMatchObject([{ fingerprint: renewed.certificate.fingerprint, status: "good", source: "crl" }])
  for (const sha256 of [answer?.evidence, answer?.lister?.revocation[0]?.evidence]) expect((await store.read(sha256 ?? ""))?.length).toBeGreaterThan(100)
  expect(evidence[1]?.lister).toBeUndefined()
})

test("years later the evidence alone shows it again, and not without what the signer rests on", async () => {
  const { evidence: revocation } = await check({ certificate: own, served: { [url.own]: list(renewed) }, known: [renewed] })
  const { fingerprint } = own.certificate
  const chain = [own, authority, root].map(({ certificate }) => Buffer.from(certificate.der).toString("base64"))
  const frozen = freezeEvidence({
    content: { sha256: "0".repeat(64), size: 0 }, acceptedAt: now, software: "", statuses: [{ fingerprint, problems: [], chain, anchor: "root 0", revocation, at: now }],
    signature: { form: "none", problems: [], signers: [], certificates: [], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none", from: [], sender: [] },
    facts: { status: "valid", problems: [], signers: [], form: "none", headerProtection: "none", timestamped: false }, decision: { verdict: "", ruleId: "", policyVersion: "", reasonVi: "", reasonEn: "" },
  })
  const { statuses } = parseRecord(frozen.record)
  const certificates = new Map(frozen.certificates.map(({ sha256, der: bytes }) => [sha256, certificateOf(bytes)]))
  const documents = Object.fromEntries(await Promise.all(frozen.documents.map(async (sha256) => [sha256, { kind: "crl" as const, der: Buffer.from((await store.read(sha256)) ?? []).toString("base64") }] as const)))
  const trust = { anchors: new Set([root.certificate.fingerprint]), algorithms, extendedKeyUsages: [keyPurpose.emailProtection] }
  const holds = async (known: typeof statuses, files: typeof documents = documents): Promise<readonly string[]> => {
    const offline = createOfflineStatuses({ statuses: known, certificates, documents: files, trust })
    return (await offline.recheck(own.certificate, mailSigning(trust.extendedKeyUsages), now)).revocation.map((answer) => answer.holds)
  }
  const changed = (lister: ListerStatus | undefined) => statuses.map((status) => ({ ...status, revocation: status.revocation.map((answer) => (answer.lister ? { ...answer, lister } : answer)) }))
  const rests = statuses[0]?.revocation[0]?.lister
  expect(rests?.revocation).toHaveLength(1)
  expect(await holds(statuses)).toEqual(["yes", "yes"])
  expect(await holds(changed(undefined))).toEqual(["no", "yes"])
  expect(await holds(changed({ chain: rests?.chain ?? [], revocation: [] }))).toEqual(["no", "yes"])
  expect(await holds(changed({ chain: [stranger.certificate.fingerprint], revocation: rests?.revocation ?? [] }))).toEqual(["no", "yes"])
  expect(await holds(statuses, Object.fromEntries(Object.entries(documents).filter(([sha256]) => sha256 !== rests?.revocation[0]?.evidence)))).toEqual(["no", "unknown"])
})

test("a delta by another key than the list's does not continue it", async () => {
  const number = extension("2.5.29.20", false, positiveInteger(Buffer.from([7])))
  const base = extension("2.5.29.27", true, positiveInteger(Buffer.from([7])))
  const freshest = extension("2.5.29.46", false, sequence(point(url.other)))
  const served = (by: Issued, crl: Partial<TestCrl> = {}) => ({ [url.own]: list(authority, { extensions: [number, freshest] }), [url.other]: list(by, { extensions: [number, base], ...crl }) })
  expect(await ask({ certificate: own, served: served(authority) })).toBe("good crl")
  now += hours(100)
  expect(await ask({ certificate: own, served: served(renewed), known: [renewed] })).toBe("unknown none")
  now += hours(100)
  expect(await ask({ certificate: own, served: served(renewed, { entries: [entry(own, crlReason(1))] }), known: [renewed] })).toBe("revoked crl keyCompromise")
})

test("of what came with a message only lists count whose signer is on the path", async () => {
  expect(await ask({ certificate: own, served: {}, known: [renewed], stapled: [list(renewed)] })).toBe("unknown none")
  expect(await ask({ certificate: holder(point(url.indirect, root.name)), served: {}, stapled: [indirectList({}, root)] })).toBe("good stapled")
})
