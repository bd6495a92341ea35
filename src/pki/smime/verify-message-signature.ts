/**
 * What the bytes of a message say of its S/MIME signature (RFC 8551): step 1 of three, see signature-facts.ts. Reads the message as a stream, in a
 * few passes: structure, signature, signed content. Never throws for what a message is, never holds one, gives others their turn.
 * Must not know: trust, revocation, who holds a certificate, what a policy makes of it.
 */
import type { Clock } from "../../base/clock.ts"
import { ContentScanner, maxParts, type ScannedContent } from "../../mail/content-scanner.ts"
import { maxKeptHeaderBytes } from "../../mail/header-collector.ts"
import { LineEndingCheck } from "../../mail/line-ending.ts"
import { CmsError } from "../cms/cms-error.ts"
import { ContentCheck, type FoundSigner } from "../cms/content-check.ts"
import { type FindCertificate, findSigners } from "../cms/find-signers.ts"
import { oids } from "../cms/oid.ts"
import { readCms, type SignedDataFrame } from "../cms/signed-data.ts"
import { stapledRevocations } from "../cms/stapled-revocations.ts"
import type { MessageSignature, MessageSigner, SignatureProblem } from "../signature-facts.ts"
import { authorOf } from "./author.ts"
import { boundaryProblems, headerProblems } from "./header-shape.ts"
import { compareHeaders, protectedHeader } from "./header-protection.ts"
import type { MessageSource } from "./message-source.ts"
import { outsideProblems } from "./outside.ts"
import { EntityReader, type SignedEntity } from "./signed-entity.ts"
import { findLayer, isSignaturePart, protocolOf, type SignedLayer } from "./signed-layer.ts"
import { TimeBudget } from "./time-budget.ts"
import { decodeTransfer } from "./transfer-decoding.ts"

export interface VerifyOptions {
  readonly clock: Clock
  /** Default 20 s: a 50 MB message takes less than one. */
  readonly budgetMs?: number
  /** Asked for a signer whose certificate did not come along. */
  readonly findCertificate?: FindCertificate
}

const defaultBudgetMs = 20_000

type Scan = Pick<ScannedContent, "root" | "headerFields">

export async function verifyMessageSignature(source: MessageSource, options: VerifyOptions): Promise<MessageSignature> {
  const budget = new TimeBudget(options.clock, options.budgetMs ?? defaultBudgetMs)
  const timed: MessageSource = { read: (range) => budget.limit(source.read(range)) }
  let scan: Scan
  try {
    scan = source.scanned ?? (await scanAll(timed))
  } catch (error) {
    return unreadable(error)
  }
  const { from, sender, problems: authorProblems } = authorOf(scan.headerFields)
  const nothing: MessageSignature = { ...noSignature, from, sender }
  const layer = findLayer(scan.root)
  if (!layer) return nothing
  try {
    const read = layer.form === "multipart" ? await readMultipart(timed, layer, options) : await readOpaque(timed, layer, options)
    if (read === "encrypted" || read === "none") return { ...nothing, form: layer.around.length === 0 ? read : "none" }
    const headerProtection = layer.around.length > 0 ? "none" : compareHeaders(protectedHeader(read.entity.root, read.entity.fields, read.entity.nestedFields), scan.headerFields)
    const problems = [
      ...(await outsideProblems(timed, layer)), ...authorProblems, ...headerProblems(scan.headerFields), ...read.problems, ...read.entity.problems,
      ...extraSigner(read.signers), ...(headerProtection === "differs" ? (["headerMismatch"] as const) : []),
      ...(countParts(scan.root) >= maxParts || [scan.root, read.entity.root].some(({ headerStart, bodyStart }) => bodyStart - headerStart > maxKeptHeaderBytes) ? (["tooLarge"] as const) : []),
    ]
    return {
      ...nothing, form: layer.form, problems: [...new Set(problems)], signers: read.signers,
      certificates: read.frame.certificates.map((der) => der.toString("base64")), revocationInfo: stapledRevocations(read.frame),
      encryptedInside: read.entity.encryptedInside, tripleWrapped: read.entity.encryptedInside && read.hints.includes(oids.signedData), headerProtection,
    }
  } catch (error) {
    const { problems } = unreadable(error)
    return { ...nothing, form: layer.form, problems: [...new Set([...(layer.around.length > 0 ? (["partial"] as const) : []), ...problems, ...authorProblems])] }
  }
}

const noSignature: MessageSignature = {
  form: "none", problems: [], signers: [], certificates: [], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none", from: [], sender: [],
}

/** What could not be read, as a result; anything but `CmsError` is a bug or a broken store, and thrown on. */
function unreadable(error: unknown): MessageSignature {
  if (error instanceof CmsError) return { ...noSignature, problems: [error.problem] }
  throw error
}

