import { giveBack } from "../../base/give-back.ts"
import { Pace } from "../../base/pace.ts"
import { BodyHash } from "../../mail/dkim/body-hash.ts"
import { type RawField, rawFields } from "../../mail/header.ts"

export interface ReadMessage {
  readonly fields: readonly RawField[]
  readonly bodyHash: string
}

/** What is signed must be parsed whole; larger headers exist only to hurt. */
const maxHeaderBytes = 1024 * 1024
const headerEnd = Buffer.from("\r\n\r\n")
const pieceBytes = 64 * 1024

/** Header fields and body hash of a message in one reading, others having their turn meanwhile; undefined when its header is too large to be signed. The chunks' memory is taken over. */
export async function readToSign(chunks: AsyncIterable<Uint8Array>): Promise<ReadMessage | undefined> {
  const hash = new BodyHash()
  const pace = new Pace()
  let header: Buffer = Buffer.alloc(0)
  let inBody = false
  const hashBody = async (body: Buffer): Promise<void> => {
    for (let at = 0; at < body.length; at += pieceBytes) {
      const piece = body.subarray(at, at + pieceBytes)
      hash.update(piece)
      // the first megabytes are hashed by code that is not compiled yet, at a quarter of the speed
      await pace.spend(4 * piece.length)
    }
  }
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (inBody) {
      await hashBody(bytes)
      giveBack(chunk)
      continue
    }
    const known = header.length
    header = known === 0 ? bytes : Buffer.concat([header, bytes])
    const end = bodyStart(header, known)
    inBody = end !== -1
    if ((inBody ? end : header.length) > maxHeaderBytes) return undefined
    if (!inBody) continue
    await hashBody(header.subarray(end))
    header = header.subarray(0, end)
  }
  return { fields: rawFields(header), bodyHash: hash.digest() }
}

/** Behind the empty line; -1 before it has come. A message may have no header at all, or no body (RFC 5322 §2.1). */
function bodyStart(bytes: Buffer, known: number): number {
  if (bytes[0] === 13 && bytes[1] === 10) return 2
  const at = bytes.indexOf(headerEnd, Math.max(0, known - 3))
  return at === -1 ? -1 : at + headerEnd.length
}
