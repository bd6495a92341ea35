import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { bounceClass, greylistWaitMs } from "../../src/delivery/bounce-class.ts"
import { parseReply } from "../../src/delivery/smtp-reply.ts"
import type { BounceClass } from "../../src/store/delivery-store.ts"

/** As servers in the field write them; addresses and links are invented. */
const replies: readonly (readonly [server: string, reply: string, means: BounceClass])[] = [
  ["Postfix", "550 5.1.1 <la@xa.example>: Recipient address rejected: User unknown in virtual mailbox table", "mailboxUnknown"],
  ["Postfix", "550 5.1.1 <la@xa.example>: Recipient address rejected: undeliverable address: unknown user", "mailboxUnknown"],
  ["Gmail", "550-5.1.1 The email account that you tried to reach does not exist. Please try 550 5.1.1 double-checking the recipient's email address", "mailboxUnknown"],
  ["Gmail, disabled", "550 5.2.1 The email account that you tried to reach is disabled. Learn more", "mailboxUnknown"],
  ["Exchange", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient la@xa.example not found by SMTP address lookup", "mailboxUnknown"],
  ["Microsoft 365", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [x.protection.example]", "mailboxUnknown"],
  ["Outlook.com", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "mailboxUnknown"],
  ["Yahoo", "554 delivery error: dd This user doesn't have a yahoo.example account (la@yahoo.example) [0] - mta1.example", "mailboxUnknown"],
  ["Yahoo, newer", "552 1 Requested mail action aborted, mailbox not found", "mailboxUnknown"],
  ["Exim", "550 Unrouteable address: no such user here", "mailboxUnknown"],
  ["Zimbra", "550 5.1.1 <la@xa.example>: Recipient address rejected: xa.example", "mailboxUnknown"],
  ["qmail", "550 sorry, no mailbox here by that name (#5.1.1)", "mailboxUnknown"],
  ["MDaemon", "550 5.1.1 la@xa.example: Recipient unknown", "mailboxUnknown"],
  ["mail.ru", "550 Message was not accepted -- invalid mailbox. Local mailbox la@xa.example is unavailable: user not found", "mailboxUnknown"],
  ["Gmail, full", "452-4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to 452 4.2.2 manage storage", "mailboxFull"],
  ["Dovecot", "552 5.2.2 <bo@xa.example> Quota exceeded (mailbox for user is full)", "mailboxFull"],
  ["Exchange, full", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded", "mailboxFull"],
  ["Exim, full", "452 mailbox is full / over quota", "mailboxFull"],
  ["Postfix, domain", "550 5.1.2 <bo@khong.example>: Recipient address rejected: Domain not found", "domainUnknown"],
  ["our routing", "550 khong.example has no mail server: the name does not exist", "domainUnknown"],
  ["our routing, null MX", "550 khong.example does not accept mail (null MX)", "domainUnknown"],
  ["Postfix, relay", "554 5.7.1 <bo@xa.example>: Relay access denied", "relayDenied"],
  ["Exchange, relay", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "relayDenied"],
  ["Exim, relay", "550 relay not permitted", "relayDenied"],
  ["Spamhaus by Postfix", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.example", "blocked"],
  ["Outlook.com, block list", "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).", "blocked"],
  ["Gmail, reverse name", "550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record setup", "blocked"],
  ["Barracuda", "554 Service unavailable; Client host [192.0.2.1] blocked using Barracuda Reputation", "blocked"],
  ["a policy without words", "550 5.7.1 Denied", "blocked"],
  ["Gmail, content", "550-5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam, this message has been blocked.", "contentRefused"],
  ["Exim, spam score", "550 This message scored 12.3 spam points. High probability of spam", "contentRefused"],
  ["ClamAV milter", "550 5.7.1 virus Eicar-Test-Signature detected by ClamAV", "contentRefused"],
  ["Gmail, attachment", "552-5.7.0 This message was blocked because its content presents a potential security issue: attachment type", "contentRefused"],
  ["Postfix, size", "552 5.3.4 Message size exceeds fixed limit", "contentRefused"],
  ["Gmail, DMARC", "550-5.7.26 Unauthenticated email from xa.example is not accepted due to domain's DMARC policy", "authenticationFailed"],
  ["Gmail, no SPF", "421-4.7.26 Your email has been rate limited because it is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", "throttled"],
  ["Microsoft 365, DMARC", "550 5.7.509 Access denied, sending domain xa.example does not pass DMARC verification", "authenticationFailed"],
  ["SPF by Postfix", "550 5.7.23 <bo@xa.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized", "authenticationFailed"],
  ["postgrey", "450 4.2.0 <bo@xa.example>: Recipient address rejected: Greylisted, see http://postgrey.example/help/xa.example.html", "greylisted"],
  ["milter-greylist", "451 4.7.1 Greylisting in action, please come back in 00:04:30", "greylisted"],
  ["rspamd", "451 4.7.1 Try again later: Greylisted for 300 seconds", "greylisted"],
  ["sqlgrey", "450 4.7.1 Greylisted for 5 minutes", "greylisted"],
  ["Yahoo, throttled", "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", "throttled"],
  ["Gmail, throttled", "421-4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address", "throttled"],
  ["Exchange Online", "451 4.7.500 Server busy. Please try again later from [192.0.2.1].", "throttled"],
  ["Postfix, anvil", "450 4.7.1 Error: too much mail from 192.0.2.1", "throttled"],
  ["Postfix, connections", "421 4.7.0 mx.xa.example Error: too many connections from 192.0.2.1", "throttled"],
  ["Exim, load", "421 mx.xa.example closing connection", "throttled"],
  ["Postfix, temporary", "451 4.3.0 <bo@xa.example>: Temporary lookup failure", "temporary"],
  ["disk", "452 4.3.1 Insufficient system storage", "temporary"],
  ["an unknown user that may be known later", "450 4.1.1 <bo@xa.example>: Recipient address rejected: unverified address", "temporary"],
  ["nothing one could know", "554 5.0.0 Transaction failed", "other"],
]

describe("what refusals mean", () => {
  test.each(replies)("%s: %s", (_server, reply, means) => {
    const { kind, status, diagnostic } = parseReply(reply)
    if (kind === "accepted") throw new Error("a refusal")
    expect(bounceClass({ kind, status, diagnostic })).toBe(means)
  })

  test("our own words for a host that is not there", () => {
    expect(bounceClass({ kind: "deferred", status: "4.4.1", diagnostic: "connect ECONNREFUSED 192.0.2.1:25" })).toBe("unreachable")
    expect(bounceClass({ kind: "deferred", status: "4.4.2", diagnostic: "the connection was closed" })).toBe("unreachable")
  })

  test("any text has a meaning, at once", () => {
    fc.assert(fc.property(fc.constantFrom("deferred" as const, "failed" as const), fc.string({ maxLength: 1_000 }), fc.string({ maxLength: 12 }), (kind, diagnostic, status) => bounceClass({ kind, status, diagnostic }).length > 0))
  })
})

describe("how long a greylist wants us to wait", () => {
  test.each([
    ["Greylisted for 300 seconds", 300_000],
    ["Greylisted, please try again in 7 minutes", 420_000],
    ["Greylisting in action, please come back in 00:04:30", 270_000],
    ["greylisted, retry in 60s", 60_000],
    ["greylisted, try again in 1 sec", 30_000],
    ["greylisted, try again in 24 hours", 3_600_000],
    ["Greylisted, see http://postgrey.example/help", 300_000],
    ["Greylisted, try again later", 300_000],
  ])("%s", (diagnostic, ms) => expect(greylistWaitMs(diagnostic)).toBe(ms))

  test("is bounded whatever is said", () => {
    fc.assert(fc.property(fc.string(), fc.nat(), (text, n) => { const ms = greylistWaitMs(`greylisted ${text} in ${n} minutes`); return ms >= 30_000 && ms <= 3_600_000 }))
  })
})
