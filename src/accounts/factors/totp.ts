import { randomBytes } from "node:crypto"
import { Secret, TOTP } from "otpauth"

/** One-time codes of authenticator apps (RFC 6238): 6 digits, 30 s, SHA-1, which is what all of these apps understand. Pure but for the randomness of a new secret. */
export const stepMs = 30_000
/** Steps before and after ours that count: clocks differ (RFC 6238 §5.2). */
const window = 1
/** RFC 4226 §4: 160 bits. */
const secretBytes = 20

export const newTotpSecret = (): Buffer => randomBytes(secretBytes)

const secretOf = (bytes: Uint8Array): Secret => new Secret({ buffer: Uint8Array.from(bytes).buffer })

/** What the QR code says to the app. */
export const totpUri = ({ secret, issuer, label }: { readonly secret: Uint8Array; readonly issuer: string; readonly label: string }): string => new TOTP({ secret: secretOf(secret), issuer, label }).toString()

/** For who types it: base 32 in groups of four. */
export const typedSecret = (secret: Uint8Array): string => (secretOf(secret).base32.match(/.{1,4}/g) ?? []).join(" ")

export const isTotpCode = (text: string): boolean => /^\d{6}$/.test(text)

/** The time step whose code this is; undefined for none near now. Whether it was used before is the store's to say. */
export function totpStep({ secret, code, now }: { readonly secret: Uint8Array; readonly code: string; readonly now: number }): number | undefined {
  const delta = isTotpCode(code) ? new TOTP({ secret: secretOf(secret) }).validate({ token: code, timestamp: now, window }) : null
  return delta === null ? undefined : Math.floor(now / stepMs) + delta
}
