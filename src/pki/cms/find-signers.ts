import { certificateIdentity, isSigner } from "./certificate-identity.ts"
import type { FoundSigner } from "./content-check.ts"
import { readSignerInfo, type SignerIdentifier } from "./signer-info.ts"
import type { SignedDataFrame } from "./signed-data.ts"

/** Finds a certificate that did not come along: the registry's, by what the signature says of it. */
export type FindCertificate = (identifier: SignerIdentifier) => Uint8Array | undefined

/** The signers of SignedData, each with its certificate. Throws `CmsError`. */
export function findSigners(frame: SignedDataFrame, findCertificate: FindCertificate = () => undefined): FoundSigner[] {
  const identities = frame.certificates.map((der) => certificateIdentity(der)).filter((identity) => identity !== undefined)
  return frame.signers.map((elements) => {
    const info = readSignerInfo(elements)
    const found = identities.find((identity) => isSigner(identity, info.identifier))
    if (found) return { info, certificate: found }
    const elsewhere = findCertificate(info.identifier)
    const identity = elsewhere && certificateIdentity(Buffer.from(elsewhere))
    return { info, certificate: identity && isSigner(identity, info.identifier) ? identity : undefined }
  })
}
