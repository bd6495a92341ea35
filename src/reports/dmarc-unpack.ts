/** The XML of a report as it was attached: gzip (RFC 1952), zip with one file, or plain; told by what it is, not by what it is called. Bounded in size. */
import { crc32, createGunzip, createInflateRaw } from "node:zlib"
import { zipEntry } from "./zip-entry.ts"

/** One English sentence. */
export class UnpackFault extends Error {}

/** Unpacked: some twenty thousand records. */
const maxXmlBytes = 16 * 1024 * 1024

/** Throws `UnpackFault`. */
export async function* unpackReport(attached: Buffer, maxBytes = maxXmlBytes): AsyncGenerator<Uint8Array> {
  if (attached.length >= 2 && attached[0] === 0x1f && attached[1] === 0x8b) yield* inflated(attached, createGunzip(), maxBytes)
  else if (attached.length >= 4 && attached.readUInt32LE(0) === 0x04034b50) yield* unzipped(attached, maxBytes)
  else if (attached.length > maxBytes) throw tooLarge()
  else yield attached
}

const tooLarge = (): UnpackFault => new UnpackFault("too large")

async function* unzipped(archive: Buffer, maxBytes: number): AsyncGenerator<Uint8Array> {
  const found = zipEntry(archive)
  if (!found.ok) throw new UnpackFault(found.failure)
  const { method, data, bytes, crc32: sum } = found.value
  if (bytes > maxBytes) throw tooLarge()
  let length = 0
  let check = 0
  // what it says of its size is a stranger's word, too
  for await (const chunk of method === "stored" ? [data] : inflated(data, createInflateRaw(), maxBytes)) {
    length += chunk.length
    check = crc32(chunk, check)
    yield chunk
  }
  if (length !== bytes || check !== sum) throw new UnpackFault("the zip archive is damaged")
}

async function* inflated(data: Buffer, stream: ReturnType<typeof createGunzip>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let total = 0
  stream.end(data)
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      total += chunk.length
      if (total > maxBytes) throw tooLarge()
      yield chunk
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string" && /^Z_|^ERR_(?:BUFFER|TRAILING)/.test(error.code)) throw new UnpackFault("not what it was compressed from")
    throw error
  } finally {
    stream.destroy()
  }
}
