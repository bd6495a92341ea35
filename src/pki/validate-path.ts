/**
 * From a certificate to a trust anchor (RFC 5280 §6, RFC 4158): looks for a path among the certificates that came along and the
 * configured ones, and says of the best it finds what is wrong with it. Signatures are node:crypto's work. Whoever sends a message
 * chooses the certificates in it, so candidates, depth and signature checks are bounded; a loop of cross-certificates ends.
 * Good paths are remembered by the end certificate for as long as all their certificates last.
 * Must not know: revocation, who holds the certificate.
 */
import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto"
import { ByteCache } from "../base/byte-cache.ts"
import { keyProblem } from "./algorithm-policy.ts"
import type { Certificate } from "./certificate.ts"
import { nameKey } from "./distinguished-name.ts"
import { type PathPurpose, pathProblems, validityProblem } from "./path-rules.ts"
import type { SignatureProblem } from "./signature-facts.ts"
import type { TrustAnchor, TrustSettings } from "./trust-anchors.ts"

export interface PathRequest {
  readonly certificate: Certificate
  /** Came along with it; configured ones are tried first. */
  readonly intermediates: readonly Certificate[]
  readonly purpose: PathPurpose
  /** The moment to judge for, ms. */
  readonly at: number
  /** Fingerprint of the only anchor that will do; absent: any. */
  readonly anchor?: string
}

export interface ValidatedPath {
  /** Empty: the path is good. */
  readonly problems: readonly SignatureProblem[]
  /** End certificate first, anchor last; empty when no path was found. */
  readonly chain: readonly Certificate[]
  /** The anchor's name in configuration. */
  readonly anchor: string | null
}

export interface PathValidator {
  /** The configured certificates, anchors and others. */
  readonly known: readonly Certificate[]
  validate(request: PathRequest): ValidatedPath
}

const maxCertificates = 10
const maxCandidates = 64
const maxSignatureChecks = 64
/** Of the way up, among certificates that an anchor vouches for. */
const maxSteps = 256
const rememberedBytes = 64 * 1024 * 1024

/** Settings never change within a validator: other anchors mean a new one, and with it an empty memory. */
export function createPathValidator(settings: TrustSettings): PathValidator {
  const goodPaths = new ByteCache<string, RememberedPath>(rememberedBytes)
  const signatures = new SignatureMemory()
  return {
    known: [...settings.anchors.map(({ certificate }) => certificate), ...settings.intermediates],
    validate(request) {
      const { extendedKeyUsages, keyUsages, mustBeSaid } = request.purpose
      const key = [request.certificate.fingerprint, request.anchor ?? "any", mustBeSaid, ...keyUsages, ...(extendedKeyUsages ?? ["any"])].join(" ")
      const known = goodPaths.get(key)
      if (known && known.from <= request.at && request.at <= known.until) return known.path
      const path = findPath(request, settings, signatures)
      if (path.problems.length === 0) goodPaths.set(key, remember(path), path.chain.reduce((sum, { der }) => sum + der.length * 8, 0))
      return path
    },
  }
}

interface RememberedPath {
  readonly path: ValidatedPath
  readonly from: number
  readonly until: number
}

const remember = (path: ValidatedPath): RememberedPath => ({
  path,
  from: Math.max(...path.chain.map(({ notBefore }) => notBefore)),
  until: Math.min(...path.chain.map(({ notAfter }) => notAfter)),
})

/** Of all paths the first without a problem, otherwise the one with the fewest; without any path what is wrong with the certificate itself. */
function findPath(request: PathRequest, settings: TrustSettings, signatures: SignatureMemory): ValidatedPath {
  let best: ValidatedPath | undefined
  for (const { path, anchor } of paths(request, settings, signatures)) {
    const problems = problemsOf(path, anchor, request, settings)
    if (!best || problems.length < best.problems.length) best = { problems, chain: path, anchor: anchor.name }
    if (problems.length === 0) break
  }
  if (best) return best
  const own = [validityProblem(request.certificate, request.at), keyProblem(request.certificate.key, settings.algorithms)].flatMap((problem) => problem ?? [])
  return { problems: ["untrusted", ...own], chain: [], anchor: null }
}

function problemsOf(path: readonly Certificate[], anchor: TrustAnchor, { purpose, at }: PathRequest, { algorithms }: TrustSettings): readonly SignatureProblem[] {
  try {
    return pathProblems(path, { purpose, anchorPurposes: anchor.purposes, algorithms, at })
  } catch {
    // a constraint that cannot be read was written by somebody who wanted to constrain
    return ["badPath"]
  }
}

interface FoundPath {
  readonly path: readonly Certificate[]
  readonly anchor: TrustAnchor
}

/**
 * Every path whose names and signatures fit, depth first, the likeliest issuer first. Lazy: whoever has a good one stops asking. Signatures are
 * checked from the anchors down, so that no key is used before somebody trusted has signed it: a stranger's keys may be as slow as he likes.
 */
