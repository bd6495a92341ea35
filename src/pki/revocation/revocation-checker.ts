import type { Logger } from "pino"
import type { Clock } from "../../base/clock.ts"
import type { Certificate } from "../certificate.ts"
import { type RevocationEvidence, type SignatureProblem, type StapledRevocation, withListers } from "../signature-facts.ts"
import type { PathValidator } from "../validate-path.ts"
import { type Answer, type Heard, latestFirst } from "./answer.ts"
import { createConfiguredLists } from "./configured-lists.ts"
import type { SourceMeans } from "./crl-source.ts"
import { type AgeLimits, answerAt, isCurrent, noAnswer } from "./evidence.ts"
import { leftAlone, type RevocationFetch } from "./http-fetch.ts"
import { type Kept, KeptAnswers } from "./kept-answers.ts"
import { createListAnswers } from "./list-answers.ts"
import { createListSigners, type Subject, subjectsOf } from "./list-signers.ts"
import { type KnownOcspAnswer, ocspSource, ocspSourceName } from "./ocsp-source.ts"
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
  /** The path validator of now: it knows who else may sign lists. */
  readonly paths: () => PathValidator
  readonly clock: Clock
  readonly config: RevocationConfig
  readonly log: Logger
}

/** Memory for OCSP answers (count). */
const maxOcspAnswers = 20_000

export function createRevocationChecker({ fetch, store, paths, clock, config, log }: RevocationCheckerOptions): RevocationChecker {
  const limits: AgeLimits = { maxAgeMs: config.maxAge, skewMs: config.skew }
  const configured = createConfiguredLists(config.lists)
  const means: SourceMeans & { readonly nonce: boolean } = { fetch, store, lists: configured, now: () => clock.now(), skewMs: config.skew, nonce: config.nonce }
  // what is said of a server that is left alone was said when it failed, and would be said of thousands of certificates
  const onFailure = (source: string, reason: string): void => log[reason.endsWith(leftAlone) ? "debug" : "warn"]({ source, reason }, "no answer about revocation")
  const keeping = { clock, refreshMs: config.refresh, retryMs: config.retry, onFailure }
  const heard: Heard = (kept, source, read) => {
    if (!kept) return undefined
    const { statement, evidence } = read(kept.value)
    const current = isCurrent(statement, kept.fetchedAt, clock.now(), limits)
    return statement.status === "revoked" || (statement.status === "good" && current) ? { statement, source, evidence, isCurrent: current } : undefined
  }
  const lists = createListAnswers({ keeping, means, signers: createListSigners({ paths, clock }), configured, limits, clock, heard })
  const responses = new KeptAnswers<KnownOcspAnswer>({ ...keeping, costOf: () => 1, maxCost: maxOcspAnswers * 2 })
  const changes = new StatusChanges()

  const heardOfResponder = (kept: Kept<KnownOcspAnswer> | undefined): Answer | undefined => heard(kept, "ocsp", ({ answer, document }) => ({ statement: answer, evidence: document.sha256 }))

  const byResponder = async ({ certificate, above }: Subject): Promise<Answer | undefined> => {
    if (certificate.ocspUrls.length === 0) return undefined
    const place = { certificate, issuer: above[0] }
    const { kept } = await responses.latest(ocspSourceName(place), ocspSource(place, means))
    const responder = kept?.value.answer.uncheckedResponder
    // RFC 6960 §4.2.2.2.1: asked of a list, for another responder could be as revoked as this one
    if (responder && (await lists.ask({ certificate: responder, above }))?.statement.status !== "good") return undefined
    return heardOfResponder(kept)
  }

  /** Without asking anybody, the latest first. A delegated responder's is left out unless it says revoked: whether it may be believed takes a question. */
  const inMemory = (subject: Subject): readonly Answer[] => {
    const response = responses.peek(ocspSourceName({ certificate: subject.certificate, issuer: subject.above[0] }))
    const byResponse = heardOfResponder(response)
    const believed = byResponse?.statement.status === "revoked" || response?.value.answer.uncheckedResponder === null ? byResponse : undefined
    return latestFirst([believed, ...lists.inMemory(subject)])
  }

  const checkOne = async (subject: Subject, stapled: readonly StapledStatement[], { at, prefer = config.prefer }: RevocationRequest): Promise<RevocationEvidence> => {
    const { fingerprint } = subject.certificate
    const place = { fingerprint, at, skewMs: config.skew }
    const now = clock.now()
    const came = bestStapled(stapled.filter(({ statement }) => isCurrent(statement, statement.thisUpdate, now, limits)))
    const byStapled = async ({ statement, document }: StapledStatement): Promise<RevocationEvidence> => {
      await store.keep(document)
      return answerAt(statement, { ...place, source: "stapled", evidence: document.sha256 })
    }
    // whoever signs chooses what comes along, and would choose the answer from before the revocation
    const spares = came && (came.statement.status === "revoked" || (now - came.statement.thisUpdate < config.refresh && (inMemory(subject)[0]?.statement.thisUpdate ?? -Infinity) <= came.statement.thisUpdate))
    if (spares) return byStapled(came)
    let old: Answer | undefined
    for (const ask of prefer === "crl" ? [lists.ask, byResponder] : [byResponder, lists.ask]) {
      const answer = await ask(subject)
      if (answer?.isCurrent) return answerAt(answer.statement, { ...place, ...answer })
      old ??= answer
    }
    if (came && (!old || old.statement.thisUpdate < came.statement.thisUpdate)) return byStapled(came)
    return old ? answerAt(old.statement, { ...place, ...old }) : noAnswer(fingerprint)
  }

  return {
    async check(request) {
      const { chain, stapled = [] } = request
      const subjects = subjectsOf(chain)
      const came = await readStapled(stapled, subjects)
      // each source has its own time limit; those of many must not add up for a message that waits
      const evidence = await within(config.timeout * 2, subjects.map((subject) => ({
        work: checkOne(subject, came.get(subject.certificate.fingerprint) ?? [], request),
        late() {
          const { fingerprint } = subject.certificate
          const [latest] = inMemory(subject)
          return latest ? answerAt(latest.statement, { ...latest, fingerprint, at: request.at, skewMs: config.skew }) : noAnswer(fingerprint)
        },
      })))
      const news = changes.notice(withListers(evidence))
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
