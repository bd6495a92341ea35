/**
 * A submitted message of an automated sender is replaced by its signed form: a new content beside the old one, which is discarded once the new
 * one is whole. The only place where a message changes after its last byte has come in. Must not know: which rule wanted it.
 */
import type { Clock } from "../base/clock.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import type { RingKey } from "../pki/sign/key-ring.ts"
import { signMessage, type SignOptions } from "../pki/sign/smime-sign.ts"
import { SigningFailed } from "../pki/sign/signing-key.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"

export interface SignOnBehalfParts {
  readonly contents: Pick<ContentStore, "begin" | "readPrepared">
  readonly clock: Clock
  /** The signed form is larger, and must still be accepted everywhere. */
  readonly maxBytes: number
  readonly stamp?: SignOptions["stamp"]
  readonly log: { error(detail: object, message: string): void }
}

/**
 * The new content, in the place of the old one, which is discarded; after a failure the old one is the caller's as before. Fails with `invalid`
 * for a message that has no signed form, `tooBig`, and `unavailable` when the key or the store cannot be used now.
 */
export async function signOnBehalf(content: PreparedContent, { key, pss }: RingKey, { contents, clock, maxBytes, stamp, log }: SignOnBehalfParts): Promise<Result<PreparedContent, Failure>> {
  const { size, structure } = content
  const signed = await signMessage({ size, structure, read: (range) => contents.readPrepared(content, range) }, { key, pss, signingTime: clock.now(), ...(stamp && { stamp }) })
  if (!signed.ok) return signed
  const writer = contents.begin(maxBytes)
  try {
    for await (const chunk of signed.value) {
      const written = await writer.write(chunk)
      if (!written.ok) return written
    }
  } catch (error) {
    await writer.abort()
    if (!(error instanceof SigningFailed)) throw error
    log.error({ err: error, key: key.name }, "a message could not be signed")
    return failed(failure("unavailable", "the message cannot be signed now"))
  }
  const finished = await writer.finish()
  if (!finished.ok) return finished
  await content.discard()
  return ok(finished.value)
}
