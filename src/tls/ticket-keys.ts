import { hkdfSync, randomBytes } from "node:crypto"

/**
 * Keys of session tickets (RFC 5077 §5.5, RFC 8446 §4.6.1): whoever has one reads the TLS 1.2 sessions that its tickets resume, so each lives for half a
 * day and is never written to a disk. All processes of a system have the same: each period's secret is made from the one before by a
 * function that has no way back, and the one before is forgotten. Node decrypts with one key only; a ticket of an earlier period costs its
 * client a whole handshake.
 */
export interface TicketSecret {
  /** Half days since the epoch. */
  readonly period: number
  /** 32 bytes, hex. */
  readonly secret: string
}

const periodMs = 12 * 3_600_000
const secretBytes = 32
/** Name, MAC key and cipher key of 16 bytes each, as `tls.createSecureContext` takes them. */
const ticketKeyBytes = 48
/** As if it had been asleep for longer: a new secret is as good. */
const maxSteps = 10_000

const periodOf = (now: number): number => Math.floor(now / periodMs)

/** Milliseconds until the next period. */
export const untilNextPeriod = (now: number): number => (periodOf(now) + 1) * periodMs - now

export const newTicketSecret = (now: number): TicketSecret => ({ period: periodOf(now), secret: randomBytes(secretBytes).toString("hex") })

/** The secret of now. A clock that was set back changes nothing. */
export function ticketSecretAt(known: TicketSecret, now: number): TicketSecret {
  const period = periodOf(now)
  if (period - known.period > maxSteps) return newTicketSecret(now)
  let { secret } = known
  for (let step = known.period; step < period; step++) secret = derive(secret, "next period", secretBytes).toString("hex")
  return { period: Math.max(period, known.period), secret }
}

/** Each service has its own: a ticket of IMAP opens nothing at SMTP. */
export const ticketKeys = ({ secret }: TicketSecret, service: string): Buffer => derive(secret, `tickets of ${service}`, ticketKeyBytes)

/** RFC 5869. */
const derive = (secret: string, use: string, bytes: number): Buffer => Buffer.from(hkdfSync("sha256", Buffer.from(secret, "hex"), Buffer.alloc(0), `congthu ${use}`, bytes))
