import { hash, randomBytes } from "node:crypto"
import { failed, ok, type Result } from "../../base/result.ts"
import { Asn1SyntaxError, hex, readAsn1, sequenceItems, smallNumber } from "../asn1.ts"
import { derTrue, octetString, oid, positiveInteger, sequence } from "../der.ts"
import type { RevocationFetch } from "../revocation/http-fetch.ts"
import { maxTokenBytes, readTimestampToken } from "../timestamp-token.ts"

/** Asks a time-stamping authority over HTTP (RFC 3161 §2.4, §3.4). Whether its word counts is not judged here, only that it is about what was asked. */
export interface TimestampClient {
  /** DER of a token on these octets' SHA-256. Failure: a phrase after the authority's URL. */
  stamp(signature: Uint8Array): Promise<Result<Uint8Array, string>>
}

const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"))

export function createTimestampClient({ fetch, url }: { readonly fetch: Pick<RevocationFetch, "fetch">; readonly url: string }): TimestampClient {
  return {
    async stamp(signature) {
      const imprint = hash("sha256", signature, "buffer")
      const nonce = positiveInteger(Buffer.concat([Buffer.from([1]), randomBytes(16)]))
      // certReq: a token without its authority's certificate could not be verified later
      const body = sequence(positiveInteger(Buffer.from([1])), sequence(sha256, octetString(imprint)), nonce, derTrue)
      const reply = await fetch.fetch({ url, maxBytes: maxTokenBytes, post: { type: "application/timestamp-query", body } })
      return reply.ok ? tokenIn(reply.value, imprint, nonce) : reply
    },
  }
}

function tokenIn(reply: Uint8Array, imprint: Uint8Array, nonce: Uint8Array): Result<Uint8Array, string> {
  try {
    const [info, token] = sequenceItems(readAsn1(reply), "reply")
    const status = smallNumber(sequenceItems(info, "status")[0])
    // RFC 3161 §2.4.2: granted, or granted with modifications
    if (status > 1 || !token) return failed(`refuses with status ${status}`)
    const { imprint: stamped } = readTimestampToken(token.der)
    if (stamped.digest !== "sha256" || stamped.value !== hex(imprint)) return failed("stamped something else")
    // the nonce is an INTEGER of 17 octets, which stand nowhere else in the token
    return Buffer.from(token.der).includes(Buffer.from(nonce)) ? ok(token.der) : failed("answers another question")
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return failed(`sends no time stamp: it ${error.message}`)
    throw error
  }
}