function* paths(request: PathRequest, { anchors, intermediates }: TrustSettings, signatures: SignatureMemory): Iterable<FoundPath> {
  const usages = request.purpose.extendedKeyUsages
  const trusted = anchors.filter(({ purposes, certificate }) => (usages?.some((oid) => purposes.has(oid)) ?? true) && certificate.fingerprint === (request.anchor ?? certificate.fingerprint))
  const itself = trusted.find(({ certificate }) => certificate.fingerprint === request.certificate.fingerprint)
  if (itself) return yield { path: [request.certificate], anchor: itself }
  const anchorPrints = new Map(trusted.map((anchor) => [anchor.certificate.fingerprint, anchor]))
  // of those that came along only so many are looked at; an anchor among them is none the less an anchor
  const pool = [...intermediates, ...request.intermediates.slice(0, maxCandidates)].filter(({ fingerprint }) => !anchorPrints.has(fingerprint))
  const issuersOf = findIssuers(request.certificate, pool, trusted.map(({ certificate }) => certificate), signatures)
  let steps = 0

  function* upward(path: readonly Certificate[], certificate: Certificate): Iterable<FoundPath> {
    const issuers = issuersOf.get(certificate.fingerprint) ?? []
    for (const issuer of issuers) {
      const anchor = anchorPrints.get(issuer.fingerprint)
      if (anchor) yield { path: [...path, issuer], anchor }
    }
    // the anchor would be one more
    if (path.length >= maxCertificates - 1) return
    const further = issuers.filter((issuer) => !anchorPrints.has(issuer.fingerprint) && !path.some((earlier) => isSameEntity(earlier, issuer)))
    for (const issuer of likeliestFirst(further, certificate, request.at)) {
      if (steps++ >= maxSteps) return
      yield* upward([...path, issuer], issuer)
    }
  }

  yield* upward([request.certificate], request.certificate)
}

/**
 * Who signed the end certificate and those between, by fingerprint: anchors, and what anchors vouch for. Only names that lead up from the end certificate are looked
 * at: first those that key identifiers point to, so that an authority may have had more keys than signatures are checked, then all.
 */
function findIssuers(end: Certificate, pool: readonly Certificate[], anchors: readonly Certificate[], signatures: SignatureMemory): ReadonlyMap<string, readonly Certificate[]> {
  const found = new Map<string, Certificate[]>()
  let checks = 0
  const isSignedBy = (certificate: Certificate, issuer: Certificate): boolean => issuer.key.kind !== "other" && checks++ < maxSignatureChecks && signatures.verify(certificate, issuer)
  for (const mayIssue of [isPointedTo, isNamed]) {
    const children = Map.groupBy(new Map(above(end, pool, mayIssue).map((one) => [one.fingerprint, one])).values(), ({ issuer }) => nameKey(issuer))
    let level: readonly Certificate[] = anchors
    const seen = new Set(anchors.map(({ fingerprint }) => fingerprint))
    while (level.length > 0) {
      const below: Certificate[] = []
      for (const issuer of level) {
        for (const child of children.get(nameKey(issuer.subject)) ?? []) {
          if (!mayIssue(child, issuer)) continue
          const known = found.get(child.fingerprint) ?? []
          if (!known.includes(issuer)) {
            if (!isSignedBy(child, issuer)) continue
            found.set(child.fingerprint, [...known, issuer])
          }
          if (!seen.has(child.fingerprint)) below.push(child)
          seen.add(child.fingerprint)
        }
      }
      level = below
    }
  }
  return found
}

/** By names alone, which have been compared. */
const isNamed = (): boolean => true

/** RFC 5280 §4.2.1.1. */
const isPointedTo = ({ authorityKeyIdentifier }: Certificate, { subjectKeyIdentifier }: Certificate): boolean => authorityKeyIdentifier !== null && authorityKeyIdentifier === subjectKeyIdentifier

/** The certificate, and those of the pool that could stand above it. */
function above(end: Certificate, pool: readonly Certificate[], mayIssue: (child: Certificate, issuer: Certificate) => boolean): readonly Certificate[] {
  const bySubject = Map.groupBy(pool, ({ subject }) => nameKey(subject))
  const found = new Set([end])
  // a set is walked to its end, what is added on the way included
  for (const child of found) for (const issuer of bySubject.get(nameKey(child.issuer)) ?? []) if (mayIssue(child, issuer)) found.add(issuer)
  return [...found]
}

/** RFC 4158 §2.4.2: the same name and key again, under whichever certificate, is a loop. */
const isSameEntity = (a: Certificate, b: Certificate): boolean =>
  a.fingerprint === b.fingerprint || (Buffer.compare(a.publicKeyInfo, b.publicKeyInfo) === 0 && nameKey(a.subject) === nameKey(b.subject))

/** RFC 4158 §3.5: key identifiers are a hint for the order and no more. */
function likeliestFirst(issuers: readonly Certificate[], { authorityKeyIdentifier }: Certificate, at: number): readonly Certificate[] {
  const score = (issuer: Certificate): number => Number(issuer.subjectKeyIdentifier === authorityKeyIdentifier) * 2 + Number(validityProblem(issuer, at) === undefined)
  return issuers.toSorted((a, b) => score(b) - score(a))
}

const signatureBytes = 4 * 1024 * 1024

/** Which certificate was signed by which key: that never changes, and intermediates come again and again. */
class SignatureMemory {
  private readonly verified = new ByteCache<string, boolean>(signatureBytes)
  private readonly keys = new WeakMap<Certificate, KeyObject>()

  verify(certificate: Certificate, issuer: Certificate): boolean {
    const key = `${certificate.fingerprint} ${issuer.fingerprint}`
    const known = this.verified.get(key)
    if (known !== undefined) return known
    const good = this.isGood(certificate, issuer)
    this.verified.set(key, good, 256)
    return good
  }

  /** False for keys and algorithms that node:crypto does not know, too. */
  private isGood(certificate: Certificate, issuer: Certificate): boolean {
    try {
      return new X509Certificate(certificate.der).verify(this.keyOf(issuer))
    } catch {
      return false
    }
  }

  /** One authority signs thousands. */
  private keyOf(issuer: Certificate): KeyObject {
    const known = this.keys.get(issuer)
    if (known) return known
    const key = createPublicKey({ key: Buffer.from(issuer.publicKeyInfo), format: "der", type: "spki" })
    this.keys.set(issuer, key)
    return key
  }
}
