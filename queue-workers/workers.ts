import type { Logger } from "pino"
import type { DsnSender } from "../src/delivery/dsn-sender.ts"
import type { LocalDelivery } from "../src/delivery/local-delivery.ts"
import type { Outbox } from "../src/delivery/outbox.ts"
import type { QueueBackend } from "../src/delivery/queues.ts"
import type { RemoteDeliveries } from "../src/delivery/remote-delivery.ts"
import type { ChangeNotices } from "../src/notifications/change-notices.ts"
import type { HeldNotices } from "../src/notifications/held-notices.ts"
import type { SenderWarnings } from "../src/notifications/sender-warnings.ts"
import type { DeliveryStore } from "../src/store/delivery-store.ts"
import { type AcmeWorkerParts, startAcmeWorker } from "./acme.worker.ts"
import { type AuditWorkerParts, startAuditWorker } from "./audit.worker.ts"
import { type ArchiveWorkerParts, startArchiveWorker } from "./archive.worker.ts"
import { type BulkWorkerParts, startBulkWorker } from "./bulk.worker.ts"
import { startDeliverWorker } from "./deliver.worker.ts"
import { type DkimWorkerParts, startDkimWorker } from "./dkim.worker.ts"
import { type ExpiryWorkerParts, startExpiryWorker } from "./expiry.worker.ts"
import { type FiguresWorkerParts, startFiguresWorker } from "./figures.worker.ts"
import { type HousekeepingParts, startHousekeepingWorker } from "./housekeeping.worker.ts"
import { type LdapSyncWorkerParts, startLdapSyncWorker } from "./ldap-sync.worker.ts"
import { type LdapWorkerParts, startLdapWorker } from "./ldap.worker.ts"
import { type NotifyWorkerParts, startNotifyWorker } from "./notify.worker.ts"
import { startOutboxWorker } from "./outbox.worker.ts"
import { type RecheckWorkerParts, startRecheckWorker } from "./recheck.worker.ts"
import { startRelayWorker } from "./relay.worker.ts"
import { type ReportWorkerParts, startReportWorker } from "./report.worker.ts"
import type { RunningWorker } from "./run-worker.ts"
import { startWebhookWorker, type WebhookWorkerParts } from "./webhook.worker.ts"

export interface WorkerServices extends Omit<HousekeepingParts, "everyMs" | "log"> {
  readonly backend: QueueBackend
  readonly localDelivery: LocalDelivery
  readonly remoteDeliveries: RemoteDeliveries
  readonly deliveries: DeliveryStore
  readonly outbox: Outbox
  readonly dsnSender: DsnSender
  readonly heldNotices: HeldNotices
  readonly senderWarnings: SenderWarnings
  readonly changeNotices: ChangeNotices
  readonly relayConcurrency: number
  readonly sweepMs: number
  readonly housekeepingMs: number
  readonly expiry: Omit<ExpiryWorkerParts, "log">
  readonly bulk: Omit<BulkWorkerParts, "backend" | "log">
  readonly archive: Omit<ArchiveWorkerParts, "log">
  readonly recheck: Omit<RecheckWorkerParts, "log">
  readonly reports: Omit<ReportWorkerParts, "log">
  readonly audit: Omit<AuditWorkerParts, "log">
  readonly dkim: Omit<DkimWorkerParts, "log">
  readonly figures: Omit<FiguresWorkerParts, "log">
  readonly notify: Omit<NotifyWorkerParts, "log">
  readonly webhooks: Omit<WebhookWorkerParts, "log">
  /** Absent where no LDAP server is configured. */
  readonly addressBook?: Omit<LdapWorkerParts, "log"> | undefined
  /** Absent where people are not taken over from an LDAP server by themselves. */
  readonly ldapSync?: Omit<LdapSyncWorkerParts, "log"> | undefined
  /** Absent where certificates are files that somebody else renews. */
  readonly acme?: Omit<AcmeWorkerParts, "log"> | undefined
  readonly log: Logger
}

/** Everything that the role `worker` does. Closing breaks off remote attempts and finishes the rest. */
export function startWorkers(services: WorkerServices): RunningWorker {
  const { relayConcurrency, sweepMs, housekeepingMs, remoteDeliveries, addressBook, ldapSync, acme, log } = services
  const sweeper = startOutboxWorker({ ...services, everyMs: sweepMs })
  const others: RunningWorker[] = [
    startDeliverWorker(services), startRelayWorker({ ...services, concurrency: relayConcurrency }), startHousekeepingWorker({ ...services, everyMs: housekeepingMs }),
    startExpiryWorker({ ...services.expiry, log }), startRecheckWorker({ ...services.recheck, log }),
    startReportWorker({ ...services.reports, log }), startAuditWorker({ ...services.audit, log }), startDkimWorker({ ...services.dkim, log }),
    startFiguresWorker({ ...services.figures, log }),
    startNotifyWorker({ ...services.notify, log }), startWebhookWorker({ ...services.webhooks, log }),
    startArchiveWorker({ ...services.archive, log }), startBulkWorker({ ...services.bulk, backend: services.backend, log }),
  ]
  if (addressBook) others.push(startLdapWorker({ ...addressBook, log }))
  if (ldapSync) others.push(startLdapSyncWorker({ ...ldapSync, log }))
  if (acme) others.push(startAcmeWorker({ ...acme, log }))
  return { close: async () => void (await Promise.all([sweeper.close(), remoteDeliveries.close(), ...others.map((worker) => worker.close())])) }
}
