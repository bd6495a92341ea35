import { mkdir } from "node:fs/promises"
import { Redis } from "ioredis"
import type { DirectorySource } from "./accounts/directory.ts"
import { isReportAddress } from "./accounts/report-address.ts"
import type { Lockouts } from "./accounts/lockouts.ts"
import type { Authenticator } from "./accounts/login.ts"
import { createAuthenticator } from "./accounts/authenticate.ts"
import { auditedAuthenticator, createSignInAudit, type SignInAudit } from "./accounts/sign-in-audit.ts"
import { createLoginThrottle } from "./accounts/login-throttle.ts"
import { createPasswordWork } from "./accounts/password-work.ts"
import type { QuotaView } from "./accounts/quota.ts"
import { pathOr } from "./config/load.ts"
import { createDirectDelivery } from "./delivery/direct-delivery.ts"
import { createLocalDelivery, type LocalDelivery } from "./delivery/local-delivery.ts"
import { createOutbox, type Outbox } from "./delivery/outbox.ts"
import { createProcessSendSlots } from "./delivery/process-send-slots.ts"
import type { QueueBackend } from "./delivery/queues.ts"
import { createIntake, type PolicyParts } from "./intake/accept.ts"
import type { Intake } from "./intake/intake.ts"
import type { OutboundWatch } from "./intake/outbound-watch.ts"
import type { SubmissionRates } from "./intake/submission-rates.ts"
import { type PreparedFiles, prepareFiles } from "./roles/prepare.ts"
import { openSrs } from "./roles/srs.ts"
import type { RoleContext } from "./roles/role.ts"
import type { Srs } from "./mail/srs.ts"
import { createFileBlobs } from "./store/blob/file-blobs.ts"
import type { BlobStore } from "./store/blob/blob-store.ts"
import type { Topic } from "./store/change.ts"
import type { ChangeFeed } from "./store/change-feed.ts"
import type { ContentStore } from "./store/content-store.ts"
import type { DeliveryStore } from "./store/delivery-store.ts"
import { watchDiskSpace } from "./store/disk-space.ts"
import type { FreeSpace } from "./store/free-space.ts"
import { createRedisChangeFeed } from "./store/redis/redis-feed.ts"
import { createRedisSendSlots } from "./store/redis/redis-send-slots.ts"
import type { Presence } from "./store/presence.ts"
import type { SendSlots } from "./store/send-slots.ts"
import { createAuditStore } from "./store/sql/audit.ts"
import { createAcceptanceStore } from "./store/sql/acceptances.ts"
import { createPresence } from "./store/sql/presence.ts"
import { createQuotaView } from "./store/sql/quota.ts"
import { HealthFault } from "./telemetry/health.ts"
import { said } from "./telemetry/health-words.ts"
import { createIntakeLog } from "./telemetry/mail-log.ts"
import { createSubmissionRates } from "./smtp/rate-limits.ts"
import { createSealer, type Sealer } from "./store/sealing.ts"
import { createContentStore } from "./store/sql/contents.ts"
import { createCredentialStore } from "./store/sql/credentials.ts"
import { type AdvisoryLock, advisoryLocks } from "./store/sql/advisory-locks.ts"
import { type Database, openDatabase } from "./store/sql/database.ts"
import { createExclusive } from "./store/sql/exclusive.ts"
import { createLockouts } from "./store/sql/lockouts.ts"
import { createDeliveryStore } from "./store/sql/deliveries.ts"
import { createDirectorySource } from "./store/sql/directory.ts"
import { createPostgresChangeFeed } from "./store/sql/postgres-feed.ts"

/**
 * The composition root: what every role stands on. The files of roles/ add what each needs beside it; nothing else knows
 * which adapter stands behind a port. Closed in the reverse order of its making.
 */
export interface App {
  readonly context: RoleContext
  readonly files: PreparedFiles
  readonly database: Database
  readonly feed: ChangeFeed
  readonly sealer: Sealer
  readonly blobs: BlobStore
  readonly contents: ContentStore
  readonly directory: DirectorySource
  /** Runs work that one process at a time does: false where another is at it. */
  exclusive(name: AdvisoryLock): (work: () => Promise<void>) => Promise<boolean>
  /** Registers what `close` ends, before what was registered earlier. */
  onClose(end: () => Promise<void> | void): void
  close(): Promise<void>
}

/** Two for messages that share a commit, and for those that have a transaction of their own. */
const acceptanceConnections = 4
/** Work that comes every few seconds keeps its connection. */
const lockIdleMs = 30_000

