import type { App } from "../app.ts"
import { createNetworks } from "../base/networks.ts"
import { openResolver } from "../dns/open-resolver.ts"
import { type Authenticator, createMessageAuthenticator } from "../intake/authenticity/authenticate-message.ts"
import { createDmarcTally, type DmarcTally } from "../intake/authenticity/dmarc-tally.ts"
import { createClamav } from "../intake/scan/clamav.ts"
import { createRspamd } from "../intake/scan/rspamd.ts"
import { createScanner, type Scanner } from "../intake/scan/scan.ts"
import type { Greylist } from "../smtp/greylist.ts"
import { createDmarcStore } from "../store/sql/dmarc.ts"
import { createGreylistStore } from "../store/sql/greylist.ts"
import { createDmarcLog, createScanLog } from "../telemetry/mail-log.ts"

/** Who asks what mail from outside is worth; undefined where the configuration says that nobody does. */
export function openAuthenticator({ context: { config, clock } }: App): Authenticator | undefined {
  const { authenticate, exempt, trustedSealers, timeout } = config.inbound
  if (!authenticate) return undefined
  return createMessageAuthenticator({
    dns: openResolver(config.dns, clock), clock, hostname: config.hostname, timeoutMs: timeout, isExempt: createNetworks(exempt), trustedSealers: trustedSealers.map((domain) => domain.toLowerCase()),
  })
}

export function openScanner({ context: { config, log } }: App): Scanner | undefined {
  const { rspamdUrl, clamavSocket, timeout: timeoutMs, whenDown } = config.scan
  if (rspamdUrl === "" && clamavSocket === "") return undefined
  return createScanner({
    mustAnswer: whenDown === "defer", log: createScanLog(log),
    ...(clamavSocket !== "" && { virus: createClamav({ socket: clamavSocket, timeoutMs }) }), ...(rspamdUrl !== "" && { spam: createRspamd({ url: rspamdUrl, timeoutMs }) }),
  })
}

export function openTally(app: App): DmarcTally {
  const tally = createDmarcTally({ store: createDmarcStore(app.database), log: createDmarcLog(app.context.log) })
  app.onClose(() => tally.close())
  return tally
}

/** What mail from outside left behind and nobody needs any more; returns how many rows. */
export async function forgetInbound({ database, context: { config, clock } }: App): Promise<number> {
  const oldest = new Date(clock.now() - config.reports.keepCounts).toISOString().slice(0, 10)
  return (await createDmarcStore(database).forget(oldest)) + (await createGreylistStore({ database, clock }).forget(config.inbound.greylistRemember))
}

/** Undefined where nobody is told to come again. */
export function openGreylist({ database, context: { config, clock } }: App): Greylist | undefined {
  const { greylisting, greylistDelay, exempt } = config.inbound
  if (!greylisting) return undefined
  return { store: createGreylistStore({ database, clock }), delayMs: greylistDelay, isExempt: createNetworks(exempt) }
}
