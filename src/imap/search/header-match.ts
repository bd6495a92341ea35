/**
 * Whether a folded header text ("name: value" lines) has a field whose value contains `needle`, folded the same way. An empty
 * needle asks only for the field (RFC 9051 §6.4.4 HEADER).
 */
export const headerHas = (header: string, field: string, needle: string): boolean => {
  const prefix = `${field}:`
  let start = header.startsWith(prefix) ? 0 : next(header, prefix, 0)
  while (start >= 0) {
    const end = header.indexOf("\n", start)
    const value = header.slice(start + prefix.length, end < 0 ? undefined : end)
    if (value.includes(needle)) return true
    start = end < 0 ? -1 : next(header, prefix, end)
  }
  return false
}

const next = (header: string, prefix: string, from: number): number => {
  const at = header.indexOf(`\n${prefix}`, from)
  return at < 0 ? -1 : at + 1
}
