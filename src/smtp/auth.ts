import type { SMTPServerOptions } from "smtp-server"
import type { Authenticator, Login } from "../accounts/login.ts"
import { authenticationReply, Refusal, type Reply, replies } from "./reply.ts"
import type { Presence } from "../store/presence.ts"
import type { SmtpSession } from "./session.ts"
import type { SmtpLog } from "./smtp-log.ts"

export interface AuthParts {
  readonly authenticator: Authenticator
  readonly presence?: Presence
  readonly log: SmtpLog
}

/** Shown to administrators, who can end it. */
export const announcePresence = (presence: Presence | undefined, session: SmtpSession, { accountId, principalId, credentialId }: Login): void =>
  presence?.arrive({
    id: session.id, protocol: "submission", accountId, principalId, credentialId, clientAddress: session.remoteAddress, clientId: session.hostNameAppearsAs || "", tls: session.tlsSummary ?? null,
    end: (why) => session.hangUp?.(why === "administrator" ? replies.endedByAdministrator : replies.signInRevoked),
  })

/** AUTH PLAIN (RFC 4616) and LOGIN; smtp-server lets neither through before TLS. */
export const createOnAuth = ({ authenticator, presence, log }: AuthParts): NonNullable<SMTPServerOptions["onAuth"]> => (auth, session: SmtpSession, callback) => {
  // A proxy vouches for addresses, never for people: XCLIENT LOGIN signs nobody in.
  if (auth.method === "XCLIENT") return callback(null)
  // RFC 4616 §2: the authorization identity must be one the password speaks for; ours speak for themselves only.
  const actsForAnother = auth.method === "PLAIN" && auth.authzid !== undefined && auth.authzid !== "" && auth.authcid !== "" && auth.authzid !== auth.authcid
  const username = auth.username ?? ""
  const password = auth.password ?? ""
  if (actsForAnother || username === "" || password === "") return callback(new Refusal(replies.notAuthenticated, false))
  const signIn = async (): Promise<Login | Reply> => {
    try {
      const result = await authenticator.login({ username, password, clientAddress: session.remoteAddress, service: "smtp" })
      return result.ok ? result.value : authenticationReply[result.failure.kind]
    } catch (error) {
      log.failed({ sessionId: session.id, during: "AUTH", error })
      return replies.authenticationUnavailable
    }
  }
  const answer = async (): Promise<void> => {
    const outcome = await signIn()
    const { id: sessionId, remoteAddress: clientAddress } = session
    if ("accountId" in outcome) {
      log.signedIn({ sessionId, clientAddress, accountId: outcome.accountId, principalId: outcome.principalId, tls: session.tlsSummary ?? null, via: outcome.via })
      announcePresence(presence, session, outcome)
      callback(null, { user: outcome })
    } else {
      log.signInRefused({ sessionId, clientAddress, username, reason: outcome.status })
      callback(new Refusal(outcome, false))
    }
  }
  void answer()
}
