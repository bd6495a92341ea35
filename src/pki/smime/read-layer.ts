import { parseHeader } from "../../mail/header.ts"
import { maxKeptHeaderBytes } from "../../mail/header-collector.ts"
import { LineEndingCheck } from "../../mail/line-ending.ts"
import type { ScannedPart } from "../../mail/mime-part.ts"
import { CmsError } from "../cms/cms-error.ts"
import { ContentCheck, type FoundSigner } from "../cms/content-check.ts"
import { findSigners } from "../cms/find-signers.ts"
import { oids } from "../cms/oid.ts"
import { readCms, type SignedDataFrame } from "../cms/signed-data.ts"
import type { MessageSigner, SignatureProblem } from "../signature-facts.ts"
import { boundaryProblems, carrierProblems, strayLines } from "./header-shape.ts"
import { type MessageSource, readRange } from "./message-source.ts"
import { EntityReader, type SignedEntity } from "./signed-entity.ts"
import { isSignaturePart, protocolOf, type SignedLayer } from "./signed-layer.ts"
import { decodeTransfer } from "./transfer-decoding.ts"

/**
 * Reads one signature layer: the CMS object first, then the content as a stream through the digests that its signers need. Throws `CmsError`
 * for what cannot be read at all.
 */
export const readLayer = (source: MessageSource, layer: SignedLayer): Promise<ReadLayer | "encrypted" | "none"> => (layer.form === "multipart" ? readMultipart(source, layer) : readOpaque(source, layer))

/** A signature layer, read and computed. */
export interface ReadLayer {
  readonly frame: SignedDataFrame
  readonly signers: readonly MessageSigner[]
  /** Those that came along, then those of signers that came from elsewhere. */
  readonly certificates: readonly Buffer[]
  readonly entity: SignedEntity
  /** Content types of what is innermost, as the signers say (RFC 2634 §2.9). */
  readonly hints: readonly string[]
  readonly problems: readonly SignatureProblem[]
}

/** RFC 2045 §6.4: what a multipart may say of itself. */
const identities = new Set(["7bit", "8bit", "binary"])

/** multipart/signed (RFC 1847 §2.1, RFC 8551 §3.5.3): the first part as it is stored, its header included, is what the second signs. */
async function readMultipart(source: MessageSource, { part }: SignedLayer): Promise<ReadLayer> {
  const [signed, signature] = part.children
  if (part.kind !== "multipart" || !signed || !signature) throw new CmsError("malformed", "multipart/signed without two parts")
  const problems = [...boundaryProblems(part)]
  // RFC 1847 §2.1, RFC 2045 §6.4: the protocol parameter, exactly two parts, no encoding of the whole.
  const isProper = protocolOf(part.mime).endsWith("pkcs7-signature") && isSignaturePart(signature.mime) && part.children.length === 2 && identities.has(part.mime.encoding)
  if (!isProper) problems.push("malformed")
  problems.push(...(await problemsOfCarrier(source, signature)))
  const frame = await readCms(decodeTransfer(source.read({ start: signature.bodyStart, end: signature.bodyEnd }), signature.mime.encoding))
  if (frame.kind === "other") throw new CmsError("malformed", "signature part without SignedData")
  // Some readers then show what is attached to the signature, and not what is beside it.
  if (frame.contentBytes !== null) problems.push("empty")
  if (frame.signers.length === 0) problems.push("malformed")
  const found = await findSigners(frame, source.certificates)
  const check = new ContentCheck(found, frame.contentType)
  const reader = new EntityReader()
  const lineEnds = new LineEndingCheck()
  for await (const chunk of source.read({ start: signed.headerStart, end: signed.bodyEnd })) {
    check.push(chunk)
    await reader.push(chunk)
    lineEnds.push(chunk)
  }
  // RFC 8551 §3.1.1: what is not canonical does not survive the way unchanged.
  if (!lineEnds.finish()) problems.push("notCanonical")
  return { frame, signers: check.finish(), certificates: certificatesOf(frame, found), entity: await reader.finish(), hints: hintsOf(found), problems }
}

/** application/pkcs7-mime (RFC 8551 §3.5.2). The content comes before its signers, so it is read twice. */
async function readOpaque(source: MessageSource, { part }: SignedLayer): Promise<ReadLayer | "encrypted" | "none"> {
  const octets = (): AsyncIterable<Uint8Array> => decodeTransfer(source.read({ start: part.bodyStart, end: part.bodyEnd }), part.mime.encoding)
  const frame = await readCms(octets())
  if (frame.kind === "other") return frame.contentType === oids.envelopedData || frame.contentType === oids.authEnvelopedData ? "encrypted" : "none"
  // certs-only (RFC 8551 §3.8): nothing is signed, and nothing shown
  if (frame.signers.length === 0 && frame.contentBytes === null) return "none"
  const problems: SignatureProblem[] = []
  if (frame.signers.length === 0 || !saysSigned(part)) problems.push("malformed")
  problems.push(...(await problemsOfCarrier(source, part)))
  if (frame.contentBytes === null) problems.push("empty")
  const found = await findSigners(frame, source.certificates)
  const check = new ContentCheck(found, frame.contentType)
  const reader = new EntityReader()
  await readCms(octets(), async (piece) => {
    check.push(piece)
    await reader.push(piece)
  })
  return { frame, signers: check.finish(), certificates: certificatesOf(frame, found), entity: await reader.finish(), hints: hintsOf(found), problems }
}

async function problemsOfCarrier(source: MessageSource, part: ScannedPart): Promise<readonly SignatureProblem[]> {
  const { headerStart: start, bodyStart: end } = part
  if (end - start > maxKeptHeaderBytes) return ["tooLarge"]
  const header = await readRange(source, { start, end })
  return [...strayLines(header), ...carrierProblems(part, parseHeader(header))]
}

function certificatesOf({ certificates }: SignedDataFrame, found: readonly FoundSigner[]): readonly Buffer[] {
  const others = found.flatMap(({ certificate }) => (certificate && !certificates.some((der) => der.equals(certificate.der)) ? [[certificate.fingerprint, certificate.der] as const] : []))
  return [...certificates, ...new Map(others).values()]
}

/** RFC 8551 §3.2.2: smime-type may be absent, but some readers go by it, so it may not say something else. */
const saysSigned = ({ mime }: SignedLayer["part"]): boolean => {
  const named = mime.parameters.map(({ name, value }) => [name.toLowerCase(), value.toLowerCase()] as const).filter(([name]) => name.startsWith("smime-type"))
  return named.every(([name, value]) => name === "smime-type" && (value === "signed-data" || value === "signed-receipt"))
}

const hintsOf = (found: readonly FoundSigner[]): string[] => found.flatMap(({ info }) => info.attributes?.contentHint ?? [])
