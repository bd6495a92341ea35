import { spawnSync } from "node:child_process"
import { createPublicKey, X509Certificate } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest"
import type { AlgorithmPolicy } from "../../src/pki/algorithm-policy.ts"
import { contextPrimitive, der, derTag, sequence } from "../../src/pki/der.ts"
import { writeName } from "../../src/pki/distinguished-name.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { mailSigning, timeStamping } from "../../src/pki/path-rules.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import { createPathValidator, type ValidatedPath } from "../../src/pki/validate-path.ts"
import { newKeyPair } from "../../src/pki/development-smime-ca.ts"
import { pem, writeCertificate } from "../../src/pki/write-certificate.ts"
import { authorityKeyIdentifier, extension, keyUsage, nameConstraints } from "../../src/pki/write-extensions.ts"
import { installed } from "../imap/clients/client-machine.ts"
import { authorityOf, day, holderOf, type Issued, pkiTime } from "../support/test-pki.ts"

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "congthu-path-"))
})
afterAll(() => rmSync(dir, { recursive: true }))

const algorithms: AlgorithmPolicy = { minRsaBits: 2048, curves: ["P-256", "P-384", "P-521"], digests: ["sha256", "sha384", "sha512"], ed25519: true }

interface Pki {
  readonly anchors: readonly Issued[]
  readonly pool: readonly Issued[]
  readonly end: Issued
}

function validate({ anchors, pool, end }: Pki, purposes: readonly string[] = [keyPurpose.emailProtection]): ValidatedPath {
  const trusted = anchors.map(({ certificate }, at) => ({ name: `anchor ${at}`, certificate, purposes: new Set(purposes) }))
  return createPathValidator({ anchors: trusted, intermediates: [], algorithms }).validate({
    certificate: end.certificate, intermediates: pool.map(({ certificate }) => certificate), purpose: mailSigning([keyPurpose.emailProtection]), at: pkiTime,
  })
}

/** "OK", or the first error. Security level 2 is 112 bits: RSA of 2048, no SHA-1. */
function opensslSays({ anchors, pool, end }: Pki): string {
  const file = (name: string, issued: readonly Issued[]): string => {
    writeFileSync(join(dir, name), issued.map(({ certificate }) => pem("CERTIFICATE", certificate.der)).join(""))
    return join(dir, name)
  }
  const untrusted = pool.length > 0 ? ["-untrusted", file("pool.pem", pool)] : []
  const args = ["-attime", String(pkiTime / 1000), "-purpose", "smimesign", "-auth_level", "2", "-policy_check", "-CAfile", file("anchors.pem", anchors), ...untrusted, file("end.pem", [end])]
  const { status, stderr, stdout } = spawnSync("openssl", ["verify", ...args], { encoding: "utf8" })
  return status === 0 ? "OK" : (/lookup: (.*)/.exec(stderr + stdout)?.[1] ?? stderr)
}

const root = authorityOf({ name: "Root" })
const signing = authorityOf({ name: "Signing", by: root, pathLength: 0 })
const good: Pki = { anchors: [root], pool: [signing], end: holderOf({ by: signing, addresses: ["a@tinh.example"] }) }

/** A chain of this many authorities below the root, and a holder. */
function deep(count: number): Pki {
  const pool: Issued[] = []
  for (let at = 0; at < count; at++) pool.push(authorityOf({ name: `Level ${at}`, by: pool.at(-1) ?? root }))
  return { anchors: [root], pool: pool.toReversed(), end: holderOf({ by: pool.at(-1) ?? root }) }
}

const below = (authority: Issued, end: Parameters<typeof holderOf>[0] = {}): Pki => ({ anchors: [root], pool: [authority], end: holderOf({ by: authority, addresses: ["a@so.tinh.example"], ...end }) })

