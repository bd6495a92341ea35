/**
 * Signs for automated senders that cannot: the one place where accepted bytes differ from those that came in, and it is before they are hashed
 * for good. Must not know: which messages, why.
 */
import type { Clock } from "../base/clock.ts"
import { failed, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import { signMessage } from "../pki/sign/smime-sign.ts"
import type { SigningKey } from "../pki/sign/signing-key.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"

export interface Signer {
  /** A new content, signed with the key of that name. Fails with `invalid` when it has no form that could be signed, else `unavailable`. */
  sign(content: PreparedContent, key: string): Promise<Result<PreparedContent, Failure>>
}

export interface SignerParts {
  readonly keys: ReadonlyMap<string, SigningKey>
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

export function createSigner({ keys, contents, maxMessageBytes, clock, log }: SignerParts): Signer {
  const cannot = (key: string, error: unknown): Result<never, Failure> => {
    log.signingFailed({ key, error })
    return failed(failure("unavailable", "the message cannot be signed now"))
  }
  return {
    async sign(content, name) {
      const key = keys.get(name)
      if (!key) return cannot(name, new Error("the policy names a key that the configuration does not have"))
      const signed = await signMessage(content, { key, signingTime: clock.now() })
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
