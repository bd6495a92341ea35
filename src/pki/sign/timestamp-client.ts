import { hash, randomBytes } from "node:crypto"
import type { Clock } from "../../base/clock.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { Asn1SyntaxError, readAsn1, sequenceItems, smallNumber } from "../asn1.ts"
import { derTrue, octetString, oid, positiveInteger, sequence } from "../der.ts"
import type { RevocationFetch } from "../revocation/http-fetch.ts"
import { checkTimestamp } from "../timestamp.ts"
import { maxTokenBytes } from "../timestamp-token.ts"

/**
 * Asks a time-stamping authority over HTTP (RFC 3161 §2.4, §3.4). Whether it is trusted is not judged here, but its stamp must be about what was
 * asked and hold together: whoever stands between us and it could otherwise spoil the signature that its answer is put on.
 */
export interface TimestampClient {
  /** DER of a token on these octets' SHA-256. Failure: a phrase after the authority's URL. */
  stamp(signature: Uint8Array): Promise<Result<Uint8Array, string>>
}

export interface TimestampClientOptions {
  readonly fetch: Pick<RevocationFetch, "fetch">
  readonly url: string
  readonly clock: Clock
}

const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"))

export function createTimestampClient({ fetch, url, clock }: TimestampClientOptions): TimestampClient {
  return {
    async stamp(signature) {
      const imprint = hash("sha256", signature, "buffer")
      const nonce = positiveInteger(Buffer.concat([Buffer.from([1]), randomBytes(16)]))
      // certReq: a token without its authority's certificate could not be verified later
      const body = sequence(positiveInteger(Buffer.from([1])), sequence(sha256, octetString(imprint)), nonce, derTrue)
      const reply = await fetch.fetch({ url, maxBytes: maxTokenBytes, post: { type: "application/timestamp-query", body } })
      const token = reply.ok ? tokenIn(reply.value) : reply
      if (!token.ok) return token
      const stamp = await checkTimestamp({ token: token.value, signatureDigests: { sha256: imprint.toString("base64") }, now: clock.now() })
      if (!stamp.ok) return failed(`sends a time stamp that ${stamp.failure}`)
      // the nonce is an INTEGER of 17 octets, which stand nowhere else in the token
      return Buffer.from(token.value).includes(nonce) ? token : failed("answers another question")
    },
  }
}

function tokenIn(reply: Uint8Array): Result<Uint8Array, string> {
  try {
    const [info, token] = sequenceItems(readAsn1(reply), "reply")
    const status = smallNumber(sequenceItems(info, "status")[0])
    // RFC 3161 §2.4.2: granted, or granted with modifications
    return status > 1 || !token ? failed(`refuses with status ${status}`) : ok(token.der)
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return failed(`sends no time stamp: it ${error.message}`)
    throw error
  }
}
