import type { DirectorySource } from "../accounts/directory.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import type { AddressBookSource } from "../store/address-book-source.ts"
import { recipientCertificates } from "./recipient-certificates.ts"

/** Finds the certificates to encrypt to, by an account's address or alias. */
export interface CertificateLookup {
  /** DER, the one that lasts longest first, never empty. `notFound` alike for an address that is unknown, foreign, suspended, a group, or without certificates. */
  find(address: string): Promise<Result<readonly Uint8Array[], Failure>>
}

const notFound = failure("notFound", "No certificate is known for this address.")
const maxAddressChars = 320

export function createCertificateLookup({ directory, source }: { readonly directory: Pick<DirectorySource, "current">; readonly source: Pick<AddressBookSource, "certificatesOf"> }): CertificateLookup {
  return {
    async find(address) {
      const target = directory.current().resolve(address.slice(0, maxAddressChars))
      if (target.kind !== "account") return failed(notFound)
      const registered = await source.certificatesOf(target.account.address)
      if (!registered.ok) return registered
      const certificates = recipientCertificates(registered.value)
      return certificates.length > 0 ? ok(certificates) : failed(notFound)
    },
  }
}
