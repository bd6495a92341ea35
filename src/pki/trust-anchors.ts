/** The authorities that an administrator trusts, and what for (`pki.anchors`). Reads their files; must not know: how a path to them is found. */
import { readFile } from "node:fs/promises"
import { failed, ok, type Result } from "../base/result.ts"
import { keyProblem, type AlgorithmPolicy } from "./algorithm-policy.ts"
import type { Certificate } from "./certificate.ts"
import { keyPurpose } from "./key-purpose.ts"
import { readCertificates } from "./read-certificates.ts"

export interface TrustAnchor {
  /** What the verdict and the evidence call it. */
  readonly name: string
  readonly certificate: Certificate
  /** OIDs of the key purposes it is trusted for. */
  readonly purposes: ReadonlySet<string>
}

export interface AnchorSetting {
  readonly name: string
  /** PEM, DER or PKCS #7; every certificate in it is an anchor. */
  readonly file: string
  /** `emailProtection`, `timeStamping`, `ocspSigning`, or dotted OIDs. */
  readonly purposes: readonly string[]
}

export interface AnchorProblem {
  readonly anchor: string
  /** One English phrase after the anchor's name. */
  readonly reason: string
}

const purposeNames: Readonly<Record<string, string>> = { emailProtection: keyPurpose.emailProtection, timeStamping: keyPurpose.timeStamping, ocspSigning: keyPurpose.ocspSigning }

/** The OID of a purpose as configuration writes it, undefined when it is neither a name nor an OID. */
export const purposeOid = (text: string): string | undefined => purposeNames[text] ?? (/^[0-2](?:\.\d{1,12}){1,20}$/.test(text) ? text : undefined)

/** What paths are validated by. */
export interface TrustSettings {
  readonly anchors: readonly TrustAnchor[]
  /** Authorities that are known, but not trusted by themselves. */
  readonly intermediates: readonly Certificate[]
  readonly algorithms: AlgorithmPolicy
}

export interface TrustFiles {
  readonly anchors: readonly AnchorSetting[]
  readonly intermediateFiles: readonly string[]
  readonly algorithms: AlgorithmPolicy
}

/** All or nothing: a server that lost an anchor would call good signatures untrusted. */
export async function loadTrust({ anchors, intermediateFiles, algorithms }: TrustFiles): Promise<Result<TrustSettings, readonly AnchorProblem[]>> {
  const [trusted, known] = await Promise.all([loadTrustAnchors(anchors, algorithms), Promise.all(intermediateFiles.map(loadFile))])
  const problems = [
    ...(trusted.ok ? [] : trusted.failure),
    ...known.flatMap((result, at) => (result.ok ? [] : [{ anchor: intermediateFiles[at] ?? "", reason: result.failure }])),
  ]
  if (!trusted.ok || problems.length > 0) return failed(problems)
  return ok({ anchors: trusted.value, intermediates: known.flatMap((result) => (result.ok ? result.value : [])), algorithms })
}

export async function loadTrustAnchors(settings: readonly AnchorSetting[], algorithms: AlgorithmPolicy): Promise<Result<readonly TrustAnchor[], readonly AnchorProblem[]>> {
  const read = await Promise.all(settings.map((setting) => loadAnchor(setting, algorithms)))
  const problems = read.flatMap((result) => (result.ok ? [] : [result.failure]))
  return problems.length > 0 ? failed(problems) : ok(read.flatMap((result) => (result.ok ? result.value : [])))
}

async function loadAnchor({ name, file, purposes }: AnchorSetting, algorithms: AlgorithmPolicy): Promise<Result<readonly TrustAnchor[], AnchorProblem>> {
  const refused = (reason: string): Result<never, AnchorProblem> => failed({ anchor: name, reason })
  const oids = purposes.map((text) => ({ text, oid: purposeOid(text) }))
  const unknown = oids.find(({ oid }) => oid === undefined)
  if (unknown) return refused(`has the purpose "${unknown.text}", which is neither ${Object.keys(purposeNames).join(", ")} nor a dotted OID`)
  if (oids.length === 0) return refused("has no purpose, so it would never be used")
  const certificates = await loadFile(file)
  if (!certificates.ok) return refused(`${certificates.failure} (${file})`)
  for (const { subject, isAuthority, key } of certificates.value) {
    if (!isAuthority) return refused(`is no authority: "${subject.text}" in ${file} may not issue certificates`)
    if (keyProblem(key, algorithms)) return refused(`has a key that pki.algorithms does not allow: "${subject.text}" in ${file}`)
  }
  return ok(certificates.value.map((certificate) => ({ name, certificate, purposes: new Set(oids.flatMap(({ oid }) => oid ?? [])) })))
}

/** Fails with a phrase. */
async function loadFile(file: string): Promise<Result<readonly Certificate[], string>> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    return failed(`cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const certificates = readCertificates(bytes)
  return certificates.ok ? certificates : failed(`cannot be read: ${certificates.failure.detail}`)
}