const mailbox = (text: string): Buffer => contextPrimitive(1, Buffer.from(text))
const constrained = (names: Parameters<typeof nameConstraints>[0]): Issued => authorityOf({ name: "Constrained", by: root, extensions: [nameConstraints(names)] })

/** Two authorities that have certified each other, neither of them below the root. */
function crossLoop(): Pki {
  const one = authorityOf({ name: "One" })
  const two = authorityOf({ name: "Two", by: one })
  const back = authorityOf({ name: "One", by: two, key: one.privateKey })
  return { anchors: [root], pool: [one, two, back], end: holderOf({ by: two }) }
}

/** The same authority certified by an expired certificate and by a good one: the good one must be found. */
function twoWays(): Pki {
  const expired = authorityOf({ name: "Twice", by: root, from: pkiTime - 9 * day, to: pkiTime - 8 * day })
  const lasting = authorityOf({ name: "Twice", by: root, key: expired.privateKey })
  return { anchors: [root], pool: [expired, lasting], end: holderOf({ by: lasting }) }
}

/** RFC 5280 §3.2: a new key of the same authority, vouched for by the old one; pathLength 0 does not count it. */
function keyRollover(): Pki {
  const old = authorityOf({ name: "Roll", by: root, pathLength: 0 })
  const renewed = authorityOf({ name: "Roll", by: old, pathLength: 0 })
  return { anchors: [root], pool: [old, renewed], end: holderOf({ by: renewed }) }
}

function sha1Root(): Pki {
  const old = authorityOf({ name: "Old root", key: "rsa2048", digest: "sha1" })
  const middle = authorityOf({ name: "Middle", by: old })
  return { anchors: [old], pool: [middle], end: holderOf({ by: middle }) }
}

/** Somebody else's authority under the name of ours. */
function impostor(): Pki {
  const stranger = authorityOf({ name: "Signing" })
  return { anchors: [root], pool: [signing], end: holderOf({ by: stranger }) }
}

const rsaRoot = authorityOf({ name: "RSA root", key: "rsa2048" })
const policyConstraints = (skip: number): Buffer => extension("2.5.29.36", true, sequence(contextPrimitive(0, Buffer.from([skip]))))

