/**
 * The one file of a zip archive, as reports are mailed in one (APPNOTE.TXT 6.3: §4.3.7 local header, §4.3.12 central directory, §4.3.16 its end).
 * Not a zip reader: no second file, no encryption, no zip64, no comments longer than the format allows. Pure.
 */
import { failed, ok, type Result } from "../base/result.ts"

export interface ZipEntry {
  readonly method: "stored" | "deflated"
  readonly data: Buffer
  /** Of the data once it is inflated. */
  readonly bytes: number
  readonly crc32: number
}

const endSignature = 0x06054b50
const endBytes = 22
const maxCommentBytes = 65_535
const directorySignature = 0x02014b50
const directoryBytes = 46
const localSignature = 0x04034b50
const localBytes = 30
const encryptedFlag = 1

/** Fails with one English sentence. */
export function zipEntry(archive: Buffer): Result<ZipEntry, string> {
  const end = endOf(archive)
  if (end === undefined) return failed("the zip archive has no end")
  const entries = archive.readUInt16LE(end + 10)
  if (entries !== 1) return failed(`the zip archive holds ${entries} files, not one`)
  const directory = archive.readUInt32LE(end + 16)
  if (directory + directoryBytes > end || archive.readUInt32LE(directory) !== directorySignature) return failed("the zip archive's directory is damaged")
  if ((archive.readUInt16LE(directory + 8) & encryptedFlag) !== 0) return failed("the zip archive is encrypted")
  const method = archive.readUInt16LE(directory + 10)
  if (method !== 0 && method !== 8) return failed(`the zip archive is compressed by method ${method}`)
  const length = archive.readUInt32LE(directory + 20)
  const local = archive.readUInt32LE(directory + 42)
  if (local + localBytes > directory || archive.readUInt32LE(local) !== localSignature) return failed("the zip archive's file is not where it should be")
  const start = local + localBytes + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  if (start + length > directory) return failed("the zip archive's file is cut off")
  return ok({ method: method === 0 ? "stored" : "deflated", data: archive.subarray(start, start + length), bytes: archive.readUInt32LE(directory + 24), crc32: archive.readUInt32LE(directory + 16) })
}

/** From the back: a comment may follow. */
function endOf(archive: Buffer): number | undefined {
  const last = archive.length - endBytes
  for (let at = last; at >= 0 && at >= last - maxCommentBytes; at--) if (archive.readUInt32LE(at) === endSignature && at + endBytes + archive.readUInt16LE(at + 20) === archive.length) return at
  return undefined
}
