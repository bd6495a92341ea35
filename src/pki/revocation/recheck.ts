import { nextTurn } from "../../base/turn.ts"
import type { Certificate } from "../certificate.ts"
import type { PathPurpose } from "../path-rules.ts"
import type { RevocationEvidence } from "../signature-facts.ts"
import type { PathValidator } from "../validate-path.ts"
import type { RevocationChecker } from "./revocation-checker.ts"
import type { RevocationStore } from "./revocation-store.ts"

/**
 * Looks all certificates of the registry up again, so that the console knows of a revocation before its holder writes the next message, and
 * the first message of the day finds the lists already there. Lists first: one download speaks for thousands.
 */
export interface RecheckOptions {
  readonly certificates: AsyncIterable<Certificate> | Iterable<Certificate>
  readonly paths: PathValidator
  readonly purpose: PathPurpose
  readonly checker: RevocationChecker
  readonly store: RevocationStore
  readonly now: number
  readonly onProgress?: (checked: number) => void
}

export interface RecheckSummary {
  readonly checked: number
  readonly good: number
  readonly revoked: number
  readonly unknown: number
  /** Without a good path: expired, or of an authority that is no longer trusted. Not asked for. */
  readonly withoutPath: number
  /** Fingerprints of those whose answer says something else than the last known one. */
  readonly changed: readonly string[]
}

/** Certificates under way at once: those of one authority wait for one list, the others must not wait behind them. */
const atOnce = 32
/** A row takes some microseconds to write down, on the event loop. */
const answersAtOnce = 200

export async function recheckCertificates({ certificates, paths, purpose, checker, store, now, onProgress }: RecheckOptions): Promise<RecheckSummary> {
  const count = { good: 0, revoked: 0, unknown: 0, withoutPath: 0 }
  const changed: string[] = []
  let checked = 0
  let answers = new Map<string, RevocationEvidence>()

  const save = async (): Promise<void> => {
    const some = [...answers.values()]
    answers = new Map()
    changed.push(...(await store.saveAnswers(some, now)))
  }
  const checkOne = async (certificate: Certificate): Promise<void> => {
    const path = paths.validate({ certificate, intermediates: [], purpose, at: now })
    checked++
    await nextTurn()
    if (path.problems.length > 0) count.withoutPath++
    else {
      const { evidence, problems } = await checker.check({ chain: path.chain, at: now, prefer: "crl", saves: false })
      count[problems.includes("revoked") ? "revoked" : problems.includes("revocationUnknown") ? "unknown" : "good"]++
      for (const one of evidence) if (one.source !== "none") answers.set(one.fingerprint, one)
    }
    onProgress?.(checked)
  }

  const underWay = new Set<Promise<void>>()
  for await (const certificate of certificates) {
    // reading one, finding its path and asking about it cost a millisecond each, and ten when they are new to the compiler: every step has its own turn
    await nextTurn()
    const one = checkOne(certificate).finally(() => underWay.delete(one))
    underWay.add(one)
    if (underWay.size >= atOnce) await Promise.race(underWay)
    if (answers.size >= answersAtOnce) await save()
    // promises that are already kept give nobody else a turn
    await nextTurn()
  }
  await Promise.all(underWay)
  await save()
  return { checked, ...count, changed }
}
