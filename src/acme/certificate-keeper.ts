import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { chmod, open, readFile, rename } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../base/clock.ts"
import { readPair } from "../tls/certificate-pair.ts"
import { AcmeError, type CertificateOrder, orderCertificate } from "./acme-client.ts"
import { openAcmeHttp } from "./acme-http.ts"
import { writeCertificateRequest } from "./certificate-request.ts"
import type { ChallengeListener } from "./challenges.ts"

/**
 * Keeps the certificate of a folder in force: orders one when it is due, rests longer after each failure, and puts a new one in place only whole and only when it can be
 * served. What happened is in the folder, so that a process that starts again does not begin anew to ask. Must not know: who serves with it.
 */
export interface CertificateKeeper {
  /** Orders when one is due and no rest is on, or an administrator says so; does nothing otherwise. Never rejects for what the authority does. */
  run(options?: { readonly evenInRest?: boolean }): Promise<void>
  state(): Promise<KeeperState>
  /** Breaks off what is under way. */
  close(): Promise<void>
}

export interface KeeperState {
  /** Why another certificate is wanted; null: the one that is there is good. */
  readonly due: string | null
  /** Names that it ought to be for, and is not. */
  readonly lacking: readonly string[]
  /** One that an authority signed is in force at least until `notAfter` (ms). */
  readonly issued: boolean
  readonly notAfter: number
  /** Orders that failed since the last that did not. */
  readonly failures: number
  /** Of the last failure. */
  readonly reason: string
  /** ms; in the past: at the next look. */
  readonly nextAt: number
}

export interface KeeperOptions extends Pick<CertificateOrder, "directory" | "contacts" | "externalAccount" | "challenge"> {
  readonly dir: string
  readonly names: readonly string[]
  /** PEM; trusted for the authority's own HTTPS beside those of Node. */
  readonly authorities: readonly string[]
  /** Opened for each order, closed after it. */
  readonly proofs: () => Promise<ChallengeListener>
  readonly clock: Clock
  readonly log: KeeperLog
}

export interface KeeperLog {
  obtained(event: { readonly names: readonly string[]; readonly why: string; readonly endsAt: string }): void
  failed(event: { readonly names: readonly string[]; readonly failures: number; readonly reason: string; readonly nextAt: string }): void
}

/** Files of the folder; all of mode 0600. */
export const acmeFiles = (dir: string) => ({ accountKey: join(dir, "account.key"), keyFile: join(dir, "server.key"), certificateFile: join(dir, "server.pem"), tries: join(dir, "tries.json"), challenges: join(dir, "challenges") })

const minute = 60_000
/** Slow enough for authorities that count failed proofs by the hour. */
const restsMs = [minute, 5 * minute, 30 * minute, 2 * 60 * minute, 6 * 60 * minute, 12 * 60 * minute]
const longestRestMs = 7 * 24 * 60 * minute
/** For one order with all its proofs. */
const patienceMs = 10 * minute

interface Tries {
  /** With which settings; what failed with others says nothing. */
  readonly settings: string
  readonly failures: number
  readonly reason: string
  readonly nextAt: number
}

