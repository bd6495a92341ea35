/**
 * A cache bounded by the bytes its values say they take; the oldest goes first, unless it has been asked for since it was last
 * looked at: then it gets a second chance. A hit only sets a mark, so it costs one lookup. For values that never change.
 */
export class ByteCache<Key, Value> {
  private readonly entries = new Map<Key, Entry<Value>>()
  private used = 0
  private readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get(key: Key): Value | undefined {
    const entry = this.entries.get(key)
    if (!entry) return undefined
    entry.asked = true
    return entry.value
  }

  set(key: Key, value: Value, bytes: number): void {
    if (bytes > this.maxBytes / 8) return
    this.used += bytes - (this.entries.get(key)?.bytes ?? 0)
    this.entries.delete(key)
    this.entries.set(key, { value, bytes, asked: false })
    for (const [oldest, entry] of this.entries) {
      if (this.used <= this.maxBytes) break
      this.entries.delete(oldest)
      if (entry.asked) {
        entry.asked = false
        this.entries.set(oldest, entry)
      } else this.used -= entry.bytes
    }
  }
}

interface Entry<Value> {
  readonly value: Value
  readonly bytes: number
  asked: boolean
}
