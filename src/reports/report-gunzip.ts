import { gunzipSync } from "node:zlib"
import { failed, ok, type Result } from "../base/result.ts"

/** Reports repeat themselves, so they shrink well; beyond this somebody wants memory, not to tell something. */
const maxRatio = 300
/** Below this any ratio will do. */
const alwaysBytes = 1024 * 1024
export const maxReportBytes = 16 * 1024 * 1024

/** Whether bytes begin as a gzip file does (RFC 1952 §2.3.1). */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** How large what `compressedBytes` hold may be. */
export const maxUnpackedBytes = (compressedBytes: number): number => Math.min(maxReportBytes, Math.max(alwaysBytes, compressedBytes * maxRatio))

/** What is in a gzip file, bounded. For a thread: it does not let others have their turn. */
export function gunzipReport(bytes: Uint8Array): Result<Buffer, string> {
  try {
    return ok(gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes(bytes.length) }))
  } catch (error) {
    const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
    return failed(tooLarge ? "it unpacks to more than a report can have" : "it is no whole gzip file")
  }
}
