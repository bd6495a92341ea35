import { startWorkers } from "../../queue-workers/workers.ts"
import { type App, createApp, createDeliveries, createDoor, openSendSlots, queueBackend } from "../app.ts"
import { runRegularly } from "../base/regularly.ts"
import { systemRandom } from "../base/random.ts"
import { createDestinationRates } from "../delivery/destination-rates.ts"
import { createDsnSender } from "../delivery/dsn-sender.ts"
import { ownAddresses } from "../delivery/own-addresses.ts"
import { recentContents } from "../delivery/recent-contents.ts"
import { createRemoteDeliveries, type RemoteDeliveries } from "../delivery/remote-delivery.ts"
import { retrySchedule } from "../delivery/retry-schedule.ts"
import { createMtaStsFetch } from "../delivery/mta-sts-fetch.ts"
import { createMtaStsPolicies } from "../delivery/mta-sts.ts"
import { openPartners } from "../delivery/partners.ts"
import { createTlsPolicy, type TlsPolicyFor } from "../delivery/tls-policy.ts"
import { createTlsReporting, type TlsReporting } from "../delivery/tls-reporting.ts"
import { openResolver } from "../dns/open-resolver.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import { createChangeNotices } from "../notifications/change-notices.ts"
import { createExpiryWarnings } from "../notifications/expiry-warnings.ts"
import { createHeldNotices } from "../notifications/held-notices.ts"
import { createNoticeSender } from "../notifications/notice.ts"
import { createSenderWarnings } from "../notifications/sender-warnings.ts"
import { shipTemplates } from "../notifications/templates/shipped.ts"
import type { DeliveryStore } from "../store/delivery-store.ts"
import { createDecisionStore } from "../store/sql/decisions.ts"
import { createChangeNoticeStore } from "../store/sql/change-notices.ts"
import { createCampaignStore } from "../store/sql/campaigns.ts"
import { createExpiryStore } from "../store/sql/expiry.ts"
import { createHeldStore } from "../store/sql/held.ts"
import { createHousekeeping } from "../store/sql/housekeeping.ts"
import { createOverviewStore } from "../store/sql/overview.ts"
import { createMonthlyCount } from "../store/sql/monthly-count.ts"
import { createNotificationStore } from "../store/sql/notifications.ts"
import { createOutboundStore } from "../store/sql/outbound.ts"
import { createSenderWarningStore } from "../store/sql/sender-warnings.ts"
import { createSuppressionStore } from "../store/sql/suppressions.ts"
import { createTemplateStore } from "../store/sql/templates.ts"
import { createTlsPolicyStore, createTlsReportStore } from "../store/sql/tls-policies.ts"
import { createChangeNoticeLog, createDeliveryLog, createExpiryLog, createSenderWarningLog, createTlsLog } from "../telemetry/mail-log.ts"
import { certificateUpkeep } from "./acme.ts"
import { addressBookUpkeep } from "./address-book.ts"
import { auditUpkeep } from "./audit.ts"
import { forgetSessions } from "./console-sessions.ts"
import { forgetInbound } from "./inbound.ts"
import { openAdministrators } from "./administrators.ts"
import { openPolicyParts } from "./judging.ts"
import { ldapSyncUpkeep } from "./ldap-sync.ts"
import { openNotificationWork } from "./notifications.ts"
import { openOutgoing } from "./outgoing.ts"
import { publishedKeys } from "./published-keys.ts"
import { bulkUpkeep, openDirectoryActions } from "./provisioning.ts"
import { releaseLinks } from "./quarantine.ts"
import { forgetEvents, webhookUpkeep } from "./webhooks.ts"
import { registryRecheck } from "./recheck.ts"
import { forgetReports, reportUpkeep } from "./reports.ts"
import type { StartRole } from "./role.ts"

