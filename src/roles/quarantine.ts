import { createHmac, createSecretKey } from "node:crypto"
import type { App } from "../app.ts"
import { createLookupRates } from "../console/lookup-rates.ts"
import type { QuarantineRoutes } from "../console/quarantine.ts"
import type { Outbox } from "../delivery/outbox.ts"
import { createReleaseTokens, type ReleaseTokens } from "../mail/release-token.ts"
import type { HeldNoticeParts } from "../notifications/held-notices.ts"
import { shownHeader } from "../store/shown-header.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { createHeldStore } from "../store/sql/held.ts"
import { createQuarantineLog } from "../telemetry/mail-log.ts"
import { consoleUrl } from "./help-facts.ts"

/** Release by recipients: the worker writes the links, the role `web` serves what they lead to. */
export const quarantinePath = "/quarantine"

/** What one process puts into a notice, another reads: their key follows from the one that all of them have. */
const openTokens = ({ files }: App): ReleaseTokens => createReleaseTokens({ key: createSecretKey(createHmac("sha256", files.contentKey).update("release").digest()) })

export function releaseLinks(app: App): HeldNoticeParts["releaseLink"] {
  const { config, clock } = app.context
  if (config.quarantine.linkFor === 0) return null
  const tokens = openTokens(app)
  return (copy) => {
    const expiresAt = clock.now() + config.quarantine.linkFor
    return { url: consoleUrl(config, `${quarantinePath}/${tokens.make({ ...copy, expiresAt })}`), expiresAt }
  }
}

export function recipientsRelease(app: App, outbox: Pick<Outbox, "wake">): QuarantineRoutes {
  const { database, contents, context: { config, clock, log } } = app
  const { linkFor, pagesPerHour } = config.quarantine
  return {
    tokens: linkFor === 0 ? { read: () => undefined } : openTokens(app),
    held: createHeldStore({ database }),
    header: (content) => shownHeader(contents, content),
    rates: createLookupRates(pagesPerHour),
    clock,
    wake: (deliveries) => outbox.wake(deliveries),
    log: createQuarantineLog(log),
    isUnavailable,
  }
}
