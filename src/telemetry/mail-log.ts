import type { Logger } from "pino"

/**
 * One function for each event, so that what is logged cannot drift: ids, sizes, statuses. Never subjects, bodies, passwords or
 * SASL data. Each protocol declares the functions it calls; these satisfy them.
 */
export const createIntakeLog = (log: Logger) => ({
  accepted(event: { readonly sessionId: string; readonly envelopeId: number; readonly source: string; readonly deliveries: number; readonly bytes: number }): void {
    log.info(event, "accepted")
  },
  refused(event: { readonly sessionId: string; readonly source: string; readonly ruleId: string; readonly status: string }): void {
    log.info(event, "refused")
  },
  membersSkipped(event: { readonly sessionId: string; readonly members: readonly string[] }): void {
    log.warn(event, "group members that lead nowhere were skipped")
  },
})

export const createPolicyLog = (log: Logger) => ({
  inForce(event: { readonly version: number; readonly rules: number }): void {
    log.info(event, "policy: in force")
  },
  refused(event: { readonly problem: string }): void {
    log.error(event, "policy: cannot be used, the one before stays in force")
  },
  notRead(event: { readonly err: unknown }): void {
    log.warn(event, "policy: could not be read again")
  },
  notRecorded({ error, ...event }: { readonly ruleId: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "policy: a refusal could not be recorded")
  },
  signingFailed({ error, ...event }: { readonly key: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "policy: a message could not be signed for its sender")
  },
})

export const createCertificateLog = (log: Logger) => ({
  renewed(event: { readonly file: string; readonly names: readonly string[]; readonly endsAt: string }): void {
    log.info(event, "tls: a new certificate is in force")
  },
  refused(event: { readonly file: string; readonly reason: string }): void {
    log.error(event, "tls: a certificate cannot be used, the one before stays in force")
  },
  ends(event: { readonly detail: string }): void {
    log.warn(event, "tls: a certificate needs to be renewed")
  },
  unanswered(event: { readonly certificate: string; readonly reason: string }): void {
    log.warn(event, "tls: nobody says whether a certificate is good; clients are shown nothing, or what was said before")
  },
})

export const createAcmeLog = (log: Logger) => ({
  obtained(event: { readonly names: readonly string[]; readonly why: string; readonly endsAt: string }): void {
    log.info(event, "acme: a certificate was obtained")
  },
  failed(event: { readonly names: readonly string[]; readonly failures: number; readonly reason: string; readonly nextAt: string }): void {
    log.warn(event, "acme: no certificate was obtained, the one before stays in force")
  },
})

export const createDmarcLog = (log: Logger) => ({
  dmarcNotCounted({ error, ...event }: { readonly rows: number; readonly error: unknown }): void {
    log.warn({ ...event, err: error }, "dmarc: figures for the reports are lost")
  },
})

export const createScanLog = (log: Logger) => ({
  scannerDown({ error, ...event }: { readonly scanner: string; readonly sessionId: string; readonly error: unknown }): void {
    log.warn({ ...event, err: error }, "scan: a scanner did not answer")
  },
})

export const createApiLog = (log: Logger) => ({
  called(event: { readonly token: number; readonly name: string; readonly method: string; readonly path: string; readonly status: number }): void {
    log.info(event, "api: called")
  },
  refused(event: { readonly clientAddress: string; readonly status: number }): void {
    log.info(event, "api: refused")
  },
  failed({ error, ...event }: { readonly method: string; readonly path: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "api: failed")
  },
})

export const createConsoleLog = (log: Logger) => ({
  failed({ error, ...event }: { readonly method: string; readonly path: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "console: failed")
  },
  refused(event: { readonly clientAddress: string; readonly method: string; readonly path: string; readonly why: string }): void {
    log.info(event, "console: refused")
  },
})

export const createSmtpLog = (log: Logger) => ({
  signedIn(event: { readonly sessionId: string; readonly clientAddress: string; readonly accountId: number; readonly principalId: string | null; readonly tls: string | null; readonly via: string }): void {
    log.info(event, "smtp: signed in")
  },
  signInRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly username: string; readonly reason: string }): void {
    log.info(event, "smtp: sign-in refused")
  },
  addressRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly command: string; readonly address: string; readonly status: string }): void {
    log.info(event, "smtp: address refused")
  },
  failed({ error, ...event }: { readonly sessionId: string; readonly during: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "smtp: failed")
  },
  dataRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly status: string; readonly bytes: number }): void {
    log.info(event, "smtp: data refused")
  },
  connectionError({ error }: { readonly error: Error }): void {
    log.debug({ err: error }, "smtp: connection error")
  },
})

export const createImapLog = (log: Logger) => ({
  signedIn(event: { readonly sessionId: string; readonly clientAddress: string; readonly accountId: number; readonly principalId: string | null; readonly tls: string | null; readonly via: string }): void {
    log.info(event, "imap: signed in")
  },
  signInRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly username: string; readonly reason: string }): void {
    log.info(event, "imap: sign-in refused")
  },
  ended(event: { readonly sessionId: string; readonly clientAddress: string; readonly reason: string }): void {
    log.debug(event, "imap: ended")
  },
  bug({ error, ...event }: { readonly sessionId: string; readonly command: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "imap: a bug")
  },
  unavailable({ error, ...event }: { readonly sessionId: string; readonly command: string; readonly error: unknown }): void {
    log.warn({ ...event, err: error }, "imap: the store cannot be reached")
  },
  slow(event: { readonly sessionId: string; readonly command: string; readonly ms: number }): void {
    log.warn(event, "imap: a slow command")
  },
})

