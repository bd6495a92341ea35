import type { Logger } from "pino"
import type { Clock } from "../../base/clock.ts"
import type { Certificate } from "../certificate.ts"
import type { RevocationEvidence, SignatureProblem, StapledRevocation } from "../signature-facts.ts"
import { statedGood, statusByCrl, type VerifiedCrl } from "./crl.ts"
import { createConfiguredLists, isUrl } from "./configured-lists.ts"
import { deltaUrlsOf, isContinued } from "./delta-lists.ts"
import { type CrlPlace, crlSource, crlSourceName, type KnownCrl, type SourceMeans } from "./crl-source.ts"
import { type AgeLimits, answerAt, isCurrent, noAnswer, type Statement } from "./evidence.ts"
import { leftAlone, type RevocationFetch } from "./http-fetch.ts"
import { type Kept, KeptAnswers } from "./kept-answers.ts"
import { type KnownOcspAnswer, maxUrls, ocspSource, ocspSourceName } from "./ocsp-source.ts"
import type { RevocationStore } from "./revocation-store.ts"
import { StatusChanges } from "./status-changes.ts"
import { bestStapled, readStapled, type StapledStatement } from "./stapled.ts"

/**
 * Whether the certificates of a path have been revoked: by evidence that came with the message, by what is known already, by their
 * issuers' OCSP responders and CRLs. When nobody can say and the last known answer is too old, it says `unknown`, never `good` (only `revoked` does not age);
 * what then becomes of the message is the policy's choice (`signature: { status: undecided }`).
 * Only for paths that have been validated: the addresses asked are those that a trusted issuer wrote.
 */
export interface RevocationChecker {
  /** `chain`: end certificate first, anchor last. `at`: the moment to judge for, ms; one in the past must be proven. */
  check(request: RevocationRequest): Promise<RevocationCheck>
  /** Heard when a certificate's answer says something else than before, of its fingerprint. Returns how to stop. */
  onChange(listener: (fingerprint: string) => void): () => void
  /** Another process has heard something new: what is in memory is compared with the store before it is used again. */
  reload(): void
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>
}

export interface RevocationRequest {
  readonly chain: readonly Certificate[]
  readonly at: number
  readonly stapled?: readonly StapledRevocation[]
  /** Over the configuration's: thousands of certificates are looked up in a list sooner than asked for one by one. */
  readonly prefer?: "ocsp" | "crl"
  /** False: the caller saves the answers, many at once. */
  readonly saves?: boolean
}

export interface RevocationCheck {
  /** One for each certificate but the anchor. */
  readonly evidence: readonly RevocationEvidence[]
  readonly problems: readonly Extract<SignatureProblem, "revoked" | "revocationUnknown">[]
}

/** `pki.revocation`, durations in ms. */
export interface RevocationConfig {
  readonly prefer: "ocsp" | "crl"
  readonly refresh: number
  readonly maxAge: number
  readonly retry: number
  readonly timeout: number
  readonly skew: number
  readonly nonce: boolean
  /** Further CRLs, URLs or files. */
  readonly lists: readonly string[]
}

export interface RevocationCheckerOptions {
  readonly fetch: RevocationFetch
  readonly store: RevocationStore
  readonly clock: Clock
  readonly config: RevocationConfig
  readonly log: Logger
}

/** Memory for CRLs (bytes of DER; their index is another quarter), and for OCSP answers (count). */
const maxListBytes = 256 * 1024 * 1024
const maxOcspAnswers = 20_000

