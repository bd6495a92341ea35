/**
 * The certificates in a file that somebody exported: PEM with one or more, DER, PKCS #7 (RFC 5652 §5 without signers) and PKCS #12
 * without a key (RFC 7292). A private key is refused: nobody should hand it over, and it must not be stored by accident.
 * Must not know: who the certificates are for.
 */
import { failed, ok, type Result } from "../base/result.ts"
import { type Asn1, Asn1SyntaxError, latin1, oidText, readAsn1, sequenceItems, taggedItem } from "./asn1.ts"
import type { Certificate } from "./certificate.ts"
import { derTag } from "./der.ts"
import { parseCertificate } from "./parse-certificate.ts"
import { readPkcs12, Pkcs12Error } from "./pkcs12.ts"

export interface CertificateFileFailure {
  readonly kind: "tooLarge" | "malformed" | "privateKey" | "password" | "empty"
  /** One English sentence for whoever chose the file. */
  readonly detail: string
}

const maxFileBytes = 4 * 1024 * 1024
const maxCertificates = 2_000
/** Of a PKCS #7 file with that many certificates in it. */
const maxNodes = 400_000

/** In the order of the file, each once. `password` is for PKCS #12; empty when not given. */
export function readCertificates(bytes: Uint8Array, password = ""): Result<readonly Certificate[], CertificateFileFailure> {
  if (bytes.length > maxFileBytes) return failed({ kind: "tooLarge", detail: `the file is larger than ${maxFileBytes / 1024 / 1024} MiB` })
  try {
    // a PKCS #12 is a file of its own: many in one PEM would each ask for its key derivation
    const all = bytes[0] === derTag.sequence ? certificatesOf(bytes, password) : pemParts(latin1(bytes)).flatMap((part) => certificatesOf(part, null))
    if (all.length > maxCertificates) return failed({ kind: "tooLarge", detail: `the file has more than ${maxCertificates} certificates` })
    const certificates = all.map(parsed)
    if (certificates.length === 0) return failed({ kind: "empty", detail: "the file has no certificate in it" })
    return ok([...new Map(certificates.map((certificate) => [certificate.fingerprint, certificate])).values()])
  } catch (error) {
    if (error instanceof FileError) return failed({ kind: error.kind, detail: error.message })
    if (error instanceof Pkcs12Error) return failed({ kind: error.kind, detail: error.message })
    return failed({ kind: "malformed", detail: `the file cannot be read: it ${error instanceof Asn1SyntaxError ? error.message : "is none of PEM, DER, PKCS #7, PKCS #12"}` })
  }
}

class FileError extends Error {
  readonly kind: CertificateFileFailure["kind"]
  constructor(kind: CertificateFileFailure["kind"], message: string) {
    super(message)
    this.kind = kind
  }
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----/g
const knownLabels: ReadonlySet<string> = new Set(["CERTIFICATE", "X509 CERTIFICATE", "PKCS7", "PKCS #7 SIGNED DATA", "CMS"])

/** RFC 7468 §2: text around the blocks is for people. */
function pemParts(text: string): readonly Uint8Array[] {
  if (/-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----/.test(text)) throw new FileError("privateKey", "the file has a private key in it: give only the certificate, and keep the key to its holder")
  return [...text.matchAll(pemBlock)].flatMap(([, label = "", base64 = ""]) => (knownLabels.has(label) ? [Buffer.from(base64, "base64")] : []))
}

const signedDataOid = "1.2.840.113549.1.7.2"

/** `password` null: no PKCS #12. */
function certificatesOf(der: Uint8Array, password: string | null): readonly Uint8Array[] {
  const root = readAsn1(der, maxNodes)
  const [first] = sequenceItems(root, "outer sequence")
  if (first?.tag === derTag.oid) return signedDataCertificates(root)
  return first?.tag === derTag.integer && password !== null ? readPkcs12(root, password) : [der]
}

/** RFC 5652 §5.1: the set is [0]; other kinds of certificate than X.509 are not sequences and left out. */
function signedDataCertificates(root: Asn1): readonly Uint8Array[] {
  if (oidText(root.items[0]) !== signedDataOid) throw new FileError("malformed", "the file is a PKCS #7 message, but not one that carries certificates")
  const set = taggedItem(sequenceItems(root.items[1]?.items[0], "signed data"), 0)
  return (set?.items ?? []).flatMap(({ tag, der }) => (tag === derTag.sequence ? [der] : []))
}

function parsed(der: Uint8Array, at: number): Certificate {
  const certificate = parseCertificate(der)
  if (!certificate.ok) throw new FileError(certificate.failure.kind, `certificate ${at + 1} of the file ${certificate.failure.detail}`)
  return certificate.value
}
