/** A cache bounded by the bytes its values say they take; what was used longest ago goes first. For values that never change. */
export class ByteCache<Key, Value> {
  private readonly entries = new Map<Key, { readonly value: Value; readonly bytes: number }>()
  private used = 0
  private readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get(key: Key): Value | undefined {
    const entry = this.entries.get(key)
    if (!entry) return undefined
    this.entries.delete(key)
    this.entries.set(key, entry)
    return entry.value
  }

  set(key: Key, value: Value, bytes: number): void {
    if (bytes > this.maxBytes / 8) return
    this.used += bytes - (this.entries.get(key)?.bytes ?? 0)
    this.entries.delete(key)
    this.entries.set(key, { value, bytes })
    for (const [oldest, entry] of this.entries) {
      if (this.used <= this.maxBytes) break
      this.entries.delete(oldest)
      this.used -= entry.bytes
    }
  }
}