export function createRevocationChecker({ fetch, store, clock, config, log }: RevocationCheckerOptions): RevocationChecker {
  const limits: AgeLimits = { maxAgeMs: config.maxAge, skewMs: config.skew }
  const configured = createConfiguredLists(config.lists)
  const means: SourceMeans & { readonly nonce: boolean } = { fetch, store, lists: configured, now: () => clock.now(), skewMs: config.skew, nonce: config.nonce }
  // what is said of a server that is left alone was said when it failed, and would be said of thousands of certificates
  const onFailure = (source: string, reason: string): void => log[reason.endsWith(leftAlone) ? "debug" : "warn"]({ source, reason }, "no answer about revocation")
  const keeping = { clock, refreshMs: config.refresh, retryMs: config.retry, onFailure }
  const lists = new KeptAnswers<KnownCrl>({ ...keeping, costOf: ({ crl }) => crl.der.length, maxCost: maxListBytes })
  const responses = new KeptAnswers<KnownOcspAnswer>({ ...keeping, costOf: () => 1, maxCost: maxOcspAnswers * 2 })
  const changes = new StatusChanges()

  /** What counts of something had long ago: all while it is current, and then still that the certificate was revoked; nobody takes that back by being away. */
  const heard = <T>(kept: Kept<T> | undefined, source: Answer["source"], read: (value: T) => { readonly statement: Statement; readonly evidence: string }): Answer | undefined => {
    if (!kept) return undefined
    const { statement, evidence } = read(kept.value)
    const current = isCurrent(statement, kept.fetchedAt, clock.now(), limits)
    return statement.status === "revoked" || (statement.status === "good" && current) ? { statement, source, evidence, isCurrent: current } : undefined
  }
  const heardOfOne = (kept: Kept<KnownCrl> | undefined, certificate: Certificate): Answer | undefined =>
    heard(kept, "crl", ({ crl, sha256 }) => ({ statement: { ...statusByCrl(crl, certificate), ...updatesOf(crl) }, evidence: sha256 }))
  const heardOfList = (kept: Kept<KnownCrl> | undefined, atDeltas: readonly (Kept<KnownCrl> | undefined)[] | null, certificate: Certificate): Answer | undefined => {
    const own = heardOfOne(kept, certificate)
    if (!kept || !atDeltas) return own
    // a complete list in the place of a delta may have deltas of its own
    const deltas = atDeltas.filter((one) => one !== undefined).filter(({ value }) => value.crl.base !== null)
    const named = latestFirst(deltas.map((delta) => heardOfOne(delta, certificate))).find(({ statement }) => statement.thisUpdate >= kept.value.crl.thisUpdate)
    if (named) return named
    const stated = deltas.map(({ value: { crl }, fetchedAt }) => ({ crl, isCurrent: isCurrent({ ...statedGood, ...updatesOf(crl) }, fetchedAt, clock.now(), limits) }))
    return own?.statement.status === "good" && !isContinued(kept.value.crl, stated) ? undefined : own
  }
  /** Null: nobody has said that there are any. */
  const deltasOf = (kept: Kept<KnownCrl> | undefined, certificate: Certificate, issuer: Certificate): readonly CrlPlace[] | null => {
    const named = kept ? deltaUrlsOf(certificate, kept.value.crl) : []
    return named.length === 0 ? null : [...named, ...configured.deltasOf(issuer)].map((url) => ({ url, issuer }))
  }
  const heardOfResponder = (kept: Kept<KnownOcspAnswer> | undefined): Answer | undefined => heard(kept, "ocsp", ({ answer, document }) => ({ statement: answer, evidence: document.sha256 }))

  const latestList = async (place: CrlPlace): Promise<Kept<KnownCrl> | undefined> => (await lists.latest(crlSourceName(place), crlSource(place, means))).kept

  const byLists = async (certificate: Certificate, issuer: Certificate): Promise<Answer | undefined> => {
    let old: Answer | undefined
    for (const url of listsOf(certificate, configured.of(issuer))) {
      const kept = await latestList({ url, issuer })
      const deltas = deltasOf(kept, certificate, issuer)
      const answer = heardOfList(kept, deltas && (await Promise.all(deltas.map(latestList))), certificate)
      if (answer?.isCurrent) return answer
      old ??= answer
    }
    return old
  }

  const byResponder = async (certificate: Certificate, issuer: Certificate): Promise<Answer | undefined> => {
    if (certificate.ocspUrls.length === 0) return undefined
    const place = { certificate, issuer }
    const { kept } = await responses.latest(ocspSourceName(place), ocspSource(place, means))
    const responder = kept?.value.answer.uncheckedResponder
    // RFC 6960 §4.2.2.2.1: asked of a list, for another responder could be as revoked as this one
    if (responder && (await byLists(responder, issuer))?.statement.status !== "good") return undefined
    return heardOfResponder(kept)
  }

  /** Without asking anybody, the latest first. A delegated responder's is left out unless it says revoked: whether it may be believed takes a question. */
  const inMemory = (certificate: Certificate, issuer: Certificate): readonly Answer[] => {
    const response = responses.peek(ocspSourceName({ certificate, issuer }))
    const byResponse = heardOfResponder(response)
    const believed = byResponse?.statement.status === "revoked" || response?.value.answer.uncheckedResponder === null ? byResponse : undefined
    const byList = listsOf(certificate, configured.of(issuer)).map((url) => {
      const kept = lists.peek(crlSourceName({ url, issuer }))
      return heardOfList(kept, deltasOf(kept, certificate, issuer)?.map((place) => lists.peek(crlSourceName(place))) ?? null, certificate)
    })
    return latestFirst([believed, ...byList])
  }

  const checkOne = async (certificate: Certificate, issuer: Certificate, stapled: readonly StapledStatement[], { at, prefer = config.prefer }: RevocationRequest): Promise<RevocationEvidence> => {
    const { fingerprint } = certificate
    const place = { fingerprint, at, skewMs: config.skew }
    const now = clock.now()
    const came = bestStapled(stapled.filter(({ statement }) => isCurrent(statement, statement.thisUpdate, now, limits)))
    const byStapled = async ({ statement, document }: StapledStatement): Promise<RevocationEvidence> => {
      await store.keep(document)
      return answerAt(statement, { ...place, source: "stapled", evidence: document.sha256 })
    }
    // whoever signs chooses what comes along, and would choose the answer from before the revocation
    const spares = came && (came.statement.status === "revoked" || (now - came.statement.thisUpdate < config.refresh && (inMemory(certificate, issuer)[0]?.statement.thisUpdate ?? -Infinity) <= came.statement.thisUpdate))
    if (spares) return byStapled(came)
    let old: Answer | undefined
    for (const ask of prefer === "crl" ? [byLists, byResponder] : [byResponder, byLists]) {
      const answer = await ask(certificate, issuer)
      if (answer?.isCurrent) return answerAt(answer.statement, { ...place, ...answer })
      old ??= answer
    }
    if (came && (!old || old.statement.thisUpdate < came.statement.thisUpdate)) return byStapled(came)
    return old ? answerAt(old.statement, { ...place, ...old }) : noAnswer(fingerprint)
  }

  return {
    async check(request) {
      const { chain, stapled = [] } = request
      const pairs = chain.flatMap((certificate, index) => {
        const issuer = chain[index + 1]
        return issuer ? [{ certificate, issuer }] : []
      })
      const came = await readStapled(stapled, pairs)
      // each source has its own time limit; those of many must not add up for a message that waits
      const evidence = await within(config.timeout * 2, pairs.map(({ certificate, issuer }) => ({
        work: checkOne(certificate, issuer, came.get(certificate.fingerprint) ?? [], request),
        late() {
          const [latest] = inMemory(certificate, issuer)
          return latest ? answerAt(latest.statement, { ...latest, fingerprint: certificate.fingerprint, at: request.at, skewMs: config.skew }) : noAnswer(certificate.fingerprint)
        },
      })))
      const news = changes.notice(evidence)
      if (news.length > 0 && request.saves !== false) await store.saveAnswers(news, clock.now())
      const has = (status: RevocationEvidence["status"]): boolean => evidence.some((one) => one.status === status)
      return { evidence, problems: [...(has("revoked") ? (["revoked"] as const) : []), ...(has("unknown") ? (["revocationUnknown"] as const) : [])] }
    },
    onChange: (listener) => changes.listen(listener),
    reload() {
      lists.reload()
      responses.reload()
    },
    async close() {
      await Promise.all([lists.close(), responses.close()])
    },
  }
}

