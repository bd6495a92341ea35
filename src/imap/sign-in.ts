import type { Login } from "../accounts/login.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import { capabilityCode } from "./capabilities.ts"
import type { Reply } from "./command.ts"
import { responseCodes } from "./failure-code.ts"
import { visibleAccounts } from "./namespace.ts"
import type { Session } from "./session.ts"

/** RFC 3501 §6.2.3, §11.1: no password is asked for or looked at in clear. */
export const privacyRequired: Reply = { kind: "no", code: "PRIVACYREQUIRED", text: "Start TLS first" }

/** What LOGIN and AUTHENTICATE come to. The refusal never tells what was wrong (RFC 5530 §3 AUTHENTICATIONFAILED). */
export const signIn = (session: Session, credentials: { readonly username: string; readonly password: string }): Promise<Reply> =>
  conclude(session, credentials.username, session.services.authenticator.login({ ...credentials, clientAddress: session.clientAddress, service: "imap" }))

/** RFC 4422 App. A: as whom the client certificate says; `authorizeAs` is an address, or empty. */
export function signInByCertificate(session: Session, authorizeAs: string): Promise<Reply> {
  const { services: { certificateLogins }, clientCertificates: certificates, offersExternal } = session
  if (!certificateLogins || !offersExternal) return Promise.resolve({ kind: "no", code: "CANNOT", text: "EXTERNAL needs a client certificate that opens an account" })
  return conclude(session, authorizeAs, certificateLogins.login({ certificates, authorizeAs, clientAddress: session.clientAddress, service: "imap" }))
}

/** RFC 3501 §9 resp-text: in ASCII. */
const appPasswordNeeded = "Hop thu nay da bat xac thuc hai buoc: hay dung mat khau ung dung, tao tai trang web cua he thong thu / Two-step sign-in is on: use an app password, made at the mail system's web site"

async function conclude(session: Session, username: string, attempt: Promise<Result<Login, Failure>>): Promise<Reply> {
  const { directory, clock, log } = session.services
  const { id: sessionId, clientAddress } = session
  const result = await attempt
  if (!result.ok) {
    const { kind, detail } = result.failure
    log.signInRefused({ sessionId, clientAddress, username: username.slice(0, 320), reason: kind })
    // clients ask for another password at AUTHENTICATIONFAILED, which is what is wanted
    if (kind === "policy") return { kind: "no", code: "AUTHENTICATIONFAILED", text: appPasswordNeeded }
    return { kind: "no", code: kind === "noPermission" ? "AUTHENTICATIONFAILED" : responseCodes[kind], text: detail }
  }
  const login = result.value
  if (visibleAccounts(directory.current(), login, clock.now()).length === 0) {
    log.signInRefused({ sessionId, clientAddress, username: login.address, reason: "not assigned" })
    return { kind: "no", code: "AUTHORIZATIONFAILED", text: "This account is closed to you" }
  }
  session.login = login
  session.link.signedIn()
  log.signedIn({ sessionId, clientAddress, accountId: login.accountId, principalId: login.principalId, tls: session.tls, via: login.via })
  return { kind: "ok", code: capabilityCode(session), text: "Signed in" }
}
