import type { Clock } from "../../base/clock.ts"
import type { Certificate } from "../certificate.ts"
import type { ListerStatus } from "../signature-facts.ts"
import { type Answer, type Heard, latestFirst } from "./answer.ts"
import { type ConfiguredLists, isUrl } from "./configured-lists.ts"
import { statedGood, statusByCrl, type VerifiedCrl } from "./crl.ts"
import { type CrlPlace, crlSource, crlSourceName, type KnownCrl, type SourceMeans } from "./crl-source.ts"
import { deltaUrlsOf, isContinued } from "./delta-lists.ts"
import { type AgeLimits, answerAt, isCurrent, type Statement } from "./evidence.ts"
import { type Kept, KeptAnswers, type KeptAnswersOptions } from "./kept-answers.ts"
import type { ListSigners, Subject } from "./list-signers.ts"
import { maxUrls } from "./ocsp-source.ts"

/**
 * What CRLs say of a certificate: its issuer's, and those that its distribution points name another lister for. A list that was signed by
 * somebody who is not on the certificate's path counts only while lists of that path say that its signer is good (RFC 5280 §6.3.3 (f)).
 */
export interface ListAnswers {
  ask(subject: Subject): Promise<Answer | undefined>
  /** Without asking anybody. What a signer from elsewhere says is left out unless it is that the certificate was revoked: whether he may be believed takes a question. */
  inMemory(subject: Subject): readonly Answer[]
  reload(): void
  close(): Promise<void>
}

export interface ListAnswersOptions {
  readonly keeping: Pick<KeptAnswersOptions<KnownCrl>, "clock" | "refreshMs" | "retryMs" | "onFailure">
  readonly means: SourceMeans
  readonly signers: ListSigners
  readonly configured: ConfiguredLists
  readonly limits: AgeLimits
  readonly clock: Clock
  readonly heard: Heard
}

/** Memory for CRLs: bytes of DER; their index is another quarter. */
const maxListBytes = 256 * 1024 * 1024