export async function createApp(context: RoleContext, hears: readonly Topic[] = ["directory"]): Promise<App> {
  const { config, databaseUrl, log, health, clock, metrics } = context
  const endings: (() => Promise<void> | void)[] = []
  const files = await prepareFiles(config)
  const database = openDatabase({
    url: databaseUrl,
    poolSize: config.database.poolSize,
    answerTimeoutMs: config.database.answerTimeout,
    applicationName: `congthu ${health.role}`,
    onError: (error) => log.warn({ err: error }, "an idle connection to PostgreSQL broke"),
  })
  endings.push(() => database.close())
  // who holds a lock asks for a connection of the pool: were the locks' among those, a few that hold one each would leave none to any of them
  const locks = openDatabase({ url: databaseUrl, poolSize: Object.keys(advisoryLocks).length, idleMs: lockIdleMs, applicationName: `congthu ${health.role} locks`, onError: (error) => log.warn({ err: error }, "an idle connection to PostgreSQL broke") })
  endings.push(() => locks.close())
  const feed = config.redis.url ? createRedisChangeFeed({ url: config.redis.url, log, hears }) : createPostgresChangeFeed({ database, url: databaseUrl, log, hears })
  endings.push(() => feed.close())
  const [directory] = await Promise.all([createDirectorySource({ database, feed, log }), feed.ready])
  endings.push(() => directory.close())
  const sealer = createSealer(files.contentKey)
  const blobs = createFileBlobs(pathOr(config, config.store.blobDir, "blobs"))
  const contents = createContentStore({ database, blobs, sealer, inlineBytes: config.store.inlineBytes, log })
  health.add("database", async () => {
    const started = clock.now()
    await database.query({ name: "health", text: "SELECT 1" })
    return [said("databaseAnswers", { ms: clock.now() - started })]
  })
  metrics.gauge("directory_version", "Version of the directory this process decides on.", () => directory.current().version)
  return {
    context, files, database, feed, sealer, blobs, contents, directory,
    exclusive: (name) => createExclusive(locks, name),
    onClose: (end) => void endings.push(end),
    async close() {
      for (const end of endings.toReversed()) await end()
    },
  }
}

/** For the roles where people sign in: one for all ways of doing so. */
export function createSignIns({ database, directory, onClose, context: { clock, log } }: App): SignInAudit {
  const audit = createSignInAudit({ recorder: createAuditStore(database), directory, clock, lost: (error) => log.error({ err: error }, "counts of sign-ins are lost to the audit") })
  onClose(() => audit.close())
  return audit
}

/** For the roles that people stay connected to. */
export function openPresence({ database, onClose, context: { clock, log, config } }: App): Presence {
  const presence = createPresence({ database, clock, mailPassword: config.auth.mailPassword, onError: (error) => log.warn({ err: error }, "who is connected could not be told") })
  onClose(() => presence.close())
  return presence
}

/** Who must wait before the next guess, as administrators see it. */
export const openLockouts = ({ database, context: { clock, log } }: App): Lockouts => createLockouts({ database, clock, onError: (error) => log.warn({ err: error }, "a lockout could not be noted or asked for") })

/** For the roles where people sign in with passwords. */
export function createLogins(app: App, signIns: SignInAudit): Authenticator {
  const { config, clock } = app.context
  const throttle = createLoginThrottle({ maxFailures: config.auth.maxFailures, failureWindowMs: config.auth.failureWindow, redisUrl: config.redis.url, lockouts: openLockouts(app) })
  app.onClose(() => throttle.close())
  const authenticator = createAuthenticator({
    directory: app.directory,
    credentials: createCredentialStore(app.database),
    passwords: createPasswordWork({ cost: config.auth.bcryptCost }),
    throttle,
    appPasswordKey: app.files.appPasswordKey,
    mailPassword: config.auth.mailPassword,
    clock,
  })
  return auditedAuthenticator(authenticator, signIns)
}

export interface Deliveries {
  readonly deliveries: DeliveryStore
  readonly localDelivery: LocalDelivery
  /** Told how many were made to mailboxes here, for those that `localDelivery` did not make. */
  readonly delivered: (count: number) => void
}

