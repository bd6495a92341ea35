import { constants, createHash, createVerify, type Hash, type KeyObject, type Verify, verify } from "node:crypto"
import type { MessageSigner, SignatureProblem } from "../signature-facts.ts"
import { digestName, digestText, keyProblem, schemeFor, schemeText, type DigestName, type SignatureScheme } from "./algorithms.ts"
import type { CertificateIdentity } from "./certificate-identity.ts"
import { oids } from "./oid.ts"
import type { SignerInfo } from "./signer-info.ts"

/**
 * Verifies the signers of one content while its bytes stream past (RFC 5652 §5.4, §5.6). Each digest is computed once, however many
 * signers use it. Arithmetic is node:crypto's.
 */
export interface FoundSigner {
  readonly info: SignerInfo
  /** Undefined when no certificate came along. */
  readonly certificate: CertificateIdentity | undefined
}

/** Pure Ed25519 over the content itself needs it whole (RFC 8419 §3.2); nobody signs without attributes. */
const maxUnhashedBytes = 1024 * 1024

const stampDigests: readonly DigestName[] = ["sha256", "sha384", "sha512"]

interface Check {
  readonly signer: FoundSigner
  readonly scheme: SignatureScheme | SignatureProblem
  /** Over the content itself, when there are no signed attributes. */
  readonly direct: Verify | undefined
}

export class ContentCheck {
  private readonly checks: readonly Check[]
  private readonly hashes = new Map<DigestName, Hash>()
  private readonly contentType: string
  /** Kept for Ed25519 without attributes only. */
  private readonly whole: Buffer[] | undefined
  private bytes = 0
  private start: Buffer = Buffer.alloc(0)

  constructor(signers: readonly FoundSigner[], contentType: string) {
    this.contentType = contentType
    this.checks = signers.map((signer) => {
      const { info } = signer
      const scheme = schemeFor(info.digestAlgorithm, info.signatureAlgorithm)
      const digest = digestName(info.digestAlgorithm)
      if (typeof scheme !== "string" && info.attributes && digest && !this.hashes.has(digest)) this.hashes.set(digest, createHash(digest))
      const isDirect = typeof scheme !== "string" && !info.attributes && scheme.kind !== "ed25519"
      return { signer, scheme, direct: isDirect ? createVerify(scheme.digest) : undefined }
    })
    if (this.checks.some(({ scheme, signer }) => typeof scheme !== "string" && scheme.kind === "ed25519" && !signer.info.attributes)) this.whole = []
  }

  push(piece: Uint8Array): void {
    if (this.start.length < startBytes) this.start = Buffer.concat([this.start, piece.subarray(0, startBytes)])
    for (const hash of this.hashes.values()) hash.update(piece)
    for (const { direct } of this.checks) direct?.update(piece)
    if (this.whole && this.bytes + piece.length <= maxUnhashedBytes) this.whole.push(Buffer.from(piece))
    this.bytes += piece.length
  }

  /** All content has been pushed. */
  finish(): MessageSigner[] {
    const digests = new Map([...this.hashes].map(([name, hash]) => [name, hash.digest()]))
    return this.checks.map((check) => {
      const problems = this.problemsOf(check, digests)
      return describe(check.signer, problems)
    })
  }

  private problemsOf({ signer, scheme, direct }: Check, digests: ReadonlyMap<DigestName, Buffer>): SignatureProblem[] {
    const { info, certificate } = signer
    const attributes = info.attributes
    const problems: SignatureProblem[] = []
    // RFC 8551 §2.4.1: a MIME entity is signed as id-data. RFC 5652 §11.1: content-type must say what is signed.
    if (this.contentType !== oids.data || (attributes && attributes.contentType !== this.contentType)) problems.push("contentTypeMismatch")
    // Attributes passed off as content: signed bytes are the same for both, so one signature would serve twice.
    if (!attributes && looksLikeAttributes(this.start)) problems.push("contentTypeMismatch")
    if (typeof scheme === "string") return [...problems, scheme]
    const digest = digests.get(scheme.digest)
    const digestMatches = !attributes || (digest !== undefined && digest.equals(attributes.messageDigest))
    if (!certificate) return [...problems, ...(digestMatches ? [] : (["broken"] as const)), "noCertificate"]
    const unfit = keyProblem(scheme, certificate.publicKey)
    if (unfit) return [...problems, unfit]
    if (!attributes && scheme.kind === "ed25519" && this.bytes > maxUnhashedBytes) return [...problems, "unsupportedAlgorithm"]
    const named = !attributes || certificateIsNamed(signer)
    const signature = digestMatches && named && this.signatureMatches({ signer, scheme, direct }, certificate.publicKey)
    return signature ? problems : [...problems, "broken"]
  }

