import type { App } from "../app.ts"
import { createAllowedUrls } from "../pki/revocation/allowed-url.ts"
import { createRevocationFetch } from "../pki/revocation/http-fetch.ts"
import { createOwnStatuses } from "../pki/revocation/own-statuses.ts"
import { HealthFault } from "../telemetry/health.ts"
import { healthText, said, type Said } from "../telemetry/health-words.ts"
import { createCertificateLog } from "../telemetry/mail-log.ts"
import { openCertificateFiles } from "../tls/certificate-files.ts"
import type { CertificatePair } from "../tls/certificate-pair.ts"
import { certificateStandings, type Standings } from "../tls/certificate-health.ts"
import { type ChangingTls, createListenerTls, type ListenerTls } from "../tls/listener-tls.ts"
import { ticketKeys, ticketSecretAt, untilNextPeriod } from "../tls/ticket-keys.ts"

const leastReloadMs = 1_000

/** The TLS of a role's listeners: certificates from their files, read again now and then and at SIGHUP, and ticket keys that change twice a day. */
export async function openListenerTls(app: App, service: "smtp" | "imap" | "web"): Promise<ListenerTls> {
  const { config, clock, log, health, metrics, onReload } = app.context
  const tlsLog = createCertificateLog(log)
  const files = await openCertificateFiles(app.files.certificates, tlsLog)
  let secret = ticketSecretAt(app.context.ticketSecret, clock.now())
  const statuses = openOwnStatuses(app, tlsLog)
  const tls = createListenerTls({ pairs: files.pairs, ticketKeys: ticketKeys(secret, service) }, { service, ocspResponse: statuses.responseFor })
  const stateOfNow = () => stateOf({ standings: certificateStandings(files.pairs, clock.now()), unusable: files.problems, revoked: statuses.revoked })
  // in the background: a door opens without it
  const askStatuses = (): void => statuses.ask(files.pairs)
  askStatuses()

  const reload = (): void => {
    files.reload().then(
      (changed) => {
        if (changed) tls.change({ pairs: files.pairs })
        return askStatuses()
      },
      (error: unknown) => log.error({ err: error }, "tls: certificates could not be read again"),
    )
  }
  const reloading = setInterval(reload, Math.max(config.tls.reload, leastReloadMs)).unref()
  onReload(reload)
  const rotation = rotate(tls, () => {
    secret = ticketSecretAt(secret, clock.now())
    const { kind, all } = stateOfNow()
    if (kind !== "good") tlsLog.ends({ detail: healthText(all, "en") ?? "" })
    return { keys: ticketKeys(secret, service), nextMs: untilNextPeriod(clock.now()) }
  }, untilNextPeriod(clock.now()))
  app.onClose(() => {
    clearInterval(reloading)
    rotation.stop()
  })

  health.add("certificates", async () => {
    const { kind, all } = stateOfNow()
    if (kind === "problem") throw new HealthFault(...all)
    return kind === "warning" ? { warning: all } : all
  })
  metrics.gauge("tls_certificate_ends_seconds", "When the first of this process's server certificates ends, seconds since the epoch.", () => Math.min(...files.pairs.map(({ notAfter }) => notAfter)) / 1000)
  return tls
}

interface CertificateFacts {
  readonly standings: Standings
  /** Files that were not taken in the place of the ones before. */
  readonly unusable: readonly string[]
  readonly revoked: readonly string[]
}

function stateOf({ standings: { ended, ending, good }, unusable, revoked }: CertificateFacts): { readonly kind: "good" | "warning" | "problem"; readonly all: readonly Said[] } {
  const wrong = [
    ...unusable.map((reason) => said("certificateUnusable", { reason })), ...revoked.map((name) => said("certificateRevoked", { name })),
    ...ended.map((one) => said("certificateEnded", { ...one })),
  ]
  if (wrong.length > 0) return { kind: "problem", all: wrong }
  if (ending.length > 0) return { kind: "warning", all: ending.map((one) => said("certificateEnds", { ...one })) }
  return { kind: "good", all: good.map((one) => said("certificateGood", { ...one })) }
}

interface ListenerStatuses {
  readonly responseFor: (fingerprint: string) => Buffer | undefined
  readonly revoked: readonly string[]
  ask(pairs: readonly CertificatePair[]): void
}

/** Each process asks for itself: a handful of questions in a day. Where `pki.revocation.allow` forbids it nobody is asked. */
function openOwnStatuses(app: App, certificateLog: ReturnType<typeof createCertificateLog>): ListenerStatuses {
  const { config: { pki: { revocation } }, clock, log } = app.context
  const fetch = createRevocationFetch({ allowed: createAllowedUrls(revocation.allow), timeoutMs: revocation.timeout, restMs: revocation.retry, clock })
  const statuses = createOwnStatuses({ fetch, clock, skewMs: revocation.skew, log: certificateLog })
  let underWay: Promise<void> | undefined
  app.onClose(async () => {
    fetch.close()
    await underWay
  })
  return {
    responseFor: (fingerprint) => statuses.responseFor(fingerprint),
    get revoked() {
      return statuses.revoked
    },
    ask(pairs) {
      underWay ??= statuses
        .renew(pairs.map(({ cert }) => cert))
        .catch((error: unknown) => log.error({ err: error }, "tls: the status of a certificate could not be asked for"))
        .finally(() => (underWay = undefined))
    },
  }
}

function rotate(tls: ChangingTls, next: () => { readonly keys: Buffer; readonly nextMs: number }, firstMs: number): { stop(): void } {
  let timer = setTimeout(turn, firstMs).unref()
  function turn(): void {
    const { keys, nextMs } = next()
    tls.change({ ticketKeys: keys })
    timer = setTimeout(turn, nextMs).unref()
  }
  return { stop: () => clearTimeout(timer) }
}
