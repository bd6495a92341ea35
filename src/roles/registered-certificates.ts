import type { Directory } from "../accounts/directory.ts"
import { registeredOf } from "../accounts/signing-right.ts"
import type { SignatureReaderParts } from "../intake/signature-reader.ts"
import { certificateBytes } from "../store/sql/certificates.ts"
import type { Database } from "../store/sql/database.ts"

/** Gives the registry's certificates to signatures that came without: the store is asked only for one that the directory knows. */
export const registeredCertificates =
  (database: Pick<Database, "query">, directory: () => Directory): SignatureReaderParts["registered"] =>
  async (signer) => {
    const registered = registeredOf(signer, directory())
    return registered && certificateBytes(database, registered.fingerprint)
  }
