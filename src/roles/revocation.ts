import type { Logger } from "pino"
import { recordedRevocation } from "../accounts/signing-right.ts"
import type { App } from "../app.ts"
import type { Clock } from "../base/clock.ts"
import type { Config } from "../config/schema.ts"
import { type CertificateStatuses, createCertificateStatuses, type RecordedRevocation } from "../pki/certificate-status.ts"
import { purposeOid } from "../pki/trust-anchors.ts"
import { mailSigning, type PathPurpose, timeStamping } from "../pki/path-rules.ts"
import { createAllowedUrls } from "../pki/revocation/allowed-url.ts"
import { createRevocationFetch } from "../pki/revocation/http-fetch.ts"
import { createRevocationChecker, type RevocationChecker } from "../pki/revocation/revocation-checker.ts"
import type { RevocationStore } from "../pki/revocation/revocation-store.ts"
import { createPathValidator, type PathValidator } from "../pki/validate-path.ts"
import type { ChangeFeed } from "../store/change-feed.ts"
import { createRevocationStore } from "../store/sql/revocations.ts"
import type { Database } from "../store/sql/database.ts"
import { openTrust } from "./trust.ts"

/** What a role needs to judge certificates: put together here, and told of what other processes find out. */
export interface Revocation {
  readonly store: RevocationStore
  readonly checker: RevocationChecker
  /** Of those who sign mail (or whom `purpose` means), and of those who stamp times. */
  readonly statuses: CertificateStatuses
  readonly stampStatuses: CertificateStatuses
  /** What those certificates are for. */
  readonly purpose: PathPurpose
  readonly paths: () => PathValidator
  close(): Promise<void>
}

export interface RevocationParts {
  readonly database: Database
  readonly feed: ChangeFeed
  readonly config: Config["pki"]
  /** The validator of now. */
  readonly paths: () => PathValidator
  /** What the registry has on record, from memory. */
  readonly recorded: (fingerprint: string) => RecordedRevocation | undefined
  /** Absent: signing mail. */
  readonly purpose?: PathPurpose
  readonly clock: Clock
  readonly log: Logger
}

/** For a role: on the configured trust, with what the registry has on record; closed with the app. */
export async function openRevocation(app: App): Promise<Revocation> {
  const { context: { config, clock, log }, database, feed, directory } = app
  const trust = await openTrust(config, clock)
  const paths = createPathValidator(trust.settings)
  const revocation = createRevocation({
    database, feed, clock, log, config: { ...config.pki, revocation: { ...config.pki.revocation, lists: [...trust.lists] } },
    paths: () => paths,
    recorded: (fingerprint) => recordedRevocation(directory.current(), fingerprint),
  })
  app.onClose(() => revocation.close())
  return revocation
}

export function createRevocation({ database, feed, config, paths, recorded, clock, log, purpose = mailSigning(config.extendedKeyUsages.flatMap((usage) => purposeOid(usage) ?? [])) }: RevocationParts): Revocation {
  const settings = config.revocation
  const store = createRevocationStore({ database })
  const fetch = createRevocationFetch({ allowed: createAllowedUrls(settings.allow), timeoutMs: settings.timeout, restMs: settings.retry, clock })
  const checker = createRevocationChecker({ fetch, store, paths, clock, config: settings, log })
  const judging = { paths, checker, recorded, clock, rememberMs: settings.remember, retryMs: settings.retry }
  const statuses = createCertificateStatuses({ ...judging, purpose })
  const stampStatuses = createCertificateStatuses({ ...judging, purpose: timeStamping })
  const lookAgain = (): void => {
    checker.reload()
    statuses.forget()
    stampStatuses.forget()
  }
  const stopTelling = checker.onChange(() => feed.publish([{ kind: "revocation" }]))
  const stopHearing = feed.subscribe((changes) => {
    if (changes.some(({ kind }) => kind === "revocation")) lookAgain()
  }, lookAgain)
  return {
    store, checker, statuses, stampStatuses, purpose, paths,
    async close() {
      stopHearing()
      stopTelling()
      statuses.close()
      stampStatuses.close()
      await checker.close()
      fetch.close()
    },
  }
}