/** The role `worker`: local and remote delivery, the sweeper, DSNs, warnings before certificates end, revocation, housekeeping. */
export const startWorkerRole: StartRole = async (context) => {
  const app = await createApp(context, ["directory", "notifications"])
  const { config, clock, log, metrics } = context
  const { database, blobs, contents } = app
  const { deliveries, ...here } = createDeliveries(app)
  const decisions = createDecisionStore({ database, clock })
  const administrators = await openAdministrators(app)
  const policy = await openPolicyParts(app, administrators)
  const { intake, outbox } = await createDoor(app, { here, policy })
  const dsnSender = createDsnSender({ deliveries, contents, intake, hostname: config.hostname, clock, log: createDeliveryLog(log) })
  // a sender who is owed word gets it now; what fails is found by the next sweep
  const settled = (): void => void dsnSender.send().catch((error: unknown) => log.debug({ err: error }, "DSNs are left to the sweeper"))
  const notices = createNoticeSender({ intake, contents, hostname: config.hostname, clock })
  const heldNotices = createHeldNotices({ held: createHeldStore({ database }), hostname: config.hostname, notices, releaseLink: releaseLinks(app) })
  const warnings = createSenderWarningStore(database)
  const senderWarnings = createSenderWarnings({ warnings, contents, notices, hostname: config.hostname, log: createSenderWarningLog(log) })
  const suppressions = createSuppressionStore({ database })
  const outbound = createOutboundStore({ database })
  const remoteDeliveries = await createRemote(app, { deliveries, settled })
  const notifications = createNotificationStore({ database })
  const templates = createTemplateStore({ database })
  await shipTemplates(templates)
  const bulk = bulkUpkeep(app, outbox)
  const workers = startWorkers({
    backend: queueBackend(app),
    localDelivery: here.localDelivery,
    remoteDeliveries,
    deliveries,
    outbox,
    dsnSender,
    heldNotices,
    senderWarnings,
    changeNotices: createChangeNotices({ changes: createChangeNoticeStore(database), notices, hostname: config.hostname, clock, log: createChangeNoticeLog(log) }),
    housekeeping: createHousekeeping({ database, blobs, clock }),
    exclusively: app.exclusive("housekeeping"),
    contentGraceMs: config.store.contentGrace,
    forgetDecisions: async () => (await decisions.forget(config.policy.keepDecisions)) + (await warnings.forget()) + (await suppressions.forget()) + (await outbound.forget(clock.now())) + (await bulk.store.forget()) + (await forgetInbound(app)) + (await notifications.forget(clock.now() - config.notifications.keep)) + (await forgetReports(app)) + (await forgetEvents(app)) + (await forgetSessions(app)),
    relayConcurrency: config.delivery.concurrency,
    sweepMs: config.delivery.sweep,
    housekeepingMs: config.store.housekeeping,
    expiry: {
      expiryWarnings: createExpiryWarnings({
        expiries: createExpiryStore(database), directory: app.directory, notices, hostname: config.hostname, clock,
        administrators: () => administrators.read(), log: createExpiryLog(log),
      }),
      exclusively: app.exclusive("expiryWarnings"),
      everyMs: config.certificates.warningCheck,
    },
    bulk,
    archive: { actions: openDirectoryActions(app), everyMs: config.directory.upkeep },
    recheck: await registryRecheck(app),
    reports: reportUpkeep(app, intake),
    audit: await auditUpkeep(app),
    dkim: publishedKeys(app),
    figures: { count: () => countFigures(app), exclusively: app.exclusive("figures"), everyMs: countEveryMs },
    notify: { ...(await openNotificationWork(app, intake)), campaignStore: createCampaignStore({ database }), feed: app.feed, exclusively: app.exclusive("notifications"), everyMs: Math.min(config.delivery.sweep, notifyEveryMs) },
    webhooks: await webhookUpkeep(app, notices),
    addressBook: addressBookUpkeep(app),
    ldapSync: ldapSyncUpkeep(app),
    acme: await certificateUpkeep(app),
    log,
  })
  metrics.gauge("notifications_waiting", "Notifications of which recipients wait to be handed to delivery.", async () => (await notifications.waiting()).notifications)
  metrics.gauge("notification_recipients_waiting", "Recipients of notifications that are not settled.", async () => (await notifications.waiting()).recipients)
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

/** Where one cannot be counted, the other is. */
async function countFigures({ database, sealer, context: { config, clock } }: App): Promise<void> {
  try {
    await createOverviewStore({ database }).count(clock.now())
  } finally {
    await createMonthlyCount({ database, sealer, price: config.reports.paper }).count(clock.now())
  }
}

async function createRemote(app: App, { deliveries, settled }: { readonly deliveries: DeliveryStore; readonly settled: () => void }): Promise<RemoteDeliveries> {
  const { context: { config, clock, log } } = app
  const contents = recentContents(app.contents)
  const { delivery, hostname } = config
  const resolver = openResolver(config.dns, clock)
  return createRemoteDeliveries({
    deliveries,
    attempts: {
      routing: { resolver, hostname, isOwnAddress: ownAddresses(), random: systemRandom },
      ...(await createTls(app, resolver)),
      contents,
      smarthost: delivery.smarthost,
      rates: createDestinationRates({ rates: delivery.rates, otherwise: delivery.messagesPerMinute, slots: openSendSlots(app), clock, random: systemRandom }),
      connectTimeoutMs: delivery.connectTimeout,
      commandTimeoutMs: delivery.commandTimeout,
    },
    outgoing: openOutgoing({ ...app, contents }),
    schedule: retrySchedule(delivery.retry),
    concurrency: delivery.concurrency,
    clock,
    random: systemRandom,
    log: createDeliveryLog(log),
    settled,
  })
}

const countEveryMs = 15 * 60_000
/** How late one that is scheduled may be, and how often what became of them is looked at. */
const notifyEveryMs = 1_000

const tlsRefreshMs = 3_600_000

/** What protects mail to other domains, and how it went. Throws when a partner's authorities cannot be read: mail to it must not go out by a lesser rule. */
async function createTls(app: App, resolver: DnsResolver): Promise<{ readonly tlsPolicyFor: TlsPolicyFor; readonly tlsReporting: TlsReporting }> {
  const { config, clock, log } = app.context
  const partners = await openPartners(config.delivery.partners)
  if (!partners.ok) throw new Error(partners.failure)
  const tlsLog = createTlsLog(log)
  const reports = createTlsReportStore(app.database)
  const tlsReporting = createTlsReporting({ store: reports, clock, log: tlsLog })
  app.onClose(() => tlsReporting.close())
  const mtaSts = createMtaStsPolicies({
    resolver, clock, store: createTlsPolicyStore(app.database), fetch: createMtaStsFetch({ resolver }),
    failed(domain, fault) {
      tlsLog.policyNotFetched({ domain, ...fault })
      tlsReporting.record({ domain, policyType: "sts", policyString: [], mxPatterns: [], mxHost: "", receivingIp: "", sendingIp: "", result: fault.type, reason: fault.detail })
    },
  })
  const upkeep = async (): Promise<void> => {
    await mtaSts.refresh()
    await reports.forget(new Date(clock.now() - config.reports.keepCounts).toISOString().slice(0, 10))
  }
  const regular = runRegularly({ everyMs: tlsRefreshMs, work: upkeep, failed: (error) => tlsLog.upkeepFailed({ error }), atStart: false })
  app.onClose(async () => {
    const ended = regular.close()
    await mtaSts.close()
    await ended
  })
  return { tlsPolicyFor: createTlsPolicy({ resolver, mtaSts, partners: partners.value, clock }), tlsReporting }
}
