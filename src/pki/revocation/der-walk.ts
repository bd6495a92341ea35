/**
 * Steps over DER (X.690 §10.1) without making a tree of it: CRLs have a hundred thousand entries, and an object for each costs seconds.
 * Whatever is small is cut out here and read by ../asn1.ts. Single-octet tags, definite lengths. Pure; never throws on hostile bytes.
 */
export interface DerElement {
  readonly tag: number
  /** Offsets: of the tag, of the content, and behind the content. */
  readonly start: number
  readonly content: number
  readonly end: number
}

/** The element at `at`, wholly before `end`; undefined when there is none. */
export function elementAt(bytes: Uint8Array, at: number, end: number): DerElement | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  // 0x1f in the low bits: a tag of several octets, which no structure read here has
  if (tag === undefined || first === undefined || at + 2 > end || (tag & 0x1f) === 0x1f) return undefined
  if (first < 0x80) return within({ tag, start: at, content: at + 2, end: at + 2 + first }, end)
  const octets = first & 0x7f
  if (octets === 0 || octets > 4 || at + 2 + octets > end) return undefined
  let length = 0
  for (let index = at + 2; index < at + 2 + octets; index++) length = length * 256 + (bytes[index] ?? 0)
  const fewestOctets = length >= 0x80 && length >= 256 ** (octets - 1)
  return fewestOctets ? within({ tag, start: at, content: at + 2 + octets, end: at + 2 + octets + length }, end) : undefined
}

const within = (element: DerElement, end: number): DerElement | undefined => (element.end <= end ? element : undefined)

/** The elements inside `parent`, at most `limit`; undefined when they do not fill it exactly. */
export function childrenOf(bytes: Uint8Array, parent: DerElement, limit: number): readonly DerElement[] | undefined {
  const children: DerElement[] = []
  for (let at = parent.content; at < parent.end; ) {
    const child = elementAt(bytes, at, parent.end)
    if (!child || children.length === limit) return undefined
    children.push(child)
    at = child.end
  }
  return children
}

/** With tag and length. */
export const wholeOf = (bytes: Uint8Array, element: DerElement): Uint8Array => bytes.subarray(element.start, element.end)
