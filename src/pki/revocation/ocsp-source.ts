import { randomBytes } from "node:crypto"
import { failed, ok, type Result } from "../../base/result.ts"
import type { Certificate } from "../certificate.ts"
import type { SourceMeans } from "./crl-source.ts"
import { documentOf } from "./evidence.ts"
import type { Source } from "./kept-answers.ts"
import { maxOcspBytes, type OcspAnswer, type OcspQuestion, verifyOcspResponse, writeOcspRequest } from "./ocsp.ts"
import type { RevocationDocument } from "./revocation-store.ts"

/** What the responders of one certificate say of it. */
export interface KnownOcspAnswer {
  readonly answer: OcspAnswer
  readonly document: RevocationDocument
}

export interface OcspPlace {
  readonly certificate: Certificate
  readonly issuer: Certificate
}

export const ocspSourceName = ({ certificate }: OcspPlace): string => `ocsp ${certificate.fingerprint}`

/** More than one responder is for when the first is away; a certificate that names many would make us wait for all. */
export const maxUrls = 2
/** RFC 9654 §2.1. */
const nonceBytes = 32

export function ocspSource(place: OcspPlace, { fetch, store, now, skewMs, nonce }: SourceMeans & { readonly nonce: boolean }): Source<KnownOcspAnswer> {
  const name = ocspSourceName(place)

  const askOne = async (url: string): Promise<Result<KnownOcspAnswer, string>> => {
    const question: OcspQuestion = { ...place, nonce: nonce ? randomBytes(nonceBytes) : null }
    const fetched = await fetch.fetch({ url, maxBytes: maxOcspBytes, post: { type: "application/ocsp-request", body: writeOcspRequest(question) } })
    if (!fetched.ok) return failed(`${url} ${fetched.failure}`)
    const verified = await verifyOcspResponse(fetched.value, question)
    if (!verified.ok) return failed(`${url} gives a response that ${verified.failure}`)
    const { status, thisUpdate, nextUpdate } = verified.value
    if (status === "unknown") return failed(`${url} does not know the certificate`)
    if (thisUpdate > now() + skewMs) return failed(`${url} gives a response from the future`)
    if (nextUpdate !== null && nextUpdate + skewMs < now()) return failed(`${url} gives a response that is out of date`)
    return ok({ answer: verified.value, document: await documentOf("ocsp", fetched.value) })
  }

  return {
    async load(known) {
      const latest = await store.latest(name)
      if (!latest) return undefined
      if (latest.sha256 === known?.value.document.sha256) return { value: known.value, fetchedAt: latest.fetchedAt }
      const der = await store.read(latest.sha256)
      if (!der) return undefined
      const verified = await verifyOcspResponse(der, { ...place, nonce: null })
      return verified.ok ? { value: { answer: verified.value, document: await documentOf("ocsp", der) }, fetchedAt: latest.fetchedAt } : undefined
    },
    async ask() {
      let last: Result<KnownOcspAnswer, string> = failed("names no responder")
      for (const url of place.certificate.ocspUrls.slice(0, maxUrls)) {
        last = await askOne(url)
        if (last.ok) break
      }
      return last
    },
    save: ({ value: { document }, fetchedAt }) => store.saveLatest(name, document, fetchedAt),
    isOlder: ({ answer }, known) => answer.thisUpdate < known.answer.thisUpdate,
  }
}
