/** The few ASN.1 values that certificates and CRLs are written with, in DER (X.690 §8, §10). Pure; reading is asn1.ts. */
export const derTag = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, oid: 0x06, enumerated: 0x0a, utf8String: 0x0c, numericString: 0x12, printableString: 0x13,
  teletexString: 0x14, ia5String: 0x16, utcTime: 0x17, generalizedTime: 0x18, visibleString: 0x1a, universalString: 0x1c, bmpString: 0x1e, sequence: 0x30, set: 0x31,
} as const

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.length), content])
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Buffer.from([0x80 | octets.length, ...octets])
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => der(derTag.sequence, ...items)

/** Context-specific and constructed: `[n]`. */
export const context = (number: number, ...contents: readonly Uint8Array[]): Buffer => der(0xa0 | number, ...contents)

/** Context-specific and primitive: an implicit `[n]` of a string type. */
export const contextPrimitive = (number: number, content: Uint8Array): Buffer => der(0x80 | number, content)

/** A positive integer of big-endian octets; a leading zero keeps the sign. */
export function positiveInteger(octets: Uint8Array): Buffer {
  const start = octets.findIndex((octet) => octet !== 0)
  const significant = start < 0 ? Buffer.from([0]) : Buffer.from(octets.subarray(start))
  return der(derTag.integer, (significant[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), significant)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number)
  return der(derTag.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const octets = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift((rest % 128) | 0x80)
  return octets
}

export const utf8String = (text: string): Buffer => der(derTag.utf8String, Buffer.from(text))

export const octetString = (content: Uint8Array): Buffer => der(derTag.octetString, content)

export const bitString = (content: Uint8Array, unusedBits = 0): Buffer => der(derTag.bitString, Buffer.from([unusedBits]), content)

export const derTrue = der(derTag.boolean, Buffer.from([0xff]))

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime after. */
export function time(ms: number): Buffer {
  const text = `${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`
  return new Date(ms).getUTCFullYear() < 2050 ? der(derTag.utcTime, Buffer.from(text.slice(2))) : der(derTag.generalizedTime, Buffer.from(text))
}
