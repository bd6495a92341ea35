/**
 * Every SMTP reply's text. smtp-server would derive enhanced codes from the basic code (550 → 5.1.1) and so mislabel a policy
 * refusal; its own are off, and each line begins with the code written here (RFC 2034 §4). Must not know: sockets.
 */
import { type EnhancedStatus, enhancedStatus as status } from "../mail/enhanced-status.ts"
import type { FailureKind } from "../mail/failure.ts"
import { replyCodeOf } from "../policy/reply-code.ts"
import type { Verdict } from "../policy/verdict.ts"

export interface Reply {
  readonly code: number
  readonly status: EnhancedStatus
  readonly text: string
}

export const replies = {
  storeUnavailable: { code: 451, status: status.storeUnavailable, text: "The message cannot be stored now, try again later" },
  internalError: { code: 451, status: status.storeUnavailable, text: "Internal error, try again later" },
  diskNearlyFull: { code: 452, status: status.systemFull, text: "Not enough room for new mail now, try again later" },
  tooManyConnections: { code: 421, status: status.tooManyErrors, text: "Too many connections, try again later" },
  tooManyConnectionsFromYou: { code: 421, status: status.tooManyErrors, text: "Too many connections from your address" },
  // RFC 5321 §3.8: a server may end a session so
  endedByAdministrator: { code: 421, status: status.systemUnavailable, text: "Session ended by an administrator" },
  signInRevoked: { code: 421, status: status.systemUnavailable, text: "What you signed in with is no longer valid here; sign in again" },
  tooManyErrors: { code: 421, status: status.tooManyErrors, text: "Too many errors, closing connection" },
  // RFC 6647 §5: 450 or 451, so that every sender that queues tries again
  greylisted: { code: 451, status: status.rateLimited, text: "Hãy gửi lại sau vài phút / Greylisted, try again in a few minutes" },
  rateExceeded: { code: 450, status: status.rateLimited, text: "Hộp thư này đã gửi quá nhiều thư trong một giờ / This account has sent too many messages in an hour" },
  accountSuspended: { code: 550, status: status.refusedByPolicy, text: "Hộp thư của bạn đang tạm ngưng / Your account is suspended" },
  badParameter: { code: 501, status: status.invalidArguments, text: "Bad parameter" },
  noArguments: { code: 501, status: status.invalidArguments, text: "This command has no arguments" },
  unknownParameter: { code: 555, status: status.invalidArguments, text: "Parameter not recognized" },
  needsSmtpUtf8: { code: 553, status: status.utf8AddressNotSupported, text: "Non-ASCII addresses need SMTPUTF8" },
  badUtf8: { code: 501, status: status.syntaxError, text: "The command is not valid UTF-8" },
  tooBig: { code: 552, status: status.messageTooBig, text: "The message exceeds the fixed maximum message size" },
  headerTooBig: { code: 552, status: status.messageTooBig, text: "The message header is too large" },
  // RFC 5321 §2.3.8: CR and LF must not be sent apart; §4.2.3 leaves 554 for what DATA cannot take.
  bareLineEnd: { code: 554, status: status.badContent, text: "Bare CR or LF is not allowed (RFC 5321 section 2.3.8)" },
  // RFC 5321 §4.5.2 leaves NUL to the receiver; RFC 9051 §4.3 could not hand it out again.
  nul: { code: 554, status: status.badContent, text: "NUL bytes are not allowed (RFC 5322 section 4.1)" },
  oneFrom: { code: 554, status: status.badContent, text: "Thư phải có đúng một dòng From với địa chỉ hợp lệ / The message needs exactly one From: field with valid addresses (RFC 5322 section 3.6)" },
  oneSender: { code: 554, status: status.badContent, text: "The message may have only one Sender: field with one valid address (RFC 5322 section 3.6)" },
  notAuthenticated: { code: 535, status: status.authenticationFailed, text: "Sai tên đăng nhập hoặc mật khẩu / Authentication failed" },
  // RFC 4954 §6: the user must sign in by something stronger
  appPasswordNeeded: { code: 534, status: status.mechanismTooWeak, text: "Hộp thư này đã bật xác thực hai bước: hãy dùng mật khẩu ứng dụng, tạo tại trang web của hệ thống thư / Two-step sign-in is on: use an app password, made at the mail system's web site" },
  certificateRefused: { code: 535, status: status.authenticationFailed, text: "Chứng thư của máy khách không mở hộp thư này / The client certificate opens no such account" },
  certificateUnknown: { code: 454, status: status.temporaryAuthenticationFailure, text: "Whether the client certificate is revoked cannot be found out now, try again later" },
  badSaslResponse: { code: 501, status: status.syntaxError, text: "The response is not base64 of an address" },
  authenticationCancelled: { code: 501, status: status.invalidArguments, text: "Authentication aborted" },
  authenticationUnavailable: { code: 454, status: status.temporaryAuthenticationFailure, text: "Authentication is not possible now, try again later" },
  authenticationLimited: { code: 454, status: status.temporaryAuthenticationFailure, text: "Đăng nhập sai quá nhiều lần, hãy thử lại sau / Too many failed sign-ins, try again later" },
} as const satisfies Record<string, Reply>

