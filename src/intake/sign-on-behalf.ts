/**
 * Signs for automated senders that cannot: the one place where accepted bytes differ from those that came in, and it is before they are hashed
 * for good. Must not know: which messages, why.
 */
import type { Clock } from "../base/clock.ts"
import { failed, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import { addressesIn, canonicalAddress, parseAddressList } from "../mail/address.ts"
import { fieldValues } from "../mail/header.ts"
import type { KeyRing, RingKey } from "../pki/sign/key-ring.ts"
import { signMessage, type SignOptions } from "../pki/sign/smime-sign.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"

export interface Signer {
  /** A new content, signed with the key of that name. Fails with `invalid` when it has no form that could be signed, else `unavailable`. */
  sign(content: PreparedContent, key: string): Promise<Result<PreparedContent, Failure>>
}

export interface SignerParts {
  readonly keys: Pick<KeyRing, "named">
  readonly stamp?: SignOptions["stamp"]
  readonly contents: Pick<ContentStore, "begin">
  readonly maxMessageBytes: number
  readonly clock: Clock
  readonly log: SigningLog
}

export interface SigningLog {
  signingFailed(event: { readonly key: string; readonly error: unknown }): void
}

/** A body in base64 or quoted-printable where it was 8bit, and the signature with its certificates. */
const growth = 3
const signatureBytes = 256 * 1024

export function createSigner({ keys, stamp, contents, maxMessageBytes, clock, log }: SignerParts): Signer {
  const cannot = (key: string, error: unknown): Result<never, Failure> => {
    log.signingFailed({ key, error })
    return failed(failure("unavailable", "the message cannot be signed now"))
  }
  return {
    async sign(content, name) {
      const found = await keys.named(name)
      if (!found) return cannot(name, new Error("the policy names a key that the configuration does not have"))
      if (!found.ok) return cannot(name, new Error(found.failure))
      const { key, pss } = found.value
      if (!isFor(content, found.value)) return cannot(name, new Error("the policy wants a signature for somebody that the key does not sign for"))
      const signed = await signMessage(content, { key, pss, signingTime: clock.now(), ...(stamp && { stamp }) })
      if (!signed.ok) return signed
      const writer = contents.begin(maxMessageBytes * growth + signatureBytes)
      try {
        for await (const chunk of signed.value) {
          const written = await writer.write(chunk)
          if (!written.ok) return written
        }
        return await writer.finish()
      } catch (error) {
        await writer.abort()
        return cannot(name, error)
      }
    },
  }
}

/** A slip in the policy must not make one office sign as another: every author must be among those that the key was given for. */
function isFor({ scanned }: PreparedContent, { signsFor }: RingKey): boolean {
  const authors = fieldValues(scanned.headerFields, "from").flatMap((value) => addressesIn(parseAddressList(Buffer.from(value, "latin1").toString())))
  return authors.length > 0 && authors.every((address) => signsFor.has(canonicalAddress(address)))
}
