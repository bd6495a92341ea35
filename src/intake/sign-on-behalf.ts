/**
 * A submitted message of an automated sender is replaced by its signed form: a new content beside the old one. The only place where a message
 * changes after its last byte has come in, and it is before anything is accepted. Must not know: which rule wanted it.
 */
import type { Clock } from "../base/clock.ts"
import { failed, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import type { KeyRing } from "../pki/sign/key-ring.ts"
import { signMessage, type SignOptions } from "../pki/sign/smime-sign.ts"
import { SigningFailed } from "../pki/sign/signing-key.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"

export interface Signer {
  /**
   * The new content; the old one stays the caller's. Fails with `invalid` for a message that has no signed form, `tooBig`, `noPermission` when
   * the key does not sign for this sender, and `unavailable` when the key or the store cannot be used now.
   */
  sign(content: PreparedContent, wanted: WantedSignature): Promise<Result<PreparedContent, Failure>>
}

export interface WantedSignature {
  /** Its name in `signing.keys`. */
  readonly key: string
  /** Canonical address of the account that sends. */
  readonly sender: string
}

export interface SignerParts {
  readonly keys: Pick<KeyRing, "for">
  readonly contents: Pick<ContentStore, "begin">
  readonly clock: Clock
  /** The signed form is larger, and must still be accepted everywhere. */
  readonly maxBytes: number
  readonly stamp?: SignOptions["stamp"]
  readonly log: SigningLog
}

export interface SigningLog {
  signingFailed(event: { readonly key: string; readonly error: unknown }): void
}

export function createSigner({ keys, contents, clock, maxBytes, stamp, log }: SignerParts): Signer {
  return {
    async sign(content, { key: name, sender }) {
      const found = await keys.for(sender, name)
      if (!found) return failed(failure("noPermission", `the key ${name} does not sign for ${sender}`))
      if (!found.ok) return found
      const { key, pss } = found.value
      const signed = await signMessage(content, { key, pss, signingTime: clock.now(), ...(stamp && { stamp }) })
      if (!signed.ok) return signed
      const writer = contents.begin(maxBytes)
      try {
        for await (const chunk of signed.value) {
          const written = await writer.write(chunk)
          if (!written.ok) return written
        }
        return await writer.finish()
      } catch (error) {
        await writer.abort()
        if (!(error instanceof SigningFailed)) throw error
        log.signingFailed({ key: name, error })
        return failed(failure("unavailable", "the message cannot be signed now"))
      }
    },
  }
}
