import type { CertificateLogins } from "../accounts/certificate-login.ts"
import type { Login } from "../accounts/login.ts"
import type { Presence } from "../store/presence.ts"
import { announcePresence } from "./auth.ts"
import { certificateReply, type Reply, replies } from "./reply.ts"
import type { SmtpSession } from "./session.ts"
import type { SmtpLog } from "./smtp-log.ts"

/** AUTH EXTERNAL (RFC 4422 App. A, RFC 4954): the client is who its certificate says. smtp-server knows nothing of it. */
export interface ExternalSignIn {
  /** `response`: base64 as it was sent, "=" for an empty one (RFC 4954 §4). */
  signIn(session: SmtpSession, response: string): Promise<Login | Reply>
}

export interface ExternalParts {
  readonly certificateLogins: CertificateLogins
  readonly presence?: Presence
  readonly log: SmtpLog
}

export const createExternalSignIn = ({ certificateLogins, presence, log }: ExternalParts): ExternalSignIn => ({
  async signIn(session, response) {
    const { id: sessionId, remoteAddress: clientAddress, clientCertificates: certificates = [] } = session
    const authorizeAs = authorizationIdentity(response)
    if (authorizeAs === undefined) return replies.badSaslResponse
    const outcome = await certificateLogins.login({ certificates, authorizeAs, clientAddress, service: "smtp" }).then(
      (result) => (result.ok ? result.value : certificateReply[result.failure.kind]),
      (error: unknown) => {
        log.failed({ sessionId, during: "AUTH", error })
        return replies.authenticationUnavailable
      },
    )
    if ("accountId" in outcome) {
      log.signedIn({ sessionId, clientAddress, accountId: outcome.accountId, principalId: outcome.principalId, tls: session.tlsSummary ?? null, via: outcome.via })
      announcePresence(presence, session, outcome)
    } else log.signInRefused({ sessionId, clientAddress, username: authorizeAs.slice(0, 320), reason: outcome.status })
    return outcome
  },
})

/** RFC 4422 App. A.1: UTF-8 without NUL; undefined when it is not that. */
function authorizationIdentity(response: string): string | undefined {
  const base64 = response === "=" ? "" : response
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined
  const bytes = Buffer.from(base64, "base64")
  const text = bytes.toString()
  // oxlint-disable-next-line no-control-regex -- whatever is no address is none of a log's business either
  return Buffer.from(text).equals(bytes) && !/[\x00-\x1f\x7f]/.test(text) ? text : undefined
}
