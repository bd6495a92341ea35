import { capabilityCode } from "./capabilities.ts"
import type { Reply } from "./command.ts"
import { responseCodes } from "./failure-code.ts"
import { visibleAccounts } from "./namespace.ts"
import type { Session } from "./session.ts"

/** RFC 3501 §6.2.3, §11.1: no password is asked for or looked at in clear. */
export const privacyRequired: Reply = { kind: "no", code: "PRIVACYREQUIRED", text: "Start TLS first" }

/** What LOGIN and AUTHENTICATE come to. The refusal never tells what was wrong (RFC 5530 §3 AUTHENTICATIONFAILED). */
export async function signIn(session: Session, credentials: { readonly username: string; readonly password: string }): Promise<Reply> {
  const { authenticator, directory, clock, log } = session.services
  const { id: sessionId, clientAddress } = session
  const result = await authenticator.login({ ...credentials, clientAddress, service: "imap" })
  if (!result.ok) {
    const { kind, detail } = result.failure
    log.signInRefused({ sessionId, clientAddress, username: credentials.username.slice(0, 320), reason: kind })
    return { kind: "no", code: kind === "noPermission" ? "AUTHENTICATIONFAILED" : responseCodes[kind], text: detail }
  }
  const login = result.value
  if (visibleAccounts(directory.current(), login, clock.now()).length === 0) {
    log.signInRefused({ sessionId, clientAddress, username: login.address, reason: "not assigned" })
    return { kind: "no", code: "AUTHORIZATIONFAILED", text: "This account is closed to you" }
  }
  session.login = login
  session.link.signedIn()
  log.signedIn({ sessionId, clientAddress, accountId: login.accountId, principalId: login.principalId, tls: session.tls })
  return { kind: "ok", code: capabilityCode(session), text: "Signed in" }
}
