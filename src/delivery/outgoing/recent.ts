/** What was made lately for a number, shared by those who ask while it is being made; what failed is made again. The oldest go first. */
export interface Recent<Value> {
  get(key: number, make: () => Promise<Value>): Promise<Value>
}

export function createRecent<Value>(maxEntries: number): Recent<Value> {
  const entries = new Map<number, Promise<Value>>()
  return {
    get(key, make) {
      const known = entries.get(key)
      if (known) return known
      const made = make()
      entries.set(key, made)
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries) break
        entries.delete(oldest)
      }
      made.catch(() => entries.get(key) === made && entries.delete(key))
      return made
    },
  }
}
