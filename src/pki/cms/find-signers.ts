import { Pace } from "../../base/pace.ts"
import { certificateIdentity, isSigner, type CertificateIdentity } from "./certificate-identity.ts"
import type { FoundSigner } from "./content-check.ts"
import { readSignerInfo, type SignerIdentifier } from "./signer-info.ts"
import type { SignedDataFrame } from "./signed-data.ts"

/** Reading a signer or a certificate, in the currency of Pace: 5 ms at worst, so that two of them are a turn. */
const readCost = 256 * 1024

/** The signers of SignedData, each with its certificate: one that came along, or else one of those from `elsewhere`. Throws `CmsError`. */
export async function findSigners(frame: SignedDataFrame, elsewhere: readonly Uint8Array[] = []): Promise<FoundSigner[]> {
  const pace = new Pace()
  const certificates = [...frame.certificates, ...elsewhere.map((der) => Buffer.from(der))]
  const found: FoundSigner[] = []
  for (const elements of frame.signers) {
    const info = readSignerInfo(elements)
    await pace.spend(readCost)
    let certificate: CertificateIdentity | undefined
    for (const der of certificates) {
      // Only what holds the name at all is worth half a millisecond.
      if (certificate || !der.includes(nameOf(info.identifier))) continue
      certificate = signing(der, info.identifier)
      await pace.spend(readCost)
    }
    found.push({ info, certificate })
  }
  return found
}

const nameOf = (identifier: SignerIdentifier): Buffer =>
  identifier.kind === "issuerAndSerial" ? Buffer.from(identifier.serialNumber, "hex") : Buffer.from(identifier.keyIdentifier, "hex")

function signing(der: Buffer, identifier: SignerIdentifier): CertificateIdentity | undefined {
  const identity = certificateIdentity(der)
  return identity && isSigner(identity, identifier) ? identity : undefined
}
