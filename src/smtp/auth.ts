import type { SMTPServerOptions } from "smtp-server"
import type { Authenticator, Login } from "../accounts/login.ts"
import { authenticationReply, Refusal, type Reply, replies } from "./reply.ts"
import type { SmtpLog } from "./smtp-log.ts"

export interface AuthParts {
  readonly authenticator: Authenticator
  readonly log: SmtpLog
}

/** AUTH PLAIN (RFC 4616) and LOGIN; smtp-server lets neither through before TLS. */
export const createOnAuth = ({ authenticator, log }: AuthParts): NonNullable<SMTPServerOptions["onAuth"]> => (auth, session, callback) => {
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
    if ("accountId" in outcome) callback(null, { user: outcome })
    else callback(new Refusal(outcome, false))
  }
  void answer()
}
