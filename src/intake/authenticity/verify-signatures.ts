import { Readable } from "node:stream"
import { setImmediate as breathe } from "node:timers/promises"
import type { ARCChainEntry, ARCData, DKIMResult } from "mailauth"
import { arc } from "mailauth/lib/arc/index.js"
import { dkimVerify } from "mailauth/lib/dkim/verify.js"
import type { ArcResult, DkimFacts } from "../../policy/authenticity-facts.ts"
import type { PreparedContent } from "../../store/content-store.ts"
import type { MailResolver } from "./mail-resolver.ts"
import { maxDkimSignatures, verifiableHeader } from "./verifiable-header.ts"

/** What the DKIM signatures (RFC 6376) and the ARC chain (RFC 8617) of a message are worth. The body is read once, and only when something signs it. */
export interface ServerSignatures {
  readonly dkim: readonly Omit<DkimFacts, "aligned">[]
  readonly arc: { readonly result: ArcResult; /** The newest first. */ readonly sets: readonly ArcSet[] }
}

/** What one sealer says. */
export interface ArcSet {
  readonly sealer: string
  /** The author that it saw pass DMARC; null when it saw none do so. */
  readonly dmarcPassed: string | null
}

export interface ReadableMessage extends Pick<PreparedContent, "read" | "size"> {
  readonly structure: Pick<PreparedContent["structure"], "headerBytes">
}

export interface VerifyOptions {
  readonly content: ReadableMessage
  readonly resolver: MailResolver
  /** ms */
  readonly now: number
}

/** What nobody verified, because it would cost too much. */
const unread: ServerSignatures = { dkim: [{ result: "policy", domain: "", selector: "" }], arc: { result: "fail", sets: [] } }

/** RFC 8301 §3.2: shorter RSA keys verify nothing. */
const minBitLength = 1024

export async function verifySignatures({ content, resolver, now }: VerifyOptions): Promise<ServerSignatures> {
  const { headerBytes } = content.structure
  const header = verifiableHeader(await bytesOf(content.read({ start: 0, end: headerBytes })))
  const unreadDkim = header.unread.dkim ? unread.dkim : []
  if (!header.isSigned) return { dkim: unreadDkim, arc: { result: header.unread.arc ? "fail" : "none", sets: [] } }
  const options = { resolver: resolver.resolve, minBitLength, strict: true }
  const message = Readable.from(withHeader(header.bytes, content.read({ start: headerBytes, end: content.size })), { objectMode: false })
  const verified = await dkimVerify(message, { ...options, curTime: now }).catch((error: unknown) => {
    if (error instanceof LineTooLong) return undefined
    throw error
  })
  if (!verified) return unread
  const dkim = header.unread.dkim ? unreadDkim : verified.results.filter(({ status }) => status.result !== "none").slice(0, maxDkimSignatures).map(dkimFacts)
  if (header.unread.arc || !verified.arc) return { dkim, arc: { result: header.unread.arc ? "fail" : "none", sets: [] } }
  return { dkim, arc: await verifyChain(verified.arc as ARCData, { options, resolver }) }
}

const headerStep = 8 * 1024
/** RFC 5322 §2.1.1 ends lines at 998; mailauth copies an unfinished line with every chunk. */
const maxLineBytes = 128 * 1024
const lf = 10

class LineTooLong extends Error {}

/** mailauth walks through a header byte by byte: others have their turn in between. */
async function* withHeader(header: Uint8Array, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < header.length; at += headerStep) {
    yield header.subarray(at, at + headerStep)
    await breathe()
  }
  let line = 0
  for await (const chunk of body) {
    const end = chunk.lastIndexOf(lf)
    line = end === -1 ? line + chunk.length : chunk.length - end
    if (line > maxLineBytes) throw new LineTooLong()
    yield chunk
    await breathe()
  }
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

function dkimFacts({ status, signingDomain = "", selector = "" }: DKIMResult): Omit<DkimFacts, "aligned"> {
  const underSized = "underSized" in status && typeof status.underSized === "number" && status.underSized > 0
  // RFC 6376 §8.2: with `l=` anybody may add to the message what the signature does not cover
  const result = status.result === "pass" && underSized ? "policy" : status.result
  return { result: isDkimResult(result) ? result : "neutral", domain: shown(signingDomain), selector: shown(selector) }
}

const signatureResults = ["pass", "fail", "neutral", "policy", "temperror", "permerror"] as const
const isDkimResult = (text: string): text is DkimFacts["result"] => signatureResults.some((result) => result === text)

interface ChainContext {
  readonly options: { readonly resolver: MailResolver["resolve"]; readonly minBitLength: number; readonly strict: boolean }
  readonly resolver: MailResolver
}

async function verifyChain(data: ARCData, { options, resolver }: ChainContext): Promise<ServerSignatures["arc"]> {
  // before `arc`, which takes the results apart
  const sets = (data.chain || []).toReversed().map(arcSet)
  const { status } = await arc(data, options)
  if (status.result === "pass") return { result: "pass", sets }
  if (status.result === "none") return { result: "none", sets: [] }
  // mailauth calls every failure permanent; a key that nobody could give is none
  return { result: resolver.failures() > 0 ? "temperror" : "fail", sets }
}

function arcSet(set: ARCChainEntry): ArcSet {
  const results: unknown = set["arc-authentication-results"]?.parsed
  const dmarc = at(results, "dmarc")
  const from = at(at(dmarc, "header"), "from")
  const said = at(dmarc, "value")
  return { sealer: shown(String(at(at(set["arc-seal"]?.parsed, "d"), "value") ?? "")), dmarcPassed: said === "pass" && typeof from === "string" ? from.toLowerCase() : null }
}

const at = (value: unknown, key: string): unknown => (typeof value === "object" && value !== null && key in value ? (value as Readonly<Record<string, unknown>>)[key] : undefined)

/** Names come from the message: bounded, and without what could break out of a header or a terminal. */
const shown = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}._-]/gu, "?").slice(0, 253)
