import type { ContentStore } from "../store/content-store.ts"
import type { RemoteDelivery } from "../store/delivery-store.ts"

/** A message on its way out: our trace lines, then the accepted bytes as they are. */
export interface RelayedContent {
  readonly bytes: number
  chunks(): AsyncGenerator<Uint8Array>
  /** Whether the top-level header has bytes above ASCII (RFC 6532). */
  hasUtf8Header(): Promise<boolean>
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
  return {
    bytes: prefix.length + size,
    async *chunks() {
      yield prefix
      yield* contents.read(content)
    },
    async hasUtf8Header() {
      if (hasHighByte(prefix)) return true
      let tail: Buffer = Buffer.alloc(0)
      let ended = false
      return anyChunk(
        (chunk) => {
          const seen = Buffer.concat([tail, chunk])
          const end = seen.indexOf("\r\n\r\n")
          ended = end !== -1
          tail = seen.subarray(-3)
          return hasHighByte(ended ? seen.subarray(0, end) : seen)
        },
        () => ended,
      )
    },
    hasEightBit: () => (hasHighByte(prefix) ? Promise.resolve(true) : anyChunk(hasHighByte)),
  }
}

const hasHighByte = (bytes: Uint8Array): boolean => bytes.some((byte) => byte > 0x7f)
