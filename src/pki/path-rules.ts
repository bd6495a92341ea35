/**
 * What a path must fulfil (RFC 5280 §6.1), judged on a complete one whose signatures have been checked: certificate after certificate
 * from the anchor down. All that is wrong is said, so that people can be told. Pure. Must not know: how the path was found.
 */
import { type AlgorithmPolicy, keyProblem, signatureProblem } from "./algorithm-policy.ts"
import { type Asn1, sequenceItems, smallNumberOf, taggedItem } from "./asn1.ts"
import type { Certificate, KeyUsageBit } from "./certificate.ts"
import { nameKey } from "./distinguished-name.ts"
import { keyPurpose } from "./key-purpose.ts"
import { namesAreWithin, readNameConstraints } from "./name-constraints.ts"
import { extensionOid, extensionValue } from "./read-extensions.ts"
import type { SignatureProblem } from "./signature-facts.ts"

/** What the end certificate is to be used for. */
export interface PathPurpose {
  /** Extended key usages, any of which will do; null: there is none for it, so it takes an anchor of whatever purpose. */
  readonly extendedKeyUsages: readonly string[] | null
  /** Whether the extension must be there; an absent one allows everything (RFC 5280 §4.2.1.12). */
  readonly mustBeSaid: boolean
  /** Key usages, any of which will do. */
  readonly keyUsages: readonly KeyUsageBit[]
}

/** RFC 8550 §4.4.2, §4.4.4. */
export const mailSigning = (extendedKeyUsages: readonly string[]): PathPurpose => ({ extendedKeyUsages, mustBeSaid: false, keyUsages: ["digitalSignature", "nonRepudiation"] })

/** RFC 3161 §2.3. */
export const timeStamping: PathPurpose = { extendedKeyUsages: [keyPurpose.timeStamping], mustBeSaid: true, keyUsages: ["digitalSignature", "nonRepudiation"] }

/** RFC 6960 §4.2.2.2. */
export const ocspSigning: PathPurpose = { extendedKeyUsages: [keyPurpose.ocspSigning], mustBeSaid: true, keyUsages: ["digitalSignature", "nonRepudiation"] }

/** RFC 5280 §6.3.3 (f). */
export const listSigning: PathPurpose = { extendedKeyUsages: null, mustBeSaid: false, keyUsages: ["cRLSign"] }

/** RFC 5280 §4.2.1.12, RFC 8446 §4.4.2.3: the key signs in the handshake. */
export const clientAuthentication: PathPurpose = { extendedKeyUsages: [keyPurpose.clientAuth], mustBeSaid: true, keyUsages: ["digitalSignature"] }

export interface PathRules {
  readonly purpose: PathPurpose
  /** Purposes that the anchor is trusted for. */
  readonly anchorPurposes: ReadonlySet<string>
  readonly algorithms: AlgorithmPolicy
  /** The moment to judge for, ms. */
  readonly at: number
}

/** `path` goes from the end certificate to the anchor's, both included; each was signed by the next. Throws Asn1SyntaxError for a constraint that cannot be read. */
export function pathProblems(path: readonly Certificate[], rules: PathRules): readonly SignatureProblem[] {
  const problems = new Set<SignatureProblem>()
  const add = (problem: SignatureProblem | undefined | false): void => void (problem && problems.add(problem))
  const last = path.length - 1
  path.forEach((certificate, at) => {
    add(validityProblem(certificate, rules.at))
    add(keyProblem(certificate.key, rules.algorithms))
    // nobody relies on the anchor's own signature
    add(at < last && signatureProblem(certificate.signature, rules.algorithms))
    add(hasUnknownCritical(certificate) && "criticalExtension")
    if (at > 0) authorityProblems(path, at).forEach(add)
  })
  add(!allowsPurpose(path, rules) && "wrongPurpose")
  add(!withinConstraints(path) && "nameConstraint")
  // certificate policies are not evaluated, so a path that insists on one cannot be followed
  add(demandsPolicy(path) && "badPath")
  return [...problems]
}

export function validityProblem({ notBefore, notAfter }: Certificate, at: number): SignatureProblem | undefined {
  if (at < notBefore) return "notYetValid"
  return at > notAfter ? "expired" : undefined
}

