import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"

/**
 * How a webhook proves that it comes from this server: HMAC-SHA-256 (RFC 2104) under the receiver's own secret, over the time and the body, so that an old
 * call cannot be played again. Pure but for the secret. The header: `t=1795747200,v1=` and 64 hex digits; while a secret is replaced, `,v1=` of the other one follows.
 */
export const signatureHeader = "congthu-signature"

const secretBytes = 32
/** The beginning tells whoever finds one what it is. */
const prefix = "whsec_"

/** Shown once. */
export const newWebhookSecret = (): string => `${prefix}${randomBytes(secretBytes).toString("base64url")}`

const macOf = (secret: string, seconds: number, body: string): Buffer => createHmac("sha256", secret).update(`${seconds}.${body}`).digest()

export const signWebhook = (secrets: readonly string[], body: string, now: number): string => {
  const seconds = Math.floor(now / 1000)
  return [`t=${seconds}`, ...secrets.map((secret) => `v1=${macOf(secret, seconds, body).toString("hex")}`)].join(",")
}

/** For who receives them (the example client, tests): false for another secret, another body, or a time further away than `toleranceMs`. */
export function verifyWebhook(secret: string, body: string, header: string, { now, toleranceMs = 300_000 }: { readonly now: number; readonly toleranceMs?: number }): boolean {
  const [, seconds, macs] = /^t=(\d{1,12})((?:,v1=[0-9a-f]{64}){1,2})$/.exec(header) ?? []
  if (seconds === undefined || macs === undefined || Math.abs(now - Number(seconds) * 1000) > toleranceMs) return false
  const expected = macOf(secret, Number(seconds), body)
  return macs.slice(1).split(",").some((mac) => timingSafeEqual(Buffer.from(mac.slice("v1=".length), "hex"), expected))
}
