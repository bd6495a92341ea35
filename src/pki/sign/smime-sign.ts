/**
 * An unsigned message becomes multipart/signed (RFC 8551 §3.5.3), with its header protected (RFC 9788): the one place where a new content is
 * made, and it is made before anything is hashed. Two readings of the old content: one that looks, one that writes; the signature comes last,
 * so nothing but a chunk is ever held. Outer fields stay octet by octet. Must not know: why the message is signed, and who stores it.
 */
import { createHash } from "node:crypto"
import { randomId } from "../../base/id.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import type { ContentStructure } from "../../mail/content-structure.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { protectedContentType, splitHeader } from "./signed-header.ts"
import { detachedSignedData, type SignerInput } from "./signed-data.ts"
import { type BodyPlan, type Piece, planBody } from "./signed-part.ts"
import { algorithmOf, type SigningAlgorithm, type SigningDigest, type SigningKey } from "./signing-key.ts"
import { surveyContent } from "./survey-content.ts"
import { base64Lines, encoders } from "./transfer-encoding.ts"

export interface ReadableContent {
  readonly size: number
  readonly structure: ContentStructure
  /** In chunks of bounded size; may be called several times. */
  read(range: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>
}

export interface SignOptions {
  readonly key: SigningKey
  /** RSASSA-PSS instead of PKCS #1 v1.5, for an RSA key. */
  readonly pss?: boolean
  /** What the signature says of when, ms. */
  readonly signingTime: number
  readonly stamp?: SignerInput["stamp"]
  readonly newBoundary?: () => string
}

/**
 * The new message in chunks, to be read once. Fails with `invalid` when the message has no form that could be signed (a bare CR or LF, a header
 * beyond bounds) or the key none that could be verified. The chunks throw SigningFailed when the key cannot be used: nothing of them may be kept then.
 */
export async function signMessage(content: ReadableContent, options: SignOptions): Promise<Result<AsyncGenerator<Uint8Array>, Failure>> {
  const algorithm = algorithmOf(options.key.certificate.key, options)
  if (!algorithm) return failed(failure("invalid", `the key ${options.key.name} is of a kind that receivers do not verify`))
  const { root, headerBytes } = content.structure
  if (headerBytes > maxHeaderBytes) return failed(failure("invalid", `a header of more than ${maxHeaderBytes} octets is not signed`))
  const parts = await surveyContent(content)
  if (!parts.canonical) return failed(failure("invalid", "a message with a bare CR or LF cannot be signed (RFC 8551 §3.1.1)"))
  const header = splitHeader(parts.headers.get(0) ?? Buffer.alloc(0))
  const plan = planBody(root, header.mime.type === "text", parts)
  return ok(signed({ content, options, algorithm, header, plan }))
}

/** Four times what is kept of a header elsewhere: whoever reads the result must be able to compare it with the outer one. */
const maxHeaderBytes = 256 * 1024

interface Job {
  readonly content: ReadableContent
  readonly options: SignOptions
  readonly algorithm: SigningAlgorithm
  readonly header: ReturnType<typeof splitHeader>
  readonly plan: BodyPlan
}

/** RFC 8551 §3.5.3.2. */
const micalgs: Readonly<Record<SigningDigest, string>> = { sha256: "sha-256", sha384: "sha-384", sha512: "sha-512" }

async function* signed({ content, options, algorithm, header, plan }: Job): AsyncGenerator<Uint8Array> {
  const { key, signingTime, newBoundary = () => `=_${randomId(144)}` } = options
  const boundary = newBoundary()
  yield header.outer
  yield Buffer.from(
    `MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n micalg=${micalgs[algorithm.digest]}; boundary="${boundary}"\r\n` +
      `${plan.sevenBit ? "" : "Content-Transfer-Encoding: 8bit\r\n"}\r\n--${boundary}\r\n`,
  )
  const hash = createHash(algorithm.digest)
  for await (const chunk of signedPart(content, header, plan)) {
    hash.update(chunk)
    yield chunk
  }
  const signature = await detachedSignedData({ key, algorithm, contentDigest: hash.digest(), signingTime, ...(options.stamp && { stamp: options.stamp }) })
  // RFC 8551 §3.5.3.1: the CRLF before a delimiter is the delimiter's
  yield Buffer.from(
    `\r\n--${boundary}\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n` +
      `Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n${base64Lines(signature)}\r\n--${boundary}--\r\n`,
  )
}

async function* signedPart(content: ReadableContent, { protectedFields, contentFields, mime }: Job["header"], { pieces, encoding }: BodyPlan): AsyncGenerator<Uint8Array> {
  const declared = encoding === "7bit" ? "" : `Content-Transfer-Encoding: ${encoding}\r\n`
  yield Buffer.concat([protectedFields, Buffer.from(`MIME-Version: 1.0\r\n${protectedContentType(mime)}${declared}`, "latin1"), contentFields, Buffer.from("\r\n")])
  for (const piece of pieces) yield* written(content, piece)
}

async function* written(content: ReadableContent, piece: Piece): AsyncGenerator<Uint8Array> {
  if (piece.kind === "text") yield piece.bytes
  else if (piece.kind === "copy") yield* content.read(piece)
  else yield* encoders[piece.encoding](content.read(piece))
}
