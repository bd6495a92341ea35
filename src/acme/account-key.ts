import { createHash, createHmac, createPublicKey, type KeyObject, sign } from "node:crypto"

/** What an ACME client signs its requests with (RFC 8555 §6.2): flattened JWS (RFC 7515 §7.2.2) by an ECDSA key on P-256. Pure. */
export interface SignedRequest {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

/** Who signs: the key itself before the authority knows it, the URL of the account afterwards. */
export type Signer = { readonly key: KeyObject; readonly account: string | null }

export interface RequestToSign {
  readonly url: string
  readonly nonce: string
  /** Null: POST-as-GET (RFC 8555 §6.3). */
  readonly payload: unknown
}

/** RFC 7518 §3.1. */
export function signRequest({ key, account }: Signer, { url, nonce, payload }: RequestToSign): SignedRequest {
  const header = encode({ alg: "ES256", nonce, url, ...(account === null ? { jwk: publicJwk(key) } : { kid: account }) })
  const body = payload === null ? "" : encode(payload)
  // RFC 7518 §3.4: both numbers one after the other, not DER
  const signature = sign("sha256", Buffer.from(`${header}.${body}`), { key, dsaEncoding: "ieee-p1363" })
  return { protected: header, payload: body, signature: signature.toString("base64url") }
}

export interface ExternalAccount {
  readonly keyId: string
  /** base64url, as authorities hand it out. */
  readonly macKey: string
}

/** RFC 8555 §7.3.4: a customer of the authority vouches for the new account. */
export function externalAccountBinding({ keyId, macKey }: ExternalAccount, key: KeyObject, url: string): SignedRequest {
  const header = encode({ alg: "HS256", kid: keyId, url })
  const payload = encode(publicJwk(key))
  return { protected: header, payload, signature: createHmac("sha256", Buffer.from(macKey, "base64url")).update(`${header}.${payload}`).digest("base64url") }
}

/** RFC 8555 §8.1: what is shown for a token, which nobody without the account's key can make. */
export const keyAuthorization = (key: KeyObject, token: string): string => `${token}.${thumbprint(key)}`

/** RFC 7638 §3: the required members in the order of the alphabet. */
const thumbprint = (key: KeyObject): string => createHash("sha256").update(JSON.stringify(publicJwk(key))).digest("base64url")

function publicJwk(key: KeyObject): Readonly<Record<"crv" | "kty" | "x" | "y", string>> {
  const { crv = "", kty = "", x = "", y = "" } = createPublicKey(key).export({ format: "jwk" })
  return { crv, kty, x, y }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
