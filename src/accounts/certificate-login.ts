/**
 * A client certificate as a login (SASL EXTERNAL, RFC 4422 App. A): whether it is trusted and not revoked, and which account it opens. It opens what the
 * registry binds it to: accounts that its holder is assigned to; by an address inside it only where that is configured.
 * Must not know: TLS, the protocols.
 */
import type { Clock } from "../base/clock.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import type { Certificate } from "../pki/certificate.ts"
import type { CertificateStatuses } from "../pki/certificate-status.ts"
import { parseCertificate } from "../pki/parse-certificate.ts"
import type { PathPurpose } from "../pki/path-rules.ts"
import type { PathValidator } from "../pki/validate-path.ts"
import { chosenAccount, openedBy } from "./certificate-accounts.ts"
import type { DirectorySource } from "./directory.ts"
import type { Login } from "./login.ts"

export interface CertificateLogins {
  /** Whether EXTERNAL is worth offering: the certificate is trusted and opens an account. Waits for nobody: revocation is asked at the sign-in. */
  mayOffer(certificates: readonly Uint8Array[]): boolean
  /**
   * `certificates`: DER, the client's first. `authorizeAs` is an address of the account, empty for the only one. Fails with `noPermission`, always the
   * same; `unavailable` when nobody can say whether it is revoked.
   */
  login(request: { readonly certificates: readonly Uint8Array[]; readonly authorizeAs: string; readonly clientAddress: string; readonly service: "smtp" | "imap" }): Promise<Result<Login, Failure>>
}

export interface CertificateLoginOptions {
  readonly directory: DirectorySource
  readonly statuses: CertificateStatuses
  readonly paths: () => PathValidator
  readonly purpose: PathPurpose
  /** A certificate that nobody registered opens the account whose address it carries. */
  readonly byAddress: boolean
  readonly clock: Clock
}

const refused = failure("noPermission", "The client certificate opens no such account.")
const unknown = failure("unavailable", "Whether the client certificate is revoked cannot be found out now; try again later.")

/** As in a path; whoever connects chooses how many he sends. */
const maxCertificates = 10

export function createCertificateLogins({ directory, statuses, paths, purpose, byAddress, clock }: CertificateLoginOptions): CertificateLogins {
  return {
    mayOffer(certificates) {
      const [certificate, ...intermediates] = readAll(certificates)
      if (!certificate) return false
      const at = clock.now()
      return openedBy(certificate, directory.current(), { now: at, byAddress }).length > 0 && paths().validate({ certificate, intermediates, purpose, at }).problems.length === 0
    },
    async login({ certificates, authorizeAs }) {
      const [certificate, ...pool] = readAll(certificates)
      if (!certificate) return failed(refused)
      const at = clock.now()
      const { problems } = await statuses.of({ certificate, pool, at })
      if (problems.length > 0) return failed(problems.every((problem) => problem === "revocationUnknown") ? unknown : refused)
      // of now: a suspension counts at the next sign-in, whatever this process has heard of it
      const snapshot = await directory.refresh()
      const found = chosenAccount(openedBy(certificate, snapshot, { now: clock.now(), byAddress }), authorizeAs, snapshot)
      if (!found) return failed(refused)
      const { account, principalId } = found
      return ok({ accountId: account.id, address: account.address, principalId, credentialId: null, via: "certificate", certificate: certificate.fingerprint })
    },
  }
}

/** Empty when the first cannot be read. */
function readAll(certificates: readonly Uint8Array[]): readonly Certificate[] {
  const [first, ...others] = certificates.slice(0, maxCertificates).map(parseCertificate)
  return first?.ok ? [first.value, ...others.flatMap((one) => (one.ok ? one.value : []))] : []
}
