import { type CertificateLogins, createCertificateLogins } from "../accounts/certificate-login.ts"
import { recordedRevocation } from "../accounts/signing-right.ts"
import type { App } from "../app.ts"
import { pathOr } from "../config/load.ts"
import { keyPurpose } from "../pki/key-purpose.ts"
import { clientAuthentication } from "../pki/path-rules.ts"
import { loadTrust } from "../pki/trust-anchors.ts"
import { createPathValidator } from "../pki/validate-path.ts"
import { pem } from "../pki/write-certificate.ts"
import { createRevocation } from "./revocation.ts"

/** What a role needs where client certificates sign in (`tls.clientAuthorities`). */
export interface ClientCertificates {
  readonly logins: CertificateLogins
  /** PEM of the authorities, for the request that a client is sent. */
  readonly authorities: readonly string[]
}

/** Null where no authority is configured. Throws with one sentence for each file that cannot be used. */
export async function openClientCertificates(app: App): Promise<ClientCertificates | null> {
  const { context: { config, clock, log }, database, feed, directory } = app
  const { clientAuthorities, clientAddresses: byAddress } = config.tls
  if (clientAuthorities.length === 0) return null
  const loaded = await loadTrust({
    anchors: clientAuthorities.map((file) => ({ name: file, file: pathOr(config, file, ""), purposes: [keyPurpose.clientAuth] })),
    intermediateFiles: config.pki.intermediateFiles.map((file) => pathOr(config, file, "")),
    algorithms: config.pki.algorithms,
  })
  if (!loaded.ok) throw new Error(loaded.failure.map(({ anchor, reason }) => `tls.clientAuthorities: ${anchor} ${reason}`).join("; "))
  const validator = createPathValidator(loaded.value)
  const paths = () => validator
  const purpose = clientAuthentication
  const revocation = createRevocation({ database, feed, config: config.pki, paths, purpose, recorded: (fingerprint) => recordedRevocation(directory.current(), fingerprint), clock, log })
  app.onClose(() => revocation.close())
  return {
    logins: createCertificateLogins({ directory, statuses: revocation.statuses, paths, purpose, byAddress, clock }),
    authorities: loaded.value.anchors.map(({ certificate }) => pem("CERTIFICATE", Buffer.from(certificate.der))),
  }
}
