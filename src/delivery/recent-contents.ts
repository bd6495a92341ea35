import { ByteCache } from "../base/byte-cache.ts"
import type { ContentStore } from "../store/content-store.ts"

const maxBytes = 16 * 1024 * 1024

/**
 * Contents that were read lately, for those who read them again at once: a message is signed and then sent, a circular is sent to many destinations.
 * Large ones are read anew. What is handed out must not be changed.
 */
export function recentContents(contents: Pick<ContentStore, "read">): Pick<ContentStore, "read"> {
  const recent = new ByteCache<string, readonly Uint8Array[]>(maxBytes)
  const whole = async function* (content: Uint8Array): AsyncGenerator<Uint8Array> {
    const key = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("latin1")
    const known = recent.get(key)
    if (known) return yield* known
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of contents.read(content)) {
      bytes += chunk.length
      // as large as the cache would refuse it
      if (bytes <= maxBytes / 8) chunks.push(chunk)
      else chunks.length = 0
      yield chunk
    }
    if (bytes > 0) recent.set(key, chunks, bytes)
  }
  return { read: (content, range) => (range ? contents.read(content, range) : whole(content)) }
}
