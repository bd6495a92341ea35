import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type AlgorithmPolicy } from "../../src/pki/algorithm-policy.ts"
import { type CertificateStatuses, type CertificateStatusesOptions, createCertificateStatuses } from "../../src/pki/certificate-status.ts"
import type { Certificate } from "../../src/pki/certificate.ts"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import { mailSigning, type PathPurpose, timeStamping } from "../../src/pki/path-rules.ts"
import { createAllowedUrls } from "../../src/pki/revocation/allowed-url.ts"
import { createRevocationFetch, type RevocationFetch } from "../../src/pki/revocation/http-fetch.ts"
import { createRevocationChecker, type RevocationChecker, type RevocationConfig } from "../../src/pki/revocation/revocation-checker.ts"
import type { RevocationStore } from "../../src/pki/revocation/revocation-store.ts"
import { createPathValidator, type PathValidator } from "../../src/pki/validate-path.ts"
import { createRevocationStore } from "../../src/store/sql/revocations.ts"
import { createTestDatabase, type TestDatabase } from "./database.ts"
import { startRevocationServer, type RevocationServer } from "./revocation-server.ts"
import { testLog } from "./store.ts"

/** A development authority with its servers, and what asks them, on a clock that the test moves. */
export interface SmimeWorld {
  readonly ca: DevelopmentSmimeCa
  readonly server: RevocationServer
  readonly clock: { time: number; now(): number }
  readonly paths: PathValidator
  /** A process of its own: its own memory, the given store. */
  checker(store: RevocationStore, config?: Partial<RevocationConfig>, fetch?: RevocationFetch): RevocationChecker
  /** What such a process thinks of certificates, remembered for five minutes. */
  statuses(purpose: PathPurpose, checker: RevocationChecker, options?: Partial<CertificateStatusesOptions>): CertificateStatuses
  holder(sources?: { readonly crl?: boolean; readonly ocsp?: boolean; readonly serialNumber?: string }): Certificate
  close(): Promise<void>
}

export const minutes = (count: number): number => count * 60_000
export const hours = (count: number): number => minutes(count * 60)

export const testRevocation: RevocationConfig = {
  // patience for a machine that is busy: those who ask in vain say how long they do
  prefer: "ocsp", refresh: minutes(15), maxAge: hours(6), retry: 30_000, timeout: 20_000, skew: minutes(5), nonce: false, lists: [],
}

export const signing: PathPurpose = mailSigning([keyPurpose.emailProtection])
export { timeStamping }

const algorithms: AlgorithmPolicy = { minRsaBits: 2_048, curves: ["P-256", "P-384", "P-521"], digests: ["sha256", "sha384", "sha512"], ed25519: true }

export async function createSmimeWorld({ lastsMs = hours(24) }: { readonly lastsMs?: number } = {}): Promise<SmimeWorld> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-smime-"))
  const clock = {
    time: Date.parse("2026-11-20T08:00:00Z"),
    now() {
      return this.time
    },
  }
  const ca = await openDevelopmentSmimeCa({ dir, clock })
  const server = await startRevocationServer({ ca, now: () => clock.time, lastsMs })
  const paths = createPathValidator({
    anchors: [{ name: "development", certificate: ca.root.certificate, purposes: new Set([keyPurpose.emailProtection, keyPurpose.timeStamping]) }],
    intermediates: [ca.intermediate.certificate],
    algorithms,
  })
  const closers: (() => Promise<void>)[] = []
  return {
    ca, server, clock, paths,
    checker(store, config = {}, otherFetch) {
      const all = { ...testRevocation, ...config, lists: config.lists ?? [server.urls.rootCrl] }
      const fetch = otherFetch ?? createRevocationFetch({ allowed: createAllowedUrls([server.origin]), timeoutMs: all.timeout, restMs: all.retry, clock })
      const checker = createRevocationChecker({ fetch, store, paths: () => paths, clock, config: all, log: testLog })
      closers.push(async () => {
        await checker.close()
        fetch.close()
      })
      return checker
    },
    statuses: (purpose, checker, options) => createCertificateStatuses({ paths: () => paths, purpose, checker, recorded: () => undefined, clock, rememberMs: minutes(5), retryMs: 30_000, ...options }),
    holder({ crl = true, ocsp = true, serialNumber } = {}) {
      const issued = ca.issue({
        subject: { commonName: "Lê Văn C" }, addresses: ["c@tinh.example"], ...(crl && { crlUrls: [server.urls.crl] }), ...(ocsp && { ocspUrls: [server.urls.ocsp] }), ...(serialNumber && { serialNumber }),
      })
      return certificateOf(issued.certificateDer)
    },
    async close() {
      for (const close of closers) await close()
      await server.close()
      await rm(dir, { recursive: true })
    },
  }
}

/** With a store for what is heard of revocation, on a database of its own. */
export interface StoredWorld {
  readonly world: SmimeWorld
  readonly database: TestDatabase
  readonly store: RevocationStore
  close(): Promise<void>
}

export async function createStoredWorld(): Promise<StoredWorld> {
  const [world, database] = await Promise.all([createSmimeWorld(), createTestDatabase()])
  return { world, database, store: createRevocationStore({ database }), close: async () => void (await Promise.all([world.close(), database.drop()])) }
}

export function certificateOf(der: Uint8Array): Certificate {
  const parsed = parseCertificate(der)
  if (!parsed.ok) throw new Error(parsed.failure.detail)
  return parsed.value
}
