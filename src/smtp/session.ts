import type { SMTPServerSession } from "smtp-server"
import type { Login } from "../accounts/login.ts"
import type { Reply } from "./reply.ts"

/** smtp-server's session with what ours adds; smtp-server keeps the object for the whole connection, through STARTTLS and RSET. */
export interface SmtpSession extends SMTPServerSession {
  /** "TLSv1.3 TLS_AES_256_GCM_SHA384", set when TLS is up. */
  tlsSummary?: string
  /** What the client showed in the handshake, DER, its own first; only where it was asked. */
  clientCertificates?: readonly Uint8Array[]
  /** They sign in: AUTH EXTERNAL is offered. */
  offersExternal?: boolean
  /** Ends the connection with a last reply, also in the middle of DATA. */
  hangUp?: (reply: Reply) => void
}

/** Who signed in. smtp-server forgets it at STARTTLS and XCLIENT. */
export const loginOf = (session: SMTPServerSession): Login | undefined => {
  const login: Login | false | undefined = session.user
  return login === false ? undefined : login
}
