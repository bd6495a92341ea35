import type { NotifiedAdministrators } from "../accounts/notified-administrators.ts"
import type { App } from "../app.ts"
import { createOutboundWatch, type OutboundWatch } from "../intake/outbound-watch.ts"
import { canonicalAddress } from "../mail/address.ts"
import { createOutboundStore } from "../store/sql/outbound.ts"
import { createOutboundLog } from "../telemetry/mail-log.ts"

/** What watches the accounts that submit, as configured. */
export function openOutboundWatch(app: App, administrators: NotifiedAdministrators): OutboundWatch {
  const { config, log } = app.context
  const { automated, automatedRecipientsPerHour, ...limits } = config.outbound
  const watch = createOutboundWatch({
    outbound: createOutboundStore({ database: app.database }),
    limits,
    automated: new Set(automated.map(canonicalAddress)),
    automatedLimits: { recipientsPerHour: automatedRecipientsPerHour, strangersPerHour: 0, suddenFactor: 0, suddenAbove: 0 },
    administrators: () => administrators.ofProvince(),
    log: createOutboundLog(log),
  })
  app.onClose(() => watch.close())
  return watch
}
