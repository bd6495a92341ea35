import type { SMTPServerAddress, SMTPServerEnvelope } from "smtp-server"
import { asciiDomain } from "../mail/address.ts"
import type { Envelope, NotifyCondition, Recipient } from "../mail/envelope.ts"

const notifyConditions: Readonly<Record<string, NotifyCondition>> = { NEVER: "never", SUCCESS: "success", FAILURE: "failure", DELAY: "delay" }

/** smtp-server shows domains in U-labels; a client that did not ask for SMTPUTF8 gave A-labels, and gets them back. */
const path = (address: string, smtpUtf8: boolean): string => {
  const at = address.lastIndexOf("@")
  if (smtpUtf8 || at === -1) return address
  const domain = address.slice(at + 1)
  return `${address.slice(0, at)}@${asciiDomain(domain) ?? domain}`
}

const recipient = ({ address, dsn }: SMTPServerAddress, smtpUtf8: boolean): Recipient => {
  const notify = dsn?.notify?.flatMap((word) => notifyConditions[word] ?? [])
  return {
    forwardPath: path(address, smtpUtf8),
    ...(dsn?.orcpt ? { originalRecipient: dsn.orcpt } : {}),
    ...(notify && notify.length > 0 ? { notify } : {}),
  }
}

/** The transaction's envelope in our words. */
export const envelopeOf = ({ mailFrom, rcptTo, dsn, requireTLS, smtpUtf8 }: SMTPServerEnvelope): Envelope => {
  const utf8 = smtpUtf8 === true
  return {
    reversePath: mailFrom === false ? "" : path(mailFrom.address, utf8),
    recipients: rcptTo.map((address) => recipient(address, utf8)),
    requireTls: requireTLS === true,
    smtpUtf8: utf8,
    ...(dsn?.ret ? { ret: dsn.ret === "HDRS" ? "headers" : "full" } : {}),
    ...(dsn?.envid ? { envelopeId: dsn.envid } : {}),
  }
}
