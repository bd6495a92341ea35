import { createPublicKey, type KeyObject } from "node:crypto"
import { bitString, context, contextPrimitive, der, derTag, oid, positiveInteger, sequence } from "../pki/der.ts"
import { signatureAlgorithmDer, signBytes } from "../pki/signature-algorithm.ts"
import { publicKeyInfo, subjectAltName } from "../pki/write-extensions.ts"

/** RFC 2985 §5.4.2 */
const extensionRequest = "1.2.840.113549.1.9.14"

/** A request for a server certificate (PKCS #10, RFC 2986 §4), DER: the names are alternative ones, and the subject is empty, as authorities fill it (RFC 8555 §7.4). */
export function writeCertificateRequest(names: readonly string[], privateKey: KeyObject): Buffer {
  const extensions = sequence(subjectAltName(names.map((name) => contextPrimitive(2, Buffer.from(name, "latin1")))))
  const body = sequence(positiveInteger(Buffer.from([0])), sequence(), publicKeyInfo(createPublicKey(privateKey)), context(0, sequence(oid(extensionRequest), der(derTag.set, extensions))))
  return sequence(body, signatureAlgorithmDer({ privateKey }), bitString(signBytes(body, { privateKey })))
}