const cases: readonly (readonly [name: string, pki: () => Pki, problems: readonly string[], openssl: RegExp])[] = [
  ["root, signing CA, holder", () => good, [], /^OK$/],
  ["straight below the anchor", () => ({ anchors: [root], pool: [], end: holderOf({ by: root }) }), [], /^OK$/],
  ["the pool in any order, with the root in it", () => ({ ...deep(3), pool: [root, ...deep(0).pool, signing, ...good.pool], end: good.end }), [], /^OK$/],
  ["seven authorities deep", () => deep(7), [], /^OK$/],
  // ours is bounded at ten certificates, openssl's at a hundred
  ["nine authorities deep", () => deep(9), ["untrusted"], /^OK$/],
  ["expired", () => ({ ...good, end: holderOf({ by: signing, from: pkiTime - 9 * day, to: pkiTime - day }) }), ["expired"], /has expired/],
  ["not yet valid", () => ({ ...good, end: holderOf({ by: signing, from: pkiTime + day, to: pkiTime + 2 * day }) }), ["notYetValid"], /not yet valid/],
  ["expired authority", () => below(authorityOf({ name: "Late", by: root, from: pkiTime - 9 * day, to: pkiTime - day })), ["expired"], /has expired/],
  ["expired anchor", () => {
    const late = authorityOf({ name: "Late root", from: pkiTime - 9 * day, to: pkiTime - day })
    return { anchors: [late], pool: [], end: holderOf({ by: late }) }
  }, ["expired"], /has expired/],
  ["purpose of a server", () => ({ ...good, end: holderOf({ by: signing, purposes: [keyPurpose.serverAuth] }) }), ["wrongPurpose"], /purpose/],
  ["no purpose said", () => ({ ...good, end: holderOf({ by: signing, purposes: [] }) }), [], /^OK$/],
  // RFC 8550 §4.4.4 takes anyExtendedKeyUsage, openssl's smimesign does not
  ["any purpose", () => ({ ...good, end: holderOf({ by: signing, purposes: [keyPurpose.any] }) }), [], /purpose/],
  ["authority for servers only", () => below(authorityOf({ name: "Servers", by: root, purposes: [keyPurpose.serverAuth] })), ["wrongPurpose"], /purpose|invalid CA/],
  ["key for encryption only", () => ({ ...good, end: holderOf({ by: signing, keyUsage: ["keyAgreement"] }) }), ["wrongPurpose"], /purpose/],
  ["key for non-repudiation", () => ({ ...good, end: holderOf({ by: signing, keyUsage: ["nonRepudiation"] }) }), [], /^OK$/],
  ["no key usage said", () => ({ ...good, end: holderOf({ by: signing, keyUsage: [] }) }), [], /^OK$/],
  ["authority that may not sign certificates", () => below(authorityOf({ name: "No signing", by: root, keyUsage: ["cRLSign"] })), ["badPath"], /invalid CA|does not include certificate signing/],
  ["a holder as issuer", () => below(holderOf({ name: "Holder", by: root, keyUsage: ["digitalSignature", "keyCertSign"] })), ["badPath"], /invalid CA/],
  ["an authority below one with path length 0", () => {
    const extra = authorityOf({ name: "Extra", by: signing })
    return { anchors: [root], pool: [signing, extra], end: holderOf({ by: extra }) }
  }, ["pathTooLong"], /path length/],
  ["an authority's new key", keyRollover, [], /^OK$/],
  ["permitted domain", () => below(constrained({ permitted: [mailbox(".tinh.example"), mailbox("tinh.example")] })), [], /^OK$/],
  ["permitted host", () => below(constrained({ permitted: [mailbox("SO.tinh.example")] })), [], /^OK$/],
  ["permitted mailbox", () => below(constrained({ permitted: [mailbox("a@so.tinh.example")] })), [], /^OK$/],
  ["outside the permitted host", () => below(constrained({ permitted: [mailbox("tinh.example")] })), ["nameConstraint"], /permitted subtree/],
  ["inside an excluded domain", () => below(constrained({ excluded: [mailbox(".tinh.example")] })), ["nameConstraint"], /excluded subtree/],
  ["beside an excluded host", () => below(constrained({ excluded: [mailbox("tinh.example")] })), [], /^OK$/],
  ["an address in the subject, outside", () => below(constrained({ permitted: [mailbox("so.tinh.example")] }), { name: writeName({ commonName: "A", emailAddress: "a@elsewhere.example" }) }), ["nameConstraint"], /permitted subtree/],
  ["a constraint on IP addresses, none in the certificate", () => below(constrained({ permitted: [contextPrimitive(7, Buffer.alloc(8, 10))] })), [], /^OK$/],
  ["SHA-1", () => ({ anchors: [rsaRoot], pool: [], end: holderOf({ by: rsaRoot, digest: "sha1" }) }), ["weakAlgorithm"], /too weak/],
  ["SHA-1 in an authority's certificate", () => {
    const weak = authorityOf({ name: "Weak", by: rsaRoot, digest: "sha1" })
    return { anchors: [rsaRoot], pool: [weak], end: holderOf({ by: weak }) }
  }, ["weakAlgorithm"], /too weak/],
  ["SHA-1 in the anchor's own signature", sha1Root, [], /^OK$/],
  ["RSA of 1024", () => ({ ...good, end: holderOf({ by: signing, key: "rsa1024" }) }), ["weakKey"], /too weak|too small/],
  ["an authority's RSA of 1024", () => below(authorityOf({ name: "Small", by: root, key: "rsa1024" })), ["weakKey"], /too weak|too small/],
  ["signed with PSS", () => ({ anchors: [rsaRoot], pool: [], end: holderOf({ by: rsaRoot, pss: true, digest: "sha384" }) }), [], /^OK$/],
  ["Ed25519", () => {
    const edwards = authorityOf({ name: "Edwards", by: root, key: "ed25519" })
    return { anchors: [root], pool: [edwards], end: holderOf({ by: edwards, key: "ed25519" }) }
  }, [], /^OK$/],
  ["an unknown critical extension", () => ({ ...good, end: holderOf({ by: signing, extensions: [extension("1.2.3.4", true, der(derTag.null))] }) }), ["criticalExtension"], /unhandled critical/],
  ["an unknown extension that is not critical", () => ({ ...good, end: holderOf({ by: signing, extensions: [extension("1.2.3.4", false, der(derTag.null))] }) }), [], /^OK$/],
  ["a demand for a policy", () => below(authorityOf({ name: "Policy", by: root, extensions: [policyConstraints(0)] })), ["badPath"], /policy/],
  ["a demand for a policy later than the end", () => below(authorityOf({ name: "Policy", by: root, extensions: [policyConstraints(3)] })), [], /^OK$/],
  ["the signing CA is missing", () => ({ ...good, pool: [] }), ["untrusted"], /unable to get local issuer/],
  ["another root", () => ({ ...good, anchors: [authorityOf({ name: "Root" })] }), ["untrusted"], /unable to get|signature failure/],
  ["self-signed", () => ({ ...good, end: holderOf({}) }), ["untrusted"], /self-signed/],
  ["signed by somebody else of that name", impostor, ["untrusted"], /unable to get|signature failure/],
  ["authorities that vouch for each other", crossLoop, ["untrusted"], /self-signed|unable to get/],
  ["two certificates of one authority, the first expired", twoWays, [], /^OK$/],
]

