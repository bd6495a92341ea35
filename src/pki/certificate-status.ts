import { createHash } from "node:crypto"
import type { Clock } from "../base/clock.ts"
import type { Certificate } from "./certificate.ts"
import type { PathPurpose } from "./path-rules.ts"
import type { RevocationChecker } from "./revocation/revocation-checker.ts"
import { type CertificateStatus, type RevocationEvidence, type StapledRevocation, withListers } from "./signature-facts.ts"
import type { PathValidator } from "./validate-path.ts"

/**
 * What is to be thought of a certificate: its path to an anchor, then whether anything on the path is revoked. Revocation is only asked
 * of paths that are good: a stranger's certificate never makes us fetch anything. Remembered for minutes, and forgotten at once when
 * an answer changes. What is recorded here, by the registry, is asked every time: it takes effect on the next message.
 */
export interface CertificateStatuses {
  of(request: StatusRequest): Promise<CertificateStatus>
  /** Of these certificates, or of all: anchors, answers or the registry changed. */
  forget(fingerprints?: readonly string[]): void
  close(): void
}

export interface StatusRequest {
  readonly certificate: Certificate
  /** Came along with it. */
  readonly pool: readonly Certificate[]
  /** The moment to judge for, ms; one in the past must be proven (a verified time stamp). */
  readonly at: number
  readonly stapled?: readonly StapledRevocation[]
}

/** A revocation that is known without asking its issuer. */
export interface RecordedRevocation {
  readonly revokedAt: number
  /** RFC 5280 §5.3.1 by name; empty when not given. */
  readonly reason: string
}

export interface CertificateStatusesOptions {
  /** The path validator of now: other anchors mean another one. */
  readonly paths: () => PathValidator
  readonly purpose: PathPurpose
  readonly checker: RevocationChecker
  /** What the registry says of a certificate, from memory. */
  readonly recorded: (fingerprint: string) => RecordedRevocation | undefined
  readonly clock: Clock
  readonly rememberMs: number
  /** An answer of which a part is unknown is asked for again sooner. */
  readonly retryMs: number
  /** Most that the remembered ones may hold, in characters of their chains. Chains may be long; a certificate comes with as many different companies as somebody cares to send. */
  readonly maxRememberedChars?: number
}

interface Remembered {
  readonly status: CertificateStatus
  /** Asked for a moment in this window, ms, and until then. */
  readonly from: number
  readonly until: number
  readonly expires: number
  readonly chars: number
}

const maxRemembered = 20_000
const defaultRememberedChars = 64 * 1024 * 1024

export function createCertificateStatuses(options: CertificateStatusesOptions): CertificateStatuses {
  const { paths, purpose, checker, recorded, clock, rememberMs, retryMs, maxRememberedChars = defaultRememberedChars } = options
  const remembered = new Map<string, Remembered>()
  let chars = 0
  const drop = (key: string): void => {
    chars -= remembered.get(key)?.chars ?? 0
    remembered.delete(key)
  }
  /** Which remembered ones have the certificate on their path. */
  const forget = (fingerprints?: readonly string[]): void => {
    if (!fingerprints) {
      chars = 0
      return remembered.clear()
    }
    const changed = new Set(fingerprints)
    for (const [key, { status }] of remembered) if (changed.has(status.fingerprint) || withListers(status.revocation).some(({ fingerprint }) => changed.has(fingerprint))) drop(key)
  }
  const stop = checker.onChange((fingerprint) => forget([fingerprint]))

  const remember = (key: string, status: CertificateStatus, chain: readonly Certificate[]): void => {
    const now = clock.now()
    const lasts = status.problems.includes("revocationUnknown") ? Math.min(retryMs, rememberMs) : rememberMs
    drop(key)
    const size = status.chain.reduce((sum, { length }) => sum + length, 1_000)
    chars += size
    remembered.set(key, {
      status,
      chars: size,
      from: Math.max(status.at, ...chain.map(({ notBefore }) => notBefore)),
      until: Math.min(status.at + lasts, ...chain.map(({ notAfter }) => notAfter)),
      expires: now + lasts,
    })
    for (const oldest of remembered.keys()) {
      if (remembered.size <= maxRemembered && chars <= maxRememberedChars) break
      drop(oldest)
    }
  }

  const find = async ({ certificate, pool, at, stapled = [] }: StatusRequest): Promise<{ readonly status: CertificateStatus; readonly chain: readonly Certificate[] }> => {
    const path = paths().validate({ certificate, intermediates: pool, purpose, at })
    const found = { fingerprint: certificate.fingerprint, chain: path.chain.map(({ der }) => Buffer.from(der).toString("base64")), anchor: path.anchor, at }
    if (path.problems.length > 0 || path.chain.length === 0) return { status: { ...found, problems: path.problems, revocation: [] }, chain: path.chain }
    const { evidence, problems } = await checker.check({ chain: path.chain, at, stapled })
    return { status: { ...found, problems, revocation: evidence }, chain: path.chain }
  }

  return {
    async of(request) {
      const key = keyOf(request)
      const known = remembered.get(key)
      const isKnown = known && known.expires > clock.now() && known.from <= request.at && request.at <= known.until
      if (isKnown) return withRecorded({ ...known.status, at: request.at }, request, recorded)
      const { status, chain } = await find(request)
      remember(key, status, chain)
      return withRecorded(status, request, recorded)
    },
    forget,
    close: stop,
  }
}

/** What came along may have found the path, or spoken of revocation: other company, another answer. */
function keyOf({ certificate, pool, stapled = [] }: StatusRequest): string {
  const hash = createHash("sha256")
  for (const { fingerprint } of pool) hash.update(fingerprint)
  for (const { kind, der } of stapled) hash.update(`${kind} ${der} `)
  return `${certificate.fingerprint} ${hash.digest("base64")}`
}

/** A revocation on record outweighs what the issuer's list does not say yet. */
function withRecorded(status: CertificateStatus, { certificate: { fingerprint }, at }: StatusRequest, recorded: CertificateStatusesOptions["recorded"]): CertificateStatus {
  const record = recorded(fingerprint)
  if (!record || record.revokedAt > at || status.problems.includes("revoked")) return status
  const evidence: RevocationEvidence = { fingerprint, status: "revoked", source: "none", producedAt: null, nextUpdate: null, revokedAt: record.revokedAt, reason: record.reason, evidence: null }
  return { ...status, problems: [...status.problems, "revoked"], revocation: [evidence, ...status.revocation.filter((one) => one.fingerprint !== fingerprint)] }
}
