import { der } from "../der.ts"
import { CmsError } from "./cms-error.ts"

/** BER elements in memory: their DER (X.690 §10, §11), and their parts. For the few hundred bytes that attributes are. Pure; throws `CmsError`. */
interface Limits {
  readonly depth: number
  /** Elements that may still be read: each costs up to a microsecond. */
  readonly budget: { elements: number }
}

const maxElements = 5_000

const limitsOf = (maxDepth: number): Limits => ({ depth: maxDepth, budget: { elements: maxElements } })

const deeper = ({ depth, budget }: Limits): Limits => ({ depth: depth - 1, budget })

interface Element {
  readonly start: number
  readonly tag: number
  readonly contents: Buffer
  readonly end: number
}

const segmentsOf: Readonly<Record<number, number>> = { 0x24: 0x04, 0x2c: 0x0c, 0x33: 0x13, 0x34: 0x14, 0x36: 0x16, 0x3a: 0x1a, 0x3e: 0x1e, 0x37: 0x17, 0x38: 0x18 }
const setTag = 0x31
const booleanTag = 0x01

/**
 * The DER of one element. Indefinite and overlong lengths become minimal, segmented strings whole, SETs sorted. Sets of this size are all SET OF,
 * whose members are sorted by their encodings (X.690 §11.6). `maxDepth` bounds the recursion.
 */
export function toDer(bytes: Buffer, maxDepth: number): Buffer {
  const limits = limitsOf(maxDepth)
  const element = read(bytes, 0, limits)
  if (element.end !== bytes.length) throw new CmsError("malformed", "bytes behind an element")
  return encode(element, limits)
}

/** The elements in a constructed one, each as it was encoded. */
export function partsOf(bytes: Buffer, maxDepth: number): Buffer[] {
  const limits = limitsOf(maxDepth)
  const { contents } = read(bytes, 0, limits)
  return children(contents, deeper(limits)).map((item) => contents.subarray(item.start, item.end))
}

function encode({ tag, contents }: Element, limits: Limits): Buffer {
  if ((tag & 0x20) === 0) {
    // X.690 §11.1: TRUE is all ones.
    return der(tag, tag === booleanTag && contents.length === 1 && contents[0] !== 0 ? Buffer.from([0xff]) : contents)
  }
  const items = children(contents, deeper(limits))
  const primitive = segmentsOf[tag]
  if (primitive !== undefined) return der(primitive, ...items.map((item) => segment(item, deeper(limits))))
  const encoded = items.map((item) => encode(item, deeper(limits)))
  return der(tag, ...(tag === setTag ? sorted(encoded) : encoded))
}

/** X.690 §11.6: compared as octet strings, the shorter padded with zeros. One is never the start of another, since lengths differ before. */
const sorted = (encodings: readonly Buffer[]): Buffer[] => [...encodings].sort((one, other) => Buffer.compare(one, other))

function segment(element: Element, limits: Limits): Buffer {
  if ((element.tag & 0x20) === 0) return element.contents
  return Buffer.concat(children(element.contents, deeper(limits)).map((item) => segment(item, deeper(limits))))
}

function children(contents: Buffer, limits: Limits): Element[] {
  const items: Element[] = []
  for (let at = 0; at < contents.length; ) {
    const item = read(contents, at, limits)
    items.push(item)
    at = item.end
  }
  return items
}

/** Reads the element at `at`. The contents of an indefinite length are found by reading the elements in it. */
function read(bytes: Buffer, at: number, limits: Limits): Element {
  if (--limits.budget.elements < 0) throw new CmsError("tooLarge", "too many elements")
  if (limits.depth < 0) throw new CmsError("tooDeep", "elements are nested too deeply")
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new CmsError("malformed", "element is cut short")
  let start = at + 2
  if (first === 0x80) {
    if ((tag & 0x20) === 0) throw new CmsError("malformed", "primitive element without a length")
    let end = start
    while (bytes[end] !== 0 || bytes[end + 1] !== 0) end = read(bytes, end, deeper(limits)).end
    return { start: at, tag, contents: bytes.subarray(start, end), end: end + 2 }
  }
  let length = first
  if (first > 0x80) {
    const octets = first - 0x80
    if (octets > 4 || start + octets > bytes.length) throw new CmsError("malformed", "length of a length")
    length = bytes.readUIntBE(start, octets)
    start += octets
  }
  if (start + length > bytes.length) throw new CmsError("malformed", "element is cut short")
  return { start: at, tag, contents: bytes.subarray(start, start + length), end: start + length }
}