export const createDeliveryLog = (log: Logger) => ({
  delivered(event: { readonly deliveries: number }): void {
    log.debug(event, "delivered")
  },
  attempted(event: { readonly deliveryId: number; readonly envelopeId: number; readonly outcome: string; readonly status: string; readonly remoteMta: string; readonly tls: string | null; readonly ms: number }): void {
    log.info(event, "attempted")
  },
  leaseNotExtended({ error, ...event }: { readonly deliveries: number; readonly error: unknown }): void {
    log.warn({ ...event, err: error }, "the lease of deliveries could not be extended")
  },
  leftAloneFailed({ error, ...event }: { readonly deliveries: number; readonly error: unknown }): void {
    log.warn({ ...event, err: error }, "deliveries are left to the sweeper")
  },
  attemptFailed({ error, ...event }: { readonly envelopeId: number; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "an attempt failed by our own fault")
  },
  dsnAccepted(event: { readonly kind: string; readonly forEnvelopeId: number; readonly envelopeId: number; readonly recipients: number }): void {
    log.info(event, "dsn: accepted")
  },
  dsnRefused(event: { readonly kind: string; readonly forEnvelopeId: number; readonly code: number; readonly status: string }): void {
    log.warn(event, "dsn: refused")
  },
  dsnFailed({ error, ...event }: { readonly kind: string; readonly forEnvelopeId: number; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "dsn: failed")
  },
})

export const createTlsLog = (log: Logger) => ({
  policyNotFetched(event: { readonly domain: string; readonly type: string; readonly detail: string }): void {
    log.warn(event, "tls: an MTA-STS policy could not be fetched")
  },
  tlsCountsNotSaved({ error, ...event }: { readonly rows: number; readonly error: unknown }): void {
    log.warn({ ...event, err: error }, "tls: counts for reports could not be saved yet")
  },
  upkeepFailed({ error }: { readonly error: unknown }): void {
    log.warn({ err: error }, "tls: policies could not be refreshed")
  },
})

export const createOutboundLog = (log: Logger) => ({
  accountHeld(event: { readonly accountId: number; readonly reason: string }): void {
    log.warn(event, "an account sends more than is believable: its mail is held")
  },
  outboundFailed({ error, ...event }: { readonly during: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "outbound mail could not be watched")
  },
})

export const createSenderWarningLog = (log: Logger) => ({
  senderWarningFailed({ error, ...event }: { readonly forEnvelopeId: number; readonly ruleId: string; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "a sender could not be warned")
  },
})

export const createChangeNoticeLog = (log: Logger) => ({
  changeNoticeFailed({ error, ...event }: { readonly accountId: number; readonly entries: readonly number[]; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "a holder could not be told of a change")
  },
})

export const createExpiryLog = (log: Logger) => ({
  warned(event: { readonly envelopeId: number; readonly certificates: number }): void {
    log.info(event, "warned that certificates end")
  },
  warningRefused(event: { readonly code: number; readonly status: string; readonly certificates: number }): void {
    log.warn(event, "a warning that certificates end was refused")
  },
  nobodyToWarn(event: { readonly fingerprint: string; readonly days: number }): void {
    log.warn(event, "a certificate ends and there is nobody to warn")
  },
})

export const createReportLog = (log: Logger) => ({
  reportNotMade({ error, ...event }: { readonly kind: string; readonly day: string; readonly domain: string; readonly error: unknown }): void {
    log.warn({ ...event, err: error }, "a report could not be made yet")
  },
  reportSent(event: { readonly kind: string; readonly day: string; readonly domain: string; readonly uri: string }): void {
    log.info(event, "a report was sent")
  },
  reportNotSent(event: { readonly kind: string; readonly day: string; readonly domain: string; readonly uri: string; readonly detail: string; readonly givenUp: boolean }): void {
    log.warn(event, "a report was not sent")
  },
  reportStored(event: { readonly kind: string; readonly envelopeId: number; readonly duplicate: boolean }): void {
    log.info(event, "a report was received")
  },
  reportNotUsed(event: { readonly kind: string; readonly envelopeId: number; readonly reason: string }): void {
    log.warn(event, "a report that was received cannot be used")
  },
  reportNotRead({ error, ...event }: { readonly envelopeId: number; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "a report could not be read yet")
  },
})

export const createQuarantineLog = (log: Logger) => ({
  releasedByRecipient(event: { readonly envelopeId: number; readonly deliveryId: number; readonly clientAddress: string }): void {
    log.info(event, "a recipient released a held message")
  },
})

export const createDkimLog = (log: Logger) => ({
  activated(event: { readonly domain: string; readonly selectors: readonly string[] }): void {
    log.info(event, "dkim: the DNS shows the new keys, they sign from now on")
  },
  waiting(event: { readonly domain: string; readonly problems: readonly string[] }): void {
    log.info(event, "dkim: new keys wait for the DNS")
  },
})
