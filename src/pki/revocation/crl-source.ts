import { hash } from "node:crypto"
import { failed, ok, type Result } from "../../base/result.ts"
import type { Certificate } from "../certificate.ts"
import { maxCrlBytes, readCrl, type VerifiedCrl, verifyCrl } from "./crl.ts"
import { type ConfiguredLists, isUrl, readListFile } from "./configured-lists.ts"
import { documentOf } from "./evidence.ts"
import type { RevocationFetch } from "./http-fetch.ts"
import type { Source } from "./kept-answers.ts"
import type { RevocationStore } from "./revocation-store.ts"

/** One CRL at one URL, for what one authority issued. By that one's key too: another authority that names the same URL must not spoil what the right one gets from there. */
export interface KnownCrl {
  readonly crl: VerifiedCrl
  readonly sha256: string
}

export interface CrlPlace {
  /** Of a configured list also the path of a file. */
  readonly url: string
  /** Of the certificate that is asked about. */
  readonly issuer: Certificate
  /** DER of the name of whoever makes the list: the issuer, or another for it. */
  readonly lister: Uint8Array
  /** Certificates of that name whose signature is taken. */
  readonly signers: () => readonly Certificate[]
}

export function crlSourceName({ url, issuer, lister }: CrlPlace): string {
  const other = Buffer.compare(lister, issuer.subject.der) === 0 ? "" : ` ${hash("sha256", lister)}`
  return `crl ${hash("sha256", issuer.publicKeyInfo)}${other} ${url}`
}

export interface SourceMeans {
  readonly fetch: RevocationFetch
  readonly store: RevocationStore
  /** Configured lists (`pki.revocation.lists`). */
  readonly lists: ConfiguredLists
  readonly now: () => number
  readonly skewMs: number
}

export function crlSource(place: CrlPlace, { fetch, store, lists, now, skewMs }: SourceMeans): Source<KnownCrl> {
  const name = crlSourceName(place)
  return {
    async load(known) {
      const latest = await store.latest(name)
      if (!latest) return undefined
      if (latest.sha256 === known?.value.sha256) return { value: known.value, fetchedAt: latest.fetchedAt }
      const der = await store.read(latest.sha256)
      const verified = der && (await knownCrl(der, place))
      return verified?.ok ? { value: verified.value, fetchedAt: latest.fetchedAt } : undefined
    },
    async ask() {
      const fetched = isUrl(place.url) ? await fetch.fetch({ url: place.url, maxBytes: maxCrlBytes }) : await readListFile(place.url)
      if (!fetched.ok) return fetched
      lists.noteIssuer(place.url, fetched.value)
      const verified = await knownCrl(fetched.value, place)
      if (!verified.ok) return verified
      const { thisUpdate, nextUpdate } = verified.value.crl
      if (thisUpdate > now() + skewMs) return failed("gives a list from the future")
      return nextUpdate !== null && nextUpdate + skewMs < now() ? failed("gives a list that is out of date") : verified
    },
    save: ({ value: { crl, sha256 }, fetchedAt }) => store.saveLatest(name, { kind: "crl", sha256, der: crl.der }, fetchedAt),
    isOlder: ({ crl }, known) => crl.thisUpdate < known.crl.thisUpdate,
  }
}

async function knownCrl(der: Uint8Array, { signers }: CrlPlace): Promise<Result<KnownCrl, string>> {
  const read = readCrl(der)
  const verified = read.ok ? await verifyCrl(read.value, signers()) : read
  return verified.ok ? ok({ crl: verified.value, sha256: (await documentOf("crl", der)).sha256 }) : failed(`gives a list that ${verified.failure}`)
}