/** What a failed sign-in hears; never whether the account exists. */
export const authenticationReply = {
  notFound: replies.notAuthenticated, alreadyExists: replies.notAuthenticated, overQuota: replies.notAuthenticated, tooBig: replies.notAuthenticated,
  noPermission: replies.notAuthenticated, inUse: replies.authenticationUnavailable, expunged: replies.notAuthenticated, limit: replies.authenticationLimited,
  unavailable: replies.authenticationUnavailable, invalid: replies.notAuthenticated, policy: replies.appPasswordNeeded,
} as const satisfies Record<FailureKind, Reply>

/** The same of a client certificate: never which accounts there are. */
export const certificateReply = { ...authenticationReply, noPermission: replies.certificateRefused, unavailable: replies.certificateUnknown } as const satisfies Record<FailureKind, Reply>

/** What the content writer's failures become at the end of DATA. */
export const contentReply = {
  tooBig: replies.tooBig, overQuota: replies.diskNearlyFull, unavailable: replies.storeUnavailable, notFound: replies.internalError,
  alreadyExists: replies.internalError, noPermission: replies.internalError, inUse: replies.storeUnavailable, expunged: replies.internalError,
  limit: replies.tooBig, invalid: replies.internalError, policy: replies.internalError,
} as const satisfies Record<FailureKind, Reply>

export const verdictReply = (verdict: Exclude<Verdict, { readonly kind: "accept" }>): Reply => ({
  code: replyCodeOf(verdict.status),
  status: verdict.status,
  text: `${verdict.reasonVi} / ${verdict.reasonEn}`,
})

export const acceptedText = (envelopeId: number): string => `${status.ok} Accepted as ${envelopeId}`

export const notificationText = (id: number): string => `${status.ok} Accepted as notification ${id}`

/** RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets, code and CRLF included. */
const maxTextBytes = 500

/** Without its marks Vietnamese stays readable, and RFC 6531 §3.7.4 allows them only to a client that gave SMTPUTF8. */
const toAscii = (text: string): string =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("đ", "d").replaceAll("Đ", "D").replace(/[“”«»]/g, '"').replace(/[‘’]/g, "'").replace(/[–—]/g, "-").replace(/[^\x20-\x7e]/g, "?")

/** The text after the basic code: enhanced code, space, sentence. */
export const replyText = ({ status, text }: Reply, smtpUtf8: boolean): string => {
  const line = `${status} ${smtpUtf8 ? text : toAscii(text)}`
  return Buffer.byteLength(line) <= maxTextBytes ? line : Buffer.from(line).subarray(0, maxTextBytes).toString().replace(/\ufffd+$/, "")
}

/** What smtp-server's callbacks want of a refusal: an error with the basic code. */
export class Refusal extends Error {
  readonly responseCode: number

  constructor(reply: Reply, smtpUtf8: boolean) {
    super(replyText(reply, smtpUtf8))
    this.responseCode = reply.code
  }
}

/** The statuses of what smtp-server says by itself, by the contexts it names. */
const byContext: Readonly<Record<string, EnhancedStatus>> = {
  MAIL_FROM_OK: status.senderOk, RCPT_TO_OK: status.recipientOk, DATA_OK: status.ok, NOT_AUTHORIZED: status.refusedByPolicy,
  TOO_MANY_RECIPIENTS: status.tooManyRecipients, MAILBOX_SYNTAX_ERROR: status.badDestinationSyntax, SENDER_SYNTAX_ERROR: status.badSenderSyntax, MESSAGE_TOO_BIG: status.messageTooBig,
}

const byCode: Readonly<Record<number, EnhancedStatus>> = {
  235: status.securityOk, 451: status.storeUnavailable, 452: status.systemFull, 454: status.temporaryAuthenticationFailure,
  500: status.syntaxError, 501: status.invalidArguments, 502: status.invalidCommand, 503: status.invalidCommand, 504: status.invalidArguments, 530: status.authenticationRequired,
  534: status.mechanismTooWeak, 535: status.authenticationFailed, 538: status.encryptionNeeded, 550: status.refusedByPolicy, 552: status.messageTooBig, 555: status.invalidArguments,
}

/** Why smtp-server closes a connection. */
const closingStatus = (text: string): EnhancedStatus => {
  if (text.startsWith("Timeout")) return status.connectionLost
  if (text.startsWith("Server shutting down")) return status.systemUnavailable
  // RFC 3463 §3.6 X.5.2 with the class of the 421 that carries it.
  return text.includes("too long") ? "4.5.2" : status.tooManyErrors
}

/** RFC 4954 §4: a response that is not base64, or not the mechanism's message. */
const badSaslResponse = new Set(["invalid userdata", "missing username"])

const hasStatus = /^[245]\.\d{1,3}\.\d{1,3} /

/**
 * The text of a reply that smtp-server is about to send: ours as it is, its own with the code that fits.
 * The greeting, replies to HELO and EHLO, and 3xx carry none (RFC 2034 §4).
 */
export const libraryText = (code: number, text: string, context: string | false | undefined): string => {
  if (hasStatus.test(text) || (code >= 300 && code < 400) || (context === false && code < 300)) return text
  const sentence = text.replace(/^Error: /, "")
  const enhanced = code === 421 ? closingStatus(sentence) : code === 501 && badSaslResponse.has(sentence) ? status.syntaxError : ((context ? byContext[context] : undefined) ?? byCode[code] ?? (code < 300 ? status.ok : code < 500 ? status.storeUnavailable : status.badContent))
  return `${enhanced} ${sentence || "OK"}`
}
