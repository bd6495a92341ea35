import type { Directory } from "../accounts/directory.ts"
import { registeredOf } from "../accounts/signing-right.ts"
import type { SignatureReaderParts } from "../intake/signature-reader.ts"
import { certificateBytes, certificatesHolding } from "../store/sql/certificates.ts"
import type { Database } from "../store/sql/database.ts"

/** Gives the registry's certificates to signatures that came without: the store is asked only for one that the directory knows. */
export const registeredCertificates =
  (database: Pick<Database, "query">, directory: () => Directory): SignatureReaderParts["registered"] =>
  async (signer) => {
    if (signer.issuerDer === null && signer.subjectKeyIdentifier !== null) return certificatesHolding(database, signer.subjectKeyIdentifier)
    const registered = registeredOf(signer, directory())
    const found = registered && (await certificateBytes(database, registered.fingerprint))
    return found ? [found] : []
  }