/** `good`, or `revoked`, which alone may be old. */
interface Answer {
  readonly statement: Statement
  readonly source: "crl" | "ocsp"
  readonly evidence: string
  readonly isCurrent: boolean
}

const latestFirst = (answers: readonly (Answer | undefined)[]): readonly Answer[] =>
  answers.filter((answer) => answer !== undefined).toSorted((a, b) => b.statement.thisUpdate - a.statement.thisUpdate)

const updatesOf = ({ thisUpdate, nextUpdate }: VerifiedCrl): Pick<Statement, "thisUpdate" | "nextUpdate"> => ({ thisUpdate, nextUpdate })

/** Its own first: they are newer than what somebody copied. Only over HTTP: a certificate does not point into our file system. */
const listsOf = ({ crlUrls }: Certificate, configured: readonly string[]): readonly string[] => [...crlUrls.filter(isUrl).slice(0, maxUrls), ...configured]

/** What each work gives, or `late` in its place once the time is over; the work goes on for those who ask next. */
async function within<T>(ms: number, works: readonly { readonly work: Promise<T>; readonly late: () => T }[]): Promise<readonly T[]> {
  const { promise: timeOver, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  try {
    return await Promise.all(works.map(({ work, late }) => Promise.race([work, timeOver.then(late)])))
  } finally {
    clearTimeout(timer)
  }
}