/** The extensions that this program acts upon; policies are known and, without a demand for them, ignored (RFC 5280 §6.1.5). */
const understood: ReadonlySet<string> = new Set([
  extensionOid.basicConstraints, extensionOid.keyUsage, extensionOid.extendedKeyUsage, extensionOid.subjectAltName, extensionOid.nameConstraints, extensionOid.certificatePolicies,
  extensionOid.policyConstraints, extensionOid.inhibitAnyPolicy, extensionOid.policyMappings, extensionOid.crlDistributionPoints, extensionOid.subjectKeyIdentifier,
  extensionOid.authorityKeyIdentifier, extensionOid.authorityInfoAccess,
])

/** RFC 5280 §4.2: whoever does not know a critical extension must refuse the certificate. */
const hasUnknownCritical = ({ extensions }: Certificate): boolean => [...extensions].some(([id, { critical }]) => critical && !understood.has(id))

/** RFC 5280 §6.1.4 (k) to (n), for the authority at `at`. */
function authorityProblems(path: readonly Certificate[], at: number): readonly SignatureProblem[] {
  const authority = path[at]
  if (!authority) return []
  const mayIssue = authority.isAuthority && (authority.keyUsage === null || authority.keyUsage.has("keyCertSign"))
  // between it and the end certificate; those that only change a key do not count
  const below = path.slice(1, at).filter((certificate) => !isSelfIssued(certificate)).length
  const tooLong = authority.pathLength !== null && below > authority.pathLength
  return [...(mayIssue ? [] : ["badPath" as const]), ...(tooLong ? ["pathTooLong" as const] : [])]
}

/** RFC 5280 §3.2: issuer and subject are the same entity. */
export const isSelfIssued = ({ subject, issuer }: Certificate): boolean => nameKey(subject) === nameKey(issuer)

/** Some purpose that is wanted must be left after the end certificate, every authority and the anchor have had their say. */
function allowsPurpose(path: readonly Certificate[], { purpose, anchorPurposes }: PathRules): boolean {
  const [end] = path
  if (!end) return false
  if (end.keyUsage !== null && !purpose.keyUsages.some((usage) => end.keyUsage?.has(usage))) return false
  if (purpose.extendedKeyUsages === null) return true
  if (purpose.mustBeSaid && end.extendedKeyUsage === null) return false
  return purpose.extendedKeyUsages.some(
    (oid) => anchorPurposes.has(oid) && path.every(({ extendedKeyUsage: said }, at) => said === null || said.has(oid) || (said.has(keyPurpose.any) && !(at === 0 && purpose.mustBeSaid))),
  )
}

/** RFC 5280 §6.1.3 (b), (c): every authority's constraints hold for all below it, but not for an authority that renews its own key. */
function withinConstraints(path: readonly Certificate[]): boolean {
  return path.every((authority, at) => {
    const constraints = at === 0 ? undefined : readNameConstraints(authority)
    return !constraints || path.slice(0, at).every((certificate, below) => (below > 0 && isSelfIssued(certificate)) || namesAreWithin(certificate, constraints))
  })
}

/** RFC 5280 §4.2.1.11, §6.1.4 (h), (i), §6.1.5 (a), (b): requireExplicitPolicy counts down the certificates after which a policy must be named. */
function demandsPolicy(path: readonly Certificate[]): boolean {
  let remaining = Number.POSITIVE_INFINITY
  for (const [at, certificate] of [...path.entries()].toReversed()) {
    if (at === 0 || !isSelfIssued(certificate)) remaining = Math.max(0, remaining - 1)
    const demand = requireExplicitPolicy(certificate)
    // at the end only "now" counts
    if (demand !== undefined && (at > 0 || demand === 0)) remaining = Math.min(remaining, demand)
  }
  return remaining === 0
}

function requireExplicitPolicy({ extensions }: Certificate): number | undefined {
  const value: Asn1 | undefined = extensionValue(extensions, extensionOid.policyConstraints)
  const skipped = value && taggedItem(sequenceItems(value, "policy constraints"), 0)
  return skipped && smallNumberOf(skipped.octets)
}
