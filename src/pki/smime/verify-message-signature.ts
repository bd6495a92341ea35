/**
 * What the bytes of a message say of its S/MIME signature (RFC 8551): step 1 of three, see signature-facts.ts. Reads the message as a stream, in a
 * few passes: structure, signature, signed content. Never throws for what a message is, never holds one, gives others their turn.
 * Must not know: trust, revocation, who holds a certificate, what a policy makes of it.
 */
import type { Clock } from "../../base/clock.ts"
import { maxParts, type ScannedContent } from "../../mail/content-scanner.ts"
import { maxKeptHeaderBytes } from "../../mail/header-collector.ts"
import { CmsError } from "../cms/cms-error.ts"
import { oids } from "../cms/oid.ts"
import { stapledRevocations } from "../cms/stapled-revocations.ts"
import type { MessageSignature, MessageSigner, SignatureProblem } from "../signature-facts.ts"
import { authorOf } from "./author.ts"
import { compareHeaders, protectedHeader } from "./header-protection.ts"
import { headerProblems, strayLines } from "./header-shape.ts"
import { type MessageSource, readRange } from "./message-source.ts"
import { outsideProblems } from "./outside.ts"
import { PacedScanner } from "./paced-scanner.ts"
import { readLayer, type ReadLayer } from "./read-layer.ts"
import { findLayer, type SignedLayer } from "./signed-layer.ts"
import { TimeBudget } from "./time-budget.ts"

export interface VerifyOptions {
  readonly clock: Clock
  /** Default 20 s: a 50 MB message takes less than one. */
  readonly budgetMs?: number
}

const defaultBudgetMs = 20_000

type Scan = Pick<ScannedContent, "root" | "headerFields">

export async function verifyMessageSignature(source: MessageSource, options: VerifyOptions): Promise<MessageSignature> {
  const budget = new TimeBudget(options.clock, options.budgetMs ?? defaultBudgetMs)
  const timed: MessageSource = { ...source, read: (range) => budget.limit(source.read(range)) }
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
    const read = await readLayer(timed, layer)
    if (read === "encrypted" || read === "none") return { ...nothing, form: layer.around.length === 0 ? read : "none" }
    const protection = layer.around.length > 0 ? unprotected : protectionOf(read, scan)
    const problems = [
      ...(await outsideProblems(timed, layer)), ...authorProblems, ...headerProblems(scan.headerFields), ...(await strayProblems(timed, scan.root)), ...read.problems, ...read.entity.problems,
      ...extraSigner(read.signers), ...(protection.headerProtection === "differs" ? (["headerMismatch"] as const) : []), ...unscanned(scan, read),
    ]
    return { ...nothing, ...described(read), form: layer.form, problems: [...new Set(problems)], ...protection }
  } catch (error) {
    const { problems } = unreadable(error)
    return { ...nothing, form: layer.form, problems: [...new Set([...partial(layer), ...problems, ...authorProblems])] }
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
  const scanner = new PacedScanner()
  for await (const chunk of source.read()) await scanner.push(chunk)
  return scanner.finish()
}

const described = ({ frame, signers, certificates, entity, hints }: ReadLayer): Pick<MessageSignature, "signers" | "certificates" | "revocationInfo" | "encryptedInside" | "tripleWrapped"> => ({
  signers, certificates: certificates.map((der) => der.toString("base64")), revocationInfo: stapledRevocations(frame),
  encryptedInside: entity.encryptedInside, tripleWrapped: entity.encryptedInside && hints.includes(oids.signedData),
})

const unprotected = { headerProtection: "none" } as const

const protectionOf = ({ entity }: ReadLayer, scan: Scan): Pick<MessageSignature, "headerProtection" | "headerDiffers"> =>
  compareHeaders(entity.payloads.map(protectedHeader).find((header) => header !== null) ?? null, scan.headerFields)

const partial = ({ around }: SignedLayer): SignatureProblem[] => (around.length > 0 ? ["partial"] : [])

/** A header that is longer than is looked at has a problem of its own. */
const strayProblems = async (source: MessageSource, { headerStart: start, bodyStart: end }: Scan["root"]): Promise<SignatureProblem[]> => (end - start > maxKeptHeaderBytes ? [] : strayLines(await readRange(source, { start, end })))

/** Beyond its limits the scanner does not know all parts and fields, and what it does not know could be shown. */
const unscanned = (scan: Scan, { entity }: ReadLayer): SignatureProblem[] =>
  countParts(scan.root) >= maxParts || [scan.root, entity.root].some(({ headerStart, bodyStart }) => bodyStart - headerStart > maxKeptHeaderBytes) ? ["tooLarge"] : []

/** One good signer must not lend its seal to another that is none, nor be there twice. */
function extraSigner(signers: readonly MessageSigner[]): SignatureProblem[] {
  if (signers.length < 2) return []
  const names = signers.map(({ fingerprint, issuerDer, serialNumber, subjectKeyIdentifier, digestAlgorithm }) => [fingerprint ?? `${issuerDer} ${serialNumber} ${subjectKeyIdentifier}`, digestAlgorithm].join(" "))
  return signers.some(({ intact }) => !intact) || new Set(names).size < names.length ? ["extraSigner"] : []
}

const countParts = (part: ScannedContent["root"]): number =>
  1 + part.children.reduce((sum, child) => sum + countParts(child), 0) + (part.message ? countParts(part.message) : 0)
