import { X509Certificate } from "node:crypto"
import type { Clock } from "../../base/clock.ts"
import type { Certificate } from "../certificate.ts"
import { parseCertificate } from "../parse-certificate.ts"
import type { RevocationFetch } from "./http-fetch.ts"
import { maxOcspBytes, verifyOcspResponse, writeOcspRequest } from "./ocsp.ts"

/**
 * What the responders of our own server certificates say, to be shown to clients in the handshake (RFC 6066 §8). Asked for ahead, so that a handshake finds an answer
 * or none and never waits. Only `good` is shown, and only as long as it says it is good for. Must not know: TLS.
 */
export interface OwnStatuses {
  /** DER of the response about this certificate (SHA-256, lower case hex); undefined when there is none to show. */
  responseFor(fingerprint: string): Buffer | undefined
  /** The certificates in force, PEM, each followed by its issuer; asks for those that are due. */
  renew(chains: readonly (string | Buffer)[]): Promise<void>
  /** The subject of each certificate that its authority has revoked. */
  readonly revoked: readonly string[]
}

export interface OwnStatusesOptions {
  readonly fetch: RevocationFetch
  readonly clock: Clock
  readonly skewMs: number
  readonly log: OwnStatusesLog
}

export interface OwnStatusesLog {
  unanswered(event: { readonly certificate: string; readonly reason: string }): void
}

interface Known {
  readonly response: Buffer | undefined
  /** ms */
  readonly until: number
  readonly askAt: number
  readonly revoked: boolean
  readonly failure: string
}

const minute = 60_000
const retryMs = 5 * minute
/** A response without an end is asked for again as soon as one that ends soon. */
const refreshMs = { least: minute, most: 12 * 60 * minute }
const nothing: Known = { response: undefined, until: 0, askAt: 0, revoked: false, failure: "" }

export function createOwnStatuses({ fetch, clock, skewMs, log }: OwnStatusesOptions): OwnStatuses {
  let known: ReadonlyMap<string, Known> = new Map()
  let subjects: ReadonlyMap<string, string> = new Map()

  const ask = async ({ certificate, issuer }: Issued, before: Known): Promise<Known> => {
    const now = clock.now()
    const failed = (failure: string): Known => {
      if (failure !== before.failure) log.unanswered({ certificate: certificate.subject.text, reason: failure })
      return { ...before, askAt: now + retryMs, failure }
    }
    let failure = ""
    for (const url of certificate.ocspUrls.slice(0, maxUrls)) {
      const question = { certificate, issuer, nonce: null }
      const fetched = await fetch.fetch({ url, maxBytes: maxOcspBytes, post: { type: "application/ocsp-request", body: writeOcspRequest(question) } })
      const answer = fetched.ok ? await verifyOcspResponse(fetched.value, question) : fetched
      if (!fetched.ok || !answer.ok) failure = `${url} ${fetched.ok && !answer.ok ? `gives a response that ${answer.failure}` : fetched.ok ? "" : fetched.failure}`
      else if (answer.value.thisUpdate > now + skewMs || (answer.value.nextUpdate ?? Infinity) <= now) failure = `${url} gives a response that is not for now`
      else if (answer.value.status === "unknown") failure = `${url} does not know the certificate`
      else {
        const { status, thisUpdate, nextUpdate } = answer.value
        const half = nextUpdate === null ? 0 : (nextUpdate - thisUpdate) / 2
        const revoked = status === "revoked"
        return {
          response: revoked ? undefined : Buffer.from(fetched.value), revoked, failure: "",
          until: nextUpdate ?? now + refreshMs.most, askAt: now + Math.min(Math.max(half, refreshMs.least), refreshMs.most),
        }
      }
    }
    return failed(failure)
  }

  return {
    responseFor(fingerprint) {
      const one = known.get(fingerprint)
      return one && clock.now() < one.until ? one.response : undefined
    },
    async renew(chains) {
      const now = clock.now()
      const asked = chains.flatMap((chain) => issuedOf(chain) ?? []).filter(({ certificate }) => certificate.ocspUrls.length > 0)
      subjects = new Map(asked.map(({ certificate }) => [certificate.fingerprint, certificate.subject.text]))
      const entries = asked.map(async (one) => {
        const before = known.get(one.certificate.fingerprint) ?? nothing
        return [one.certificate.fingerprint, now < before.askAt ? before : await ask(one, before)] as const
      })
      known = new Map(await Promise.all(entries))
    },
    get revoked() {
      return [...known].flatMap(([fingerprint, { revoked }]) => (revoked ? [subjects.get(fingerprint) ?? fingerprint] : []))
    },
  }
}

interface Issued {
  readonly certificate: Certificate
  readonly issuer: Certificate
}

/** More than one is for when the first is away. */
const maxUrls = 2

/** Undefined when the issuer is not there, or it is another: nothing that a responder says could be verified. */
function issuedOf(chain: string | Buffer): Issued | undefined {
  const [first, second] = chain.toString().match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (first === undefined || second === undefined) return undefined
  const [certificate, issuer] = [first, second].map((text) => parseCertificate(new X509Certificate(text).raw))
  if (!certificate?.ok || !issuer?.ok || Buffer.compare(certificate.value.issuer.der, issuer.value.subject.der) !== 0) return undefined
  return { certificate: certificate.value, issuer: issuer.value }
}