async function scanAll(source: MessageSource): Promise<Scan> {
  const scanner = new ContentScanner({ searchText: false })
  for await (const chunk of source.read()) scanner.push(chunk)
  return scanner.finish()
}

interface Read {
  readonly frame: SignedDataFrame
  readonly signers: readonly MessageSigner[]
  readonly entity: SignedEntity
  readonly hints: readonly string[]
  readonly problems: readonly SignatureProblem[]
}

/** multipart/signed (RFC 1847 §2.1, RFC 8551 §3.5.3): the first part as it is stored, its header included, is what the second signs. */
async function readMultipart(source: MessageSource, { part }: SignedLayer, options: VerifyOptions): Promise<Read> {
  const [signed, signature] = part.children
  if (part.kind !== "multipart" || !signed || !signature) throw new CmsError("malformed", "multipart/signed without two parts")
  const problems = [...boundaryProblems(part)]
  // RFC 1847 §2.1 wants no encoding of the whole, the protocol parameter, and exactly two parts.
  if (!protocolOf(part.mime).endsWith("pkcs7-signature") || !isSignaturePart(signature.mime) || part.children.length !== 2 || part.mime.encoding === "base64" || part.mime.encoding === "quoted-printable") problems.push("malformed")
  const frame = await readCms(decodeTransfer(source.read({ start: signature.bodyStart, end: signature.bodyEnd }), signature.mime.encoding))
  if (frame.kind === "other") throw new CmsError("malformed", "signature part without SignedData")
  // Some readers then show what is attached to the signature, and not what is beside it.
  if (frame.contentBytes !== null) problems.push("empty")
  if (frame.signers.length === 0) problems.push("malformed")
  const found = await findSigners(frame, options.findCertificate)
  const check = new ContentCheck(found, frame.contentType)
  const reader = new EntityReader()
  const lineEnds = new LineEndingCheck()
  for await (const chunk of source.read({ start: signed.headerStart, end: signed.bodyEnd })) {
    check.push(chunk)
    reader.push(chunk)
    lineEnds.push(chunk)
  }
  // RFC 8551 §3.1.1: what is not canonical does not survive the way unchanged.
  if (!lineEnds.finish()) problems.push("notCanonical")
  return { frame, signers: check.finish(), entity: reader.finish(), hints: hintsOf(found), problems }
}

/** application/pkcs7-mime (RFC 8551 §3.5.2). The content comes before its signers, so it is read twice. */
async function readOpaque(source: MessageSource, { part }: SignedLayer, options: VerifyOptions): Promise<Read | "encrypted" | "none"> {
  const octets = (): AsyncIterable<Uint8Array> => decodeTransfer(source.read({ start: part.bodyStart, end: part.bodyEnd }), part.mime.encoding)
  const frame = await readCms(octets())
  if (frame.kind === "other") return frame.contentType === oids.envelopedData || frame.contentType === oids.authEnvelopedData ? "encrypted" : "none"
  // certs-only (RFC 8551 §3.8): nothing is signed, and nothing shown
  if (frame.signers.length === 0 && frame.contentBytes === null) return "none"
  const problems: SignatureProblem[] = []
  if (frame.signers.length === 0 || !saysSigned(part)) problems.push("malformed")
  if (frame.contentBytes === null) problems.push("empty")
  const found = await findSigners(frame, options.findCertificate)
  const check = new ContentCheck(found, frame.contentType)
  const reader = new EntityReader()
  await readCms(octets(), (piece) => {
    check.push(piece)
    reader.push(piece)
  })
  return { frame, signers: check.finish(), entity: reader.finish(), hints: hintsOf(found), problems }
}

/** RFC 8551 §3.2.2: smime-type may be absent, but some readers go by it, so it may not say something else. */
const saysSigned = ({ mime }: SignedLayer["part"]): boolean => {
  const named = mime.parameters.filter(({ name }) => name.toLowerCase() === "smime-type").map(({ value }) => value.toLowerCase())
  return named.every((value) => value === "signed-data" || value === "signed-receipt")
}

const hintsOf = (found: readonly FoundSigner[]): string[] => found.flatMap(({ info }) => info.attributes?.contentHint ?? [])

/** One good signer must not lend its seal to another that is none, nor be there twice. */
function extraSigner(signers: readonly MessageSigner[]): SignatureProblem[] {
  if (signers.length < 2) return []
  const names = signers.map(({ fingerprint, issuerDer, serialNumber, subjectKeyIdentifier, digestAlgorithm }) => [fingerprint ?? `${issuerDer} ${serialNumber} ${subjectKeyIdentifier}`, digestAlgorithm].join(" "))
  return signers.some(({ intact }) => !intact) || new Set(names).size < names.length ? ["extraSigner"] : []
}

const countParts = (part: ScannedContent["root"]): number =>
  1 + part.children.reduce((sum, child) => sum + countParts(child), 0) + (part.message ? countParts(part.message) : 0)