test.each(cases)("%s", (_name, pki, problems) => {
  expect(validate(pki()).problems).toEqual(problems)
})

test.skipIf(!installed("openssl")).each(cases)("openssl (skipped where it is not installed) on: %s", (_name, pki, _problems, openssl) => {
  expect(opensslSays(pki())).toMatch(openssl)
})

test("the chain goes from the holder to the anchor, and the anchor is named", () => {
  const path = validate(good)
  expect(path.chain).toEqual([good.end.certificate, signing.certificate, root.certificate])
  expect(path.anchor).toBe("anchor 0")
})

test("a path that is no good is shown all the same, with everything that is wrong", () => {
  const path = validate({ ...good, end: holderOf({ by: signing, to: pkiTime - 1, from: pkiTime - day, key: "rsa1024", purposes: [keyPurpose.serverAuth] }) })
  expect(path.problems).toEqual(["expired", "weakKey", "wrongPurpose"])
  expect(path.chain).toHaveLength(3)
})

test("an anchor that is not for this purpose is none", () => {
  expect(validate(good, [keyPurpose.timeStamping])).toMatchObject({ problems: ["untrusted"], chain: [], anchor: null })
})

test("a purpose of the administrator's own must be allowed by the certificate, its authorities and the anchor", () => {
  const own = "1.2.3.4.5"
  const verdict = (authorityPurposes: readonly string[] | undefined, anchorPurposes: readonly string[]): readonly string[] => {
    const middle = authorityOf({ name: "Middle", by: root, ...(authorityPurposes && { purposes: authorityPurposes }) })
    const anchors = [{ name: "a", certificate: root.certificate, purposes: new Set(anchorPurposes) }]
    const { certificate } = holderOf({ by: middle, purposes: [own] })
    const request = { certificate, intermediates: [middle.certificate], purpose: mailSigning([keyPurpose.emailProtection, own]), at: pkiTime }
    return createPathValidator({ anchors, intermediates: [], algorithms }).validate(request).problems
  }
  expect(verdict(undefined, [own])).toEqual([])
  expect(verdict([own, keyPurpose.serverAuth], [own])).toEqual([])
  expect(verdict([keyPurpose.any], [own])).toEqual([])
  expect(verdict([keyPurpose.emailProtection], [own])).toEqual(["wrongPurpose"])
  expect(verdict(undefined, [keyPurpose.emailProtection])).toEqual(["wrongPurpose"])
})

