/**
 * The XML of a report as it was attached: gzip (RFC 1952), zip with one file, or plain; told by what it is, not by what it is called. Bounded in size.
 * For a thread: it does not let others have their turn. Pure.
 */
import { crc32, inflateRawSync } from "node:zlib"
import { failed, ok, type Result } from "../base/result.ts"
import { gunzipReport, isGzip, maxReportBytes, maxUnpackedBytes } from "./report-gunzip.ts"
import { zipEntry } from "./zip-entry.ts"

/** Failure: an English clause. */
export function unpackReport(attached: Buffer): Result<Uint8Array, string> {
  if (isGzip(attached)) return gunzipReport(attached)
  if (attached.length >= 4 && attached.readUInt32LE(0) === zipSignature) return unzipped(attached)
  return attached.length > maxReportBytes ? failed("it is larger than a report can be") : ok(attached)
}

/** Of a local file header (APPNOTE.TXT §4.3.7). */
const zipSignature = 0x04034b50

function unzipped(archive: Buffer): Result<Uint8Array, string> {
  const found = zipEntry(archive)
  if (!found.ok) return found
  const { method, data, bytes, crc32: sum } = found.value
  const plain = method === "stored" ? ok(data) : inflated(data)
  // what it says of its size is a stranger's word, too
  return plain.ok && (plain.value.length !== bytes || crc32(plain.value) !== sum) ? failed("the zip archive is damaged") : plain
}

function inflated(data: Buffer): Result<Uint8Array, string> {
  try {
    return ok(inflateRawSync(data, { maxOutputLength: maxUnpackedBytes(data.length) }))
  } catch (error) {
    const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
    return failed(tooLarge ? "it unpacks to more than a report can have" : "the zip archive is damaged")
  }
}
