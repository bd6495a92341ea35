const equals = 61

/** Blanks after a soft line break's "=": more are no honest line. */
const maxSoftBreakBytes = 1_000

const digitValue = (code: number): number => {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 65 && code <= 70) return code - 55
  if (code >= 97 && code <= 102) return code - 87
  return -1
}

/** RFC 2045 §6.7, tolerant: what is no escape stays as it is. */
export const decodeQuotedPrintable = (bytes: Buffer): Buffer => {
  let escape = bytes.indexOf(equals)
  if (escape === -1) return bytes
  const decoded = Buffer.allocUnsafe(bytes.length)
  let used = 0
  let from = 0
  while (escape !== -1) {
    if (escape > from) used += bytes.copy(decoded, used, from, escape)
    from = escape
    const high = digitValue(bytes[escape + 1] ?? 0)
    const low = high < 0 ? -1 : digitValue(bytes[escape + 2] ?? 0)
    if (low >= 0) {
      decoded[used++] = high * 16 + low
      from = escape + 3
    } else {
      // A soft line break, which may have blanks before its line end.
      let at = escape + 1
      while (bytes[at] === 0x20 || bytes[at] === 0x09) at++
      if (bytes[at] === 13) at++
      if (bytes[at] === 10) from = at + 1
      else if (at >= bytes.length) from = bytes.length
      else {
        decoded[used++] = equals
        from = escape + 1
      }
    }
    escape = bytes[from] === equals ? from : bytes.indexOf(equals, from)
  }
  used += bytes.copy(decoded, used, from)
  return decoded.subarray(0, used)
}

/** How much of a piece can be decoded without knowing what follows: an escape or soft line break may be cut at its end. */
export const wholeQuotedPrintable = (bytes: Buffer): number => {
  const last = bytes.lastIndexOf(equals)
  if (last === -1 || last < bytes.length - maxSoftBreakBytes) return bytes.length
  return last > bytes.length - 3 || isBlank(bytes, last + 1) ? last : bytes.length
}

const isBlank = (bytes: Buffer, from: number): boolean => {
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at]
    if (code !== 0x20 && code !== 0x09 && code !== 13) return false
  }
  return true
}
