import { ContentScanner } from "../../src/mail/content-scanner.ts"
import { signMessage } from "../../src/pki/sign/smime-sign.ts"
import type { SigningKey } from "../../src/pki/sign/signing-key.ts"

const chunkBytes = 64 * 1024

/** The message as a mail client that signs would send it. */
export async function signLetter(message: Buffer, key: SigningKey): Promise<Buffer> {
  const scanner = new ContentScanner()
  for (const chunk of chunksOf(message)) scanner.push(chunk)
  const { structure } = scanner.finish()
  const signed = await signMessage({ size: message.length, structure, read: ({ start, end }) => arriving(chunksOf(message.subarray(start, end))) }, { key, signingTime: Date.now() })
  if (!signed.ok) throw new Error(signed.failure.detail)
  const chunks: Uint8Array[] = []
  for await (const chunk of signed.value) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

async function* arriving(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks
}
