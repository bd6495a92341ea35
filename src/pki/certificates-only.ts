import { context, der, derTag, oid, positiveInteger, sequence } from "./der.ts"

/**
 * A certs-only message (RFC 8551 §3.8): CMS SignedData without content and without signers (RFC 5652 §5.1), in DER. What clients
 * import a person's certificates from (userSMIMECertificate, `application/pkcs7-mime; smime-type=certs-only`). Pure.
 */
export function certificatesOnly(certificates: readonly Uint8Array[]): Buffer {
  const signedData = sequence(
    positiveInteger(Buffer.from([1])),
    der(derTag.set),
    sequence(oid("1.2.840.113549.1.7.1")),
    // a SET OF: DER sorts it, by the octets (X.690 §11.6)
    context(0, ...certificates.toSorted(Buffer.compare)),
    der(derTag.set),
  )
  return sequence(oid("1.2.840.113549.1.7.2"), context(0, signedData))
}