export function createCertificateKeeper(options: KeeperOptions): CertificateKeeper {
  const { dir, names, clock, log } = options
  const files = acmeFiles(dir)
  const abort = new AbortController()
  const settings = settingsOf(options)
  let underWay: Promise<void> | undefined

  const state = async (): Promise<KeeperState> => {
    const [certificate, tries] = await Promise.all([readFile(files.certificateFile), readTries(files.tries, settings)])
    return { ...dueOf(new X509Certificate(certificate), names, clock.now()), ...tries }
  }

  const work = async (evenInRest: boolean): Promise<void> => {
    const { due, failures, nextAt } = await state()
    // a clock that was set back does not make it wait longer than it ever would
    const rests = clock.now() < nextAt && nextAt - clock.now() <= longestRestMs
    if (due === null || (rests && !evenInRest)) return
    try {
      const endsAt = await renew(options, abort.signal)
      await replaceFile(files.tries, JSON.stringify({ settings, failures: 0, reason: "", nextAt: 0 } satisfies Tries))
      log.obtained({ names, why: due, endsAt: new Date(endsAt).toISOString() })
    } catch (error) {
      if (abort.signal.aborted) return
      const reason = reasonOf(error)
      const rest = restsMs[Math.min(failures, restsMs.length - 1)] ?? longestRestMs
      const next = clock.now() + Math.min(Math.max(rest, error instanceof AcmeError ? error.retryAfterMs : 0), longestRestMs)
      await replaceFile(files.tries, JSON.stringify({ settings, failures: failures + 1, reason, nextAt: next } satisfies Tries))
      log.failed({ names, failures: failures + 1, reason, nextAt: new Date(next).toISOString() })
    }
  }

  return {
    state,
    run: ({ evenInRest = false } = {}) => (underWay ??= work(evenInRest).finally(() => (underWay = undefined))),
    async close() {
      abort.abort()
      await underWay?.catch(() => undefined)
    },
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.name === "AbortError" || error.name === "TimeoutError" ? `the authority was not done within ${patienceMs / minute} minutes` : error.message
}

/** Resolves with when the new one ends. */
async function renew({ dir, names, authorities, proofs, clock, ...order }: KeeperOptions, closing: AbortSignal): Promise<number> {
  const files = acmeFiles(dir)
  const signal = AbortSignal.any([closing, AbortSignal.timeout(patienceMs)])
  const [accountKey, key] = await Promise.all([readPrivateKey(files.accountKey), readFile(files.keyFile)])
  const http = openAcmeHttp({ authorities, signal })
  const listener = await proofs()
  try {
    const cert = await orderCertificate({ ...order, accountKey, names, request: writeCertificateRequest(names, createPrivateKey(key)), proofs: listener }, { http, signal })
    const pair = readPair({ cert, key })
    if (!pair.ok) throw new AcmeError(`the authority's certificate cannot be served: ${pair.failure}`)
    const { due, notAfter } = dueOf(new X509Certificate(cert), names, clock.now())
    if (due !== null) throw new AcmeError(`the authority's certificate is of no use: ${due}`)
    await replaceFile(files.certificateFile, cert)
    return notAfter
  } finally {
    http.close()
    await listener.close()
  }
}

/** A third of its life is left: weeks for those of 90 days, days for those of a few. */
function dueOf(certificate: X509Certificate, names: readonly string[], now: number): Pick<KeeperState, "due" | "lacking" | "issued" | "notAfter"> {
  const [from, notAfter] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  const issued = certificate.issuer !== certificate.subject
  const lacking = names.filter((name) => certificate.checkHost(name) === undefined)
  const about = (due: string | null) => ({ due, lacking, issued, notAfter })
  if (!issued) return about("no authority has signed it")
  if (lacking.length > 0) return about(`it is not for ${lacking.join(", ")}`)
  return about(notAfter - now <= (notAfter - from) / 3 ? `it ends on ${certificate.validTo}` : null)
}

export const readPrivateKey = async (file: string): Promise<KeyObject> => createPrivateKey(await readFile(file))

async function readTries(file: string, settings: string): Promise<Omit<Tries, "settings">> {
  try {
    const { settings: of, failures, reason, nextAt } = JSON.parse(await readFile(file, "utf8")) as Partial<Tries>
    if (of === settings) return { failures: Number(failures) || 0, reason: String(reason ?? ""), nextAt: Number(nextAt) || 0 }
  } catch {
    // none yet, or cut short by another hand: as if nothing had been tried
  }
  return { failures: 0, reason: "", nextAt: 0 }
}

const settingsOf = ({ directory, names, challenge, contacts, externalAccount }: KeeperOptions): string =>
  createHash("sha256").update(JSON.stringify([directory, names, challenge, contacts, externalAccount])).digest("hex")

/** Whoever reads meanwhile has the one or the other, whole, and so has whoever starts after a power cut. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.new`, "w", 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await chmod(`${file}.new`, 0o600)
  await rename(`${file}.new`, file)
}