test("a time-stamping certificate must say so itself (RFC 3161 §2.3)", () => {
  const validator = createPathValidator({ anchors: [{ name: "a", certificate: root.certificate, purposes: new Set([keyPurpose.timeStamping]) }], intermediates: [], algorithms })
  const problems = (purposes: readonly string[]): readonly string[] =>
    validator.validate({ certificate: holderOf({ by: root, purposes }).certificate, intermediates: [], purpose: timeStamping, at: pkiTime }).problems
  expect(problems([keyPurpose.timeStamping])).toEqual([])
  expect(problems([])).toEqual(["wrongPurpose"])
  expect(problems([keyPurpose.any])).toEqual(["wrongPurpose"])
})

test("configured intermediates stand in for those that did not come along", () => {
  const anchors = [{ name: "a", certificate: root.certificate, purposes: new Set([keyPurpose.emailProtection]) }]
  const validator = createPathValidator({ anchors, intermediates: [signing.certificate], algorithms })
  expect(validator.validate({ certificate: good.end.certificate, intermediates: [], purpose: mailSigning([keyPurpose.emailProtection]), at: pkiTime }).problems).toEqual([])
})

test("a remembered path ends with the first of its certificates, and is judged anew outside", () => {
  const anchors = [{ name: "a", certificate: root.certificate, purposes: new Set([keyPurpose.emailProtection]) }]
  const validator = createPathValidator({ anchors, intermediates: [], algorithms })
  const middle = authorityOf({ name: "Short", by: root, to: pkiTime + 5_000 })
  const end = holderOf({ by: middle })
  const at = (moment: number, intermediates = [middle.certificate]): ValidatedPath =>
    validator.validate({ certificate: end.certificate, intermediates, purpose: mailSigning([keyPurpose.emailProtection]), at: moment })
  const first = at(pkiTime)
  expect(first.problems).toEqual([])
  expect(at(pkiTime + 5_000, [])).toBe(first)
  expect(at(pkiTime + 6_000).problems).toEqual(["expired"])
  expect(at(pkiTime - 2 * day).problems).toEqual(["notYetValid"])
  expect(at(pkiTime)).toBe(first)
})

test("dozens of authorities of one name, each vouched for by all the others: none of their keys is ever used", () => {
  const checks = vi.spyOn(X509Certificate.prototype, "verify")
  onTestFinished(() => checks.mockRestore())
  const keys = Array.from({ length: 8 }, () => authorityOf({ name: "Many" }))
  const maze = keys.flatMap((key) => keys.filter((by) => by !== key).map((by) => authorityOf({ name: "Many", by, key: key.privateKey })))
  const [by] = keys
  if (!by) throw new Error("no key")
  expect(validate({ anchors: [root], pool: maze, end: holderOf({ by }) })).toMatchObject({ problems: ["untrusted"], chain: [] })
  expect(checks).not.toHaveBeenCalled()
  // with a claim to an anchor, the anchor's key is asked whether that is so, and no other
  const claims = authorityOf({ name: "Many", by: authorityOf({ name: "Root" }) })
  expect(validate({ anchors: [root], pool: [claims, ...maze], end: holderOf({ by: claims }) })).toMatchObject({ problems: ["untrusted"], chain: [] })
  expect(checks).toHaveBeenCalledTimes(1)
})