  private signatureMatches({ signer, scheme, direct }: Check & { readonly scheme: SignatureScheme }, key: KeyObject): boolean {
    const { attributes, signature } = signer.info
    try {
      if (direct) return direct.verify(keyOptions(scheme, key), signature)
    } catch {
      return false
    }
    return verifies(signer.info, scheme, key, attributes ? attributes.der : Buffer.concat(this.whole ?? []))
  }
}

const keyOptions = (scheme: SignatureScheme, key: KeyObject) =>
  scheme.kind === "rsa-pss" ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength } : { key }

function verifies({ signature }: SignerInfo, scheme: SignatureScheme, key: KeyObject, bytes: Buffer): boolean {
  try {
    return verify(scheme.kind === "ed25519" ? null : scheme.digest, bytes, keyOptions(scheme, key), signature)
  } catch {
    // such as a modulus that is no number to compute with
    return false
  }
}

/** Whether the key made the signature over the signed attributes; false for a signer without any, whose content is yet to be seen. */
export function isSignedBy(info: SignerInfo, key: KeyObject): boolean {
  const scheme = schemeFor(info.digestAlgorithm, info.signatureAlgorithm)
  return typeof scheme !== "string" && info.attributes !== null && keyProblem(scheme, key) === null && verifies(info, scheme, key, info.attributes.der)
}

const startBytes = 8

/** A DER SET OF SEQUENCE. No MIME entity begins with "1" and a length. */
function looksLikeAttributes(start: Buffer): boolean {
  const length = start[1] ?? 0
  return start[0] === 0x31 && start[length < 0x80 ? 2 : 2 + (length & 0x7f)] === 0x30
}

/** RFC 5035 §2: a signature that names another certificate than the one found was made for that other one. */
export function certificateIsNamed({ info, certificate }: FoundSigner): boolean {
  const hashes = info.attributes?.certificateHashes ?? []
  return hashes.every(({ algorithm, hash }) => algorithm === null || (certificate !== undefined && createHash(algorithm).update(certificate.der).digest().equals(hash)))
}

function describe({ info, certificate }: FoundSigner, problems: readonly SignatureProblem[]): MessageSigner {
  const { identifier } = info
  const issuerDer = certificate?.issuerDer ?? (identifier.kind === "issuerAndSerial" ? identifier.issuerDer : null)
  return {
    fingerprint: certificate?.fingerprint ?? null,
    issuerDer: issuerDer?.toString("base64") ?? null,
    serialNumber: certificate?.serialNumber ?? (identifier.kind === "issuerAndSerial" ? identifier.serialNumber : null),
    subjectKeyIdentifier: certificate?.subjectKeyIdentifier ?? (identifier.kind === "keyIdentifier" ? identifier.keyIdentifier : null),
    intact: problems.length === 0,
    digestAlgorithm: digestText(info.digestAlgorithm),
    signatureAlgorithm: schemeText(info.signatureAlgorithm.oid),
    signingTime: info.attributes?.signingTime ?? null,
    timestamps: info.timestamps.map((token) => token.toString("base64")),
    signatureDigests: Object.fromEntries(stampDigests.map((name) => [name, createHash(name).update(info.signature).digest("base64")])),
    problems: [...new Set(problems)],
  }
}
