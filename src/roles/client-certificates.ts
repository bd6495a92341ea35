import { type CertificateLogins, createCertificateLogins } from "../accounts/certificate-login.ts"
import { auditedCertificateLogins, type SignInAudit } from "../accounts/sign-in-audit.ts"
import { recordedRevocation } from "../accounts/signing-right.ts"
import type { App } from "../app.ts"
import { pathOr } from "../config/load.ts"
import { keyPurpose } from "../pki/key-purpose.ts"
import { clientAuthentication } from "../pki/path-rules.ts"
import { loadTrust } from "../pki/trust-anchors.ts"
import { createPathValidator } from "../pki/validate-path.ts"
import { createRevocation } from "./revocation.ts"

/** For a role where client certificates sign in; null where `tls.clientAuthorities` names nobody. Throws with one sentence for each file that cannot be used. */
export async function openCertificateLogins(app: App, signIns: SignInAudit): Promise<CertificateLogins | null> {
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
  return auditedCertificateLogins(createCertificateLogins({ directory, statuses: revocation.statuses, paths, purpose, byAddress, clock }), signIns)
}