/** For the roles that deliver to mailboxes here. */
export function createDeliveries({ database, feed, context: { config, metrics } }: App): Deliveries {
  const { bounces, within, for: forMs } = config.suppression
  const deliveries = createDeliveryStore({ database, feed, delayNoticeMs: config.delivery.delayNotice, suppression: { afterBounces: bounces, withinMs: within, forMs } })
  let deliveredHere = 0
  metrics.gauge("delivered_here", "Deliveries to mailboxes here, made by this process.", () => deliveredHere)
  const delivered = (count: number): void => void (deliveredHere += count)
  return { deliveries, localDelivery: createLocalDelivery({ deliveries, delivered }), delivered }
}

/** The one door in, and what those who stand at it ask before they let a message near it. */
export interface Door {
  readonly intake: Intake
  readonly quota: QuotaView
  readonly freeSpace: FreeSpace
  readonly rates: SubmissionRates
  readonly outbox: Outbox
  readonly srs: Srs
}

export interface DoorOptions {
  /** What is accepted for mailboxes here is delivered by this process where it can be. */
  readonly here?: Pick<Deliveries, "localDelivery" | "delivered">
  /** For the roles where mail of others comes in. */
  readonly policy?: PolicyParts
  /** For the roles where accounts submit. */
  readonly outbound?: OutboundWatch
}

export async function createDoor(app: App, { here, policy, outbound }: DoorOptions = {}): Promise<Door> {
  const { config, clock, log } = app.context
  const freeSpace = await createFreeSpace(app)
  const rates = createSubmissionRates({ messagesPerHour: config.smtp.messagesPerHour, clock, ...(config.redis.url && { redis: openRedis(app) }) })
  const outbox = openOutbox(app)
  const direct = here && createDirectDelivery({ localDelivery: here.localDelivery, outbox, clock })
  if (direct) app.onClose(() => direct.settled())
  const srs = openSrs(config, app.files.contentKey)
  // planning what an acceptance writes takes half as long as writing it
  const acceptances = openDatabase({
    url: app.context.databaseUrl, poolSize: acceptanceConnections, planOnce: true, answerTimeoutMs: config.database.answerTimeout,
    applicationName: `congthu ${app.context.health.role} acceptances`, onError: (error) => log.warn({ err: error }, "an idle connection to PostgreSQL broke"),
  })
  app.onClose(() => acceptances.close())
  const intake = createIntake({
    directory: app.directory,
    acceptances: createAcceptanceStore({ database: acceptances, log, ...(here && { atOnce: { feed: app.feed, delivered: here.delivered } }) }),
    wake: (_committed, deliveries) => (direct ?? outbox).wake(deliveries),
    rates,
    srs,
    clock,
    config: { hostname: config.hostname, expiryMs: config.delivery.expiry, forwarding: config.forwarding },
    mailLog: createIntakeLog(log),
    isReportAddress: (address) => isReportAddress(config.dns.reportsTo, app.directory.current(), address),
    ...(policy && { policy }),
    ...(outbound && { outbound }),
  })
  return { intake, quota: createQuotaView({ database: app.database, clock }), freeSpace, rates, outbox, srs }
}

export const queueBackend = ({ context: { config, databaseUrl } }: App): QueueBackend =>
  config.redis.url ? { kind: "redis", url: config.redis.url } : { kind: "postgres", url: databaseUrl }

function openOutbox(app: App): Outbox {
  const { clock, log, health } = app.context
  const outbox = createOutbox({ backend: queueBackend(app), clock, log })
  app.onClose(() => outbox.close())
  health.add("queue", async () => {
    if (!outbox.isAvailable()) throw new HealthFault(said("queueAway"))
    return [said("queueReached")]
  })
  return outbox
}

export async function createFreeSpace(app: App): Promise<FreeSpace> {
  const { config, log } = app.context
  const dir = pathOr(config, config.store.blobDir, "blobs")
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const space = watchDiskSpace({ dir, minimumBytes: config.store.minimumFree, log })
  app.onClose(() => space.close())
  await space.ready
  return space
}

/** For mail to others: shared by all workers where there is Redis. */
export function openSendSlots(app: App): SendSlots {
  const alone = createProcessSendSlots(app.context.clock)
  return app.context.config.redis.url ? createRedisSendSlots({ redis: openRedis(app), alone }) : alone
}

/** For limits: answers at once or not at all. */
export function openRedis(app: App): Redis {
  const redis = new Redis(app.context.config.redis.url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1_000 })
  redis.on("error", (error: unknown) => app.context.log.debug({ err: error }, "Redis is away; limits are counted in this process"))
  app.onClose(() => redis.disconnect())
  return redis
}
