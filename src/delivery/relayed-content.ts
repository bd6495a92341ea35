import type { ContentStore } from "../store/content-store.ts"
import type { RemoteDelivery } from "../store/delivery-store.ts"

/** A message on its way out: our trace lines, then the accepted bytes as they are. */
export interface RelayedContent {
  readonly bytes: number
  chunks(): AsyncGenerator<Uint8Array>
  /** Whether the top-level header has bytes above ASCII (RFC 6532). */
  hasUtf8Header(): Promise<boolean>
  /** Whether its header says `TLS-Required: No` (RFC 8689 §3). */
  saysTlsNotRequired(): Promise<boolean>
  /** Whether any byte is above ASCII (RFC 6152). */
  hasEightBit(): Promise<boolean>
}

/** RFC 5321 §4.4: Return-Path is written where a message comes to rest; one that moves on has none. */
export const withoutReturnPath = (prefix: string): string => prefix.replace(/^Return-Path:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/i, "")

export function relayedContent(contents: Pick<ContentStore, "read">, { content, size, tracePrefix }: Pick<RemoteDelivery, "content" | "size" | "tracePrefix">): RelayedContent {
  const prefix = Buffer.from(withoutReturnPath(tracePrefix))
  const anyChunk = async (test: (chunk: Buffer) => boolean, until: (chunk: Buffer) => boolean = () => false): Promise<boolean> => {
    for await (const chunk of contents.read(content)) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      if (test(bytes)) return true
      if (until(bytes)) return false
    }
    return false
  }
  /** Looks at the header piece by piece, each with the end of the one before it. */
  const inHeader = (overlap: number, test: (header: Buffer) => boolean): Promise<boolean> => {
    let tail: Buffer = Buffer.from("\r\n")
    let ended = false
    return anyChunk(
      (chunk) => {
        const seen = Buffer.concat([tail, chunk])
        const end = seen.indexOf("\r\n\r\n")
        ended = end !== -1
        tail = seen.subarray(-overlap)
        return test(ended ? seen.subarray(0, end + 2) : seen)
      },
      () => ended,
    )
  }
  return {
    bytes: prefix.length + size,
    async *chunks() {
      yield prefix
      yield* contents.read(content)
    },
    hasUtf8Header: async () => hasHighByte(prefix) || inHeader(3, hasHighByte),
    saysTlsNotRequired: () => inHeader(longestLine, (header) => tlsNotRequired.test(header.toString("latin1"))),
    hasEightBit: () => (hasHighByte(prefix) ? Promise.resolve(true) : anyChunk(hasHighByte)),
  }
}

/** At the beginning of a line, folded or not; comments are not looked for: whoever writes them has not meant it. */
const tlsNotRequired = /\nTLS-Required[ \t]*:(?:[ \t]|\r\n[ \t])*No(?:[ \t]|\r\n[ \t])*\r\n/i
/** RFC 5322 §2.1.1, and the line end before it. */
const longestLine = 1_002

const hasHighByte = (bytes: Uint8Array): boolean => bytes.some((byte) => byte > 0x7f)