test("a new key of an authority, by cross certificates and by itself: each holder finds the key that signed", () => {
  const old = authorityOf({ name: "Root" })
  const renewed = authorityOf({ name: "Root" })
  // RFC 4210 §4.4: the new key by the old one, the old key by the new one
  const newByOld = authorityOf({ name: "Root", by: old, key: renewed.privateKey })
  const oldByNew = authorityOf({ name: "Root", by: renewed, key: old.privateKey })
  const [one, other] = [authorityOf({ name: "Signing", by: old }), authorityOf({ name: "Signing", by: renewed })]
  const pool = [other, one, oldByNew, newByOld]
  for (const anchors of [[old], [renewed], [renewed, old]]) {
    for (const by of [one, other]) expect(validate({ anchors, pool, end: holderOf({ by }) })).toMatchObject({ problems: [] })
  }
  const { chain } = validate({ anchors: [old], pool, end: holderOf({ by: other }) })
  expect(chain.slice(1).map(({ fingerprint }) => fingerprint)).toEqual([other, newByOld, old].map(({ certificate }) => certificate.fingerprint))
})

test("an authority of more keys than signatures are checked: key identifiers lead to the one", () => {
  const roots = Array.from({ length: 70 }, () => authorityOf({ name: "Root" }))
  const last = roots.at(-1) ?? root
  const many = Array.from({ length: 70 }, () => authorityOf({ name: "Signing", by: last }))
  const anchors = roots.map(({ certificate }, at) => ({ name: `anchor ${at}`, certificate, purposes: new Set([keyPurpose.emailProtection]) }))
  const validator = createPathValidator({ anchors, intermediates: many.map(({ certificate }) => certificate), algorithms })
  const purpose = mailSigning([keyPurpose.emailProtection])
  for (const by of [many.at(-1) ?? root, many[0] ?? root]) {
    expect(validator.validate({ certificate: holderOf({ by }).certificate, intermediates: [], purpose, at: pkiTime })).toMatchObject({ problems: [], anchor: "anchor 69" })
  }
})

test("a key identifier that is not the issuer's hides no good path", () => {
  const other = authorityOf({ name: "Signing", by: root })
  const holder = newKeyPair("P-256").publicKey
  for (const extensions of [[authorityKeyIdentifier(createPublicKey(other.privateKey))], []]) {
    const made = parseCertificate(writeCertificate({
      subject: writeName({ commonName: "B" }), issuer: signing.name, publicKey: holder, notBefore: pkiTime - day, notAfter: pkiTime + day, signer: { privateKey: signing.privateKey },
      extensions: [...extensions, keyUsage(["digitalSignature"])],
    }))
    if (!made.ok) throw new Error(made.failure.detail)
    expect(validate({ anchors: [root], pool: [other, signing], end: { ...good.end, certificate: made.value } })).toMatchObject({ problems: [] })
  }
})

test("a certificate or its authority with any octet changed has no good path", () => {
  const [holder, authority] = [good.end.certificate.der, signing.certificate.der]
  fc.assert(
    fc.property(fc.boolean(), fc.nat(10_000), fc.integer({ min: 1, max: 255 }), (ofHolder, place, change) => {
      const der = Buffer.from(ofHolder ? holder : authority)
      const at = place % der.length
      der[at] = (der[at] ?? 0) ^ change
      const changed = parseCertificate(der)
      if (!changed.ok) return
      const [certificate, middle] = ofHolder ? [changed.value, signing.certificate] : [good.end.certificate, changed.value]
      const validator = createPathValidator({ anchors: [{ name: "a", certificate: root.certificate, purposes: new Set([keyPurpose.emailProtection]) }], intermediates: [], algorithms })
      expect(validator.validate({ certificate, intermediates: [middle], purpose: mailSigning([keyPurpose.emailProtection]), at: pkiTime }).problems).not.toEqual([])
    }),
    { numRuns: 500 },
  )
})

test("an unreadable constraint is no licence", () => {
  const broken = authorityOf({ name: "Broken", by: root, extensions: [extension("2.5.29.30", true, der(derTag.null))] })
  expect(validate(below(broken)).problems).toEqual(["badPath"])
})
