import { Resolver } from "node:dns/promises"
import { startWorkers } from "../../queue-workers/workers.ts"
import { type App, createApp, createDeliveries, createDoor, queueBackend } from "../app.ts"
import { systemRandom } from "../base/random.ts"
import { createDsnSender } from "../delivery/dsn-sender.ts"
import { ownAddresses } from "../delivery/own-addresses.ts"
import { createRemoteDeliveries, type RemoteDeliveries } from "../delivery/remote-delivery.ts"
import { retrySchedule } from "../delivery/retry-schedule.ts"
import { opportunisticTls } from "../delivery/tls-policy.ts"
import { canonicalAddress } from "../mail/address.ts"
import { createExpiryWarnings } from "../notifications/expiry-warnings.ts"
import { createHeldNotices } from "../notifications/held-notices.ts"
import { createNoticeSender } from "../notifications/notice.ts"
import { createSenderWarnings } from "../notifications/sender-warnings.ts"
import type { DeliveryStore } from "../store/delivery-store.ts"
import { createDecisionStore } from "../store/sql/decisions.ts"
import { createExclusive } from "../store/sql/exclusive.ts"
import { createExpiryStore } from "../store/sql/expiry.ts"
import { createHeldStore } from "../store/sql/held.ts"
import { createHousekeeping } from "../store/sql/housekeeping.ts"
import { createSenderWarningStore } from "../store/sql/sender-warnings.ts"
import { createDeliveryLog, createExpiryLog, createSenderWarningLog } from "../telemetry/mail-log.ts"
import { addressBookUpkeep } from "./address-book.ts"
import { openOutgoing } from "./outgoing.ts"
import { registryRecheck } from "./recheck.ts"
import type { StartRole } from "./role.ts"

/** The role `worker`: local and remote delivery, the sweeper, DSNs, warnings before certificates end, revocation, housekeeping. */
export const startWorkerRole: StartRole = async (context) => {
  const app = await createApp(context)
  const { config, clock, log, metrics } = context
  const { database, blobs, contents } = app
  const { deliveries, localDelivery } = createDeliveries(app)
  const decisions = createDecisionStore({ database, clock })
  const { intake, outbox } = await createDoor(app)
  const dsnSender = createDsnSender({ deliveries, contents, intake, hostname: config.hostname, clock, log: createDeliveryLog(log) })
  // a sender who is owed word gets it now; what fails is found by the next sweep
  const settled = (): void => void dsnSender.send().catch((error: unknown) => log.debug({ err: error }, "DSNs are left to the sweeper"))
  const notices = createNoticeSender({ intake, contents, hostname: config.hostname, clock })
  const heldNotices = createHeldNotices({ held: createHeldStore({ database }), hostname: config.hostname, notices })
  const warnings = createSenderWarningStore(database)
  const senderWarnings = createSenderWarnings({ warnings, contents, notices, hostname: config.hostname, log: createSenderWarningLog(log) })
  const workers = startWorkers({
    backend: queueBackend(app),
    localDelivery,
    remoteDeliveries: createRemote(app, { deliveries, settled }),
    deliveries,
    outbox,
    dsnSender,
    heldNotices,
    senderWarnings,
    housekeeping: createHousekeeping({ database, blobs, clock }),
    exclusively: createExclusive(database, "housekeeping"),
    contentGraceMs: config.store.contentGrace,
    forgetDecisions: async () => (await decisions.forget(config.policy.keepDecisions)) + (await warnings.forget()),
    relayConcurrency: config.delivery.concurrency,
    sweepMs: config.delivery.sweep,
    housekeepingMs: config.store.housekeeping,
    expiry: {
      expiryWarnings: createExpiryWarnings({
        expiries: createExpiryStore(database), directory: app.directory, notices, hostname: config.hostname, clock,
        administrators: config.certificates.administrators.map(canonicalAddress), log: createExpiryLog(log),
      }),
      exclusively: createExclusive(database, "expiryWarnings"),
      everyMs: config.certificates.warningCheck,
    },
    recheck: await registryRecheck(app),
    addressBook: addressBookUpkeep(app),
    log,
  })
  metrics.gauge("deliveries_waiting", "Deliveries that are not settled.", async () => (await deliveries.waiting()).count)
  metrics.gauge("deliveries_oldest_seconds", "Age of the oldest delivery that is not settled.", async () => (await deliveries.waiting()).oldestMs / 1000)
  return {
    ports: {},
    async stop() {
      await workers.close()
      await app.close()
    },
  }
}

const dnsTries = { timeout: 5_000, tries: 2 }

function createRemote(app: App, { deliveries, settled }: { readonly deliveries: DeliveryStore; readonly settled: () => void }): RemoteDeliveries {
  const { context: { config, clock, log }, contents } = app
  const { delivery, hostname } = config
  return createRemoteDeliveries({
    deliveries,
    attempts: {
      routing: { resolver: new Resolver(dnsTries), hostname, isOwnAddress: ownAddresses(), random: systemRandom },
      tlsPolicyFor: opportunisticTls,
      contents,
      smarthost: delivery.smarthost,
      connectTimeoutMs: delivery.connectTimeout,
      commandTimeoutMs: delivery.commandTimeout,
    },
    outgoing: openOutgoing(app),
    schedule: retrySchedule(delivery.retry),
    concurrency: delivery.concurrency,
    clock,
    random: systemRandom,
    log: createDeliveryLog(log),
    settled,
  })
}