export function createListAnswers({ keeping, means, signers, configured, limits, clock, heard }: ListAnswersOptions): ListAnswers {
  const lists = new KeptAnswers<KnownCrl>({ ...keeping, costOf: ({ crl }) => crl.der.length, maxCost: maxListBytes })
  const latestList = async (place: CrlPlace): Promise<Kept<KnownCrl> | undefined> => (await lists.latest(crlSourceName(place), crlSource(place, means))).kept
  const keptList = (place: CrlPlace): Kept<KnownCrl> | undefined => lists.peek(crlSourceName(place))

  const heardOfOne = (kept: Kept<KnownCrl> | undefined, certificate: Certificate): ListAnswer | undefined => {
    const answer = heard(kept, "crl", ({ crl, sha256 }) => ({ statement: { ...statusByCrl(crl, certificate), ...updatesOf(crl) }, evidence: sha256 }))
    return answer && kept && { ...answer, signer: kept.value.crl.signer }
  }
  const heardOfList = (kept: Kept<KnownCrl> | undefined, atDeltas: readonly (Kept<KnownCrl> | undefined)[] | null, certificate: Certificate): ListAnswer | undefined => {
    const own = heardOfOne(kept, certificate)
    if (!kept || !atDeltas) return own
    // a complete list in the place of a delta may have deltas of its own
    const deltas = atDeltas.filter((one) => one !== undefined).filter(({ value }) => value.crl.base !== null)
    const named = latestFirst(deltas.map((delta) => heardOfOne(delta, certificate))).find(({ statement }) => statement.thisUpdate >= kept.value.crl.thisUpdate)
    if (named) return named
    const stated = deltas.map(({ value: { crl }, fetchedAt }) => ({ crl, isCurrent: isCurrent({ ...statedGood, ...updatesOf(crl) }, fetchedAt, clock.now(), limits) }))
    return own?.statement.status === "good" && !isContinued(kept.value.crl, stated) ? undefined : own
  }

  const placesOf = (subject: Subject): readonly CrlPlace[] =>
    listsOf(subject, configured).map(({ url, lister }) => ({ url, lister, issuer: subject.above[0], signers: () => signers.of(subject, lister) }))
  /** Null: nobody has said that there are any. */
  const deltasOf = (kept: Kept<KnownCrl> | undefined, place: CrlPlace, { certificate }: Subject): readonly CrlPlace[] | null => {
    const named = kept ? deltaUrlsOf(certificate, kept.value.crl) : []
    return named.length === 0 ? null : [...named, ...configured.deltasOf(place.lister)].map((url) => ({ ...place, url }))
  }

  /** The answer with what its signer rests on; undefined while that is not known to be good. `path` alone may vouch for those who vouch, so that it ends. */
  const backed = async (answer: ListAnswer, subject: Subject): Promise<Answer | undefined> => {
    const backing = signers.backing(answer.signer, subject)
    if (!backing || backing.length === 0) return backing && answer
    const answers = await Promise.all(backing.map(async (one) => ({ one, said: await answerOf(one, async (direct) => (signers.backing(direct.signer, one)?.length === 0 ? direct : undefined)) })))
    const revocation = answers.flatMap(({ one: { certificate: { fingerprint } }, said }) =>
      said?.statement.status === "good" ? [answerAt(said.statement, { ...said, fingerprint, at: clock.now(), skewMs: limits.skewMs })] : [])
    return revocation.length < backing.length ? undefined : { ...answer, lister: listerStatus(backing, revocation) }
  }

  const answerOf = async (subject: Subject, back: (answer: ListAnswer) => Promise<Answer | undefined>): Promise<Answer | undefined> => {
    let old: Answer | undefined
    for (const place of placesOf(subject)) {
      const kept = await latestList(place)
      const deltas = deltasOf(kept, place, subject)
      const said = heardOfList(kept, deltas && (await Promise.all(deltas.map(latestList))), subject.certificate)
      const answer = said && (await back(said))
      if (answer?.isCurrent) return answer
      old ??= answer
    }
    return old
  }

  return {
    ask: (subject) => answerOf(subject, (answer) => backed(answer, subject)),
    inMemory: (subject) =>
      placesOf(subject).flatMap((place) => {
        const kept = keptList(place)
        const answer = heardOfList(kept, deltasOf(kept, place, subject)?.map(keptList) ?? null, subject.certificate)
        const backing = answer && signers.backing(answer.signer, subject)
        return answer && backing && (backing.length === 0 || answer.statement.status === "revoked") ? [answer] : []
      }),
    reload: () => lists.reload(),
    close: () => lists.close(),
  }
}

interface ListAnswer extends Answer {
  readonly signer: Certificate
}

const listerStatus = ([signer]: readonly Subject[], revocation: ListerStatus["revocation"]): ListerStatus => ({
  chain: signer ? [signer.certificate, ...signer.above].map(({ der }) => Buffer.from(der).toString("base64")) : [],
  revocation,
})

const updatesOf = ({ thisUpdate, nextUpdate }: VerifiedCrl): Pick<Statement, "thisUpdate" | "nextUpdate"> => ({ thisUpdate, nextUpdate })

/** Its own first: they are newer than what somebody copied. Only over HTTP: a certificate does not point into our file system. */
function listsOf({ certificate, above: [issuer] }: Subject, configured: ConfiguredLists): readonly Pick<CrlPlace, "url" | "lister">[] {
  const own = certificate.crlPoints.flatMap(({ lister, urls }) => urls.filter(isUrl).map((url) => ({ url, lister })))
  const listers = [issuer.subject.der, ...certificate.crlPoints.map(({ lister }) => lister)]
  const distinct = new Map(listers.map((lister) => [Buffer.from(lister).toString("base64"), lister])).values()
  return [...own.slice(0, maxUrls), ...[...distinct].flatMap((lister) => configured.of(lister).map((url) => ({ url, lister })))]
}
