import { nextTurn } from "../../base/turn.ts"
import { Asn1SyntaxError, oidText, readAsn1, sequenceItems, timeOf } from "../asn1.ts"
import type { DistinguishedNameText } from "../certificate.ts"
import { derTag } from "../der.ts"
import { type DerElement, elementAt, wholeOf } from "./der-walk.ts"
import type { EntryIssuers } from "./entry-issuers.ts"

/**
 * The entries of a CRL (RFC 5280 §5.1.2.6), found by serial number. A hundred thousand entries are not made into objects: a table of
 * offsets into the DER, open addressing by a hash of the serial number, four bytes a slot; an entry is read when it is asked for.
 * For lists whose signature has been verified: whoever may choose the entries could choose ones that collide.
 * Whose entries they are on an indirect list is entry-issuers.ts' affair.
 */
export interface RevokedList {
  readonly count: number
  /** By serial number in lower case hex without leading zero octets, and who issued the certificate. */
  find(serialNumber: string, issuer: DistinguishedNameText): RevokedEntry | undefined
}

export interface RevokedEntry {
  /** 0, and so revoked for all time, when the date cannot be read. */
  readonly revokedAt: number
  /** RFC 5280 §5.3.1 by name; empty when not given. */
  readonly reason: string
}

/** RFC 5280 §5.3.1; 7 is not used. */
const reasons: Readonly<Record<number, string>> = {
  0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded", 5: "cessationOfOperation", 6: "certificateHold",
  8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
}

/** Of the content octets of a CRLReason. */
export const reasonName = (octets: Uint8Array): string => (octets.length === 1 ? (reasons[octets[0] ?? 7] ?? "") : "")

const reasonCode = "2.5.29.21"
/** CRLReason and invalidityDate (RFC 5280 §5.3.2): the entry means the same without the latter. */
const understood: readonly (readonly number[])[] = [[0x55, 0x1d, 0x15], [0x55, 0x1d, 0x18]]
/** RFC 5280 §5.3.3. */
const certificateIssuer: readonly number[] = [0x55, 0x1d, 0x1d]
/** About a millisecond of walking before others have their turn. */
const entriesAtOnce = 1_000
/** A SEQUENCE of a one-octet serial number and a UTCTime. */
const smallestEntryBytes = 20
/** Twice what RFC 5280 §4.1.2.2 allows. */
const maxSerialOctets = 40

/**
 * Walks the content of `list` (revokedCertificates), yielding now and then. Undefined when an entry is malformed or has a critical
 * extension that is not understood: then the CRL must not be used for any certificate (RFC 5280 §5.3). `issuers`: of an indirect list, otherwise null.
 */
export async function indexRevoked(der: Uint8Array, list: DerElement | null, issuers: EntryIssuers | null): Promise<RevokedList | undefined> {
  if (!list) return { count: 0, find: () => undefined }
  const most = Math.ceil((list.end - list.content) / smallestEntryBytes) + 1
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(most * 2)))
  let count = 0
  for (let at = list.content; at < list.end; count++) {
    const entry = elementAt(der, at, list.end)
    const serial = entry?.tag === derTag.sequence ? elementAt(der, entry.content, entry.end) : undefined
    if (!entry || !serial || !isSerial(serial) || !isUnderstood(der, entry, serial, issuers)) return undefined
    place(der, slots, entry, serial)
    at = entry.end
    if (count % entriesAtOnce === entriesAtOnce - 1) await nextTurn()
  }
  return { count, find: (serialNumber, issuer) => find(der, slots, serialNumber, (entry) => issuers?.isOf(entry, issuer) ?? true) }
}

const isSerial = ({ tag, content, end }: DerElement): boolean => tag === derTag.integer && end > content && end - content <= maxSerialOctets

const isTime = ({ tag, content, end }: DerElement): boolean => end - content === (tag === derTag.utcTime ? 13 : tag === derTag.generalizedTime ? 15 : -1)

/** The rest of an entry: a date, and extensions of which no critical one is strange. On an indirect list notes whose it is. */
function isUnderstood(der: Uint8Array, entry: DerElement, serial: DerElement, issuers: EntryIssuers | null): boolean {
  const date = elementAt(der, serial.end, entry.end)
  if (!date || !isTime(date)) return false
  if (date.end === entry.end) return true
  const extensions = elementAt(der, date.end, entry.end)
  if (extensions?.tag !== derTag.sequence || extensions.end !== entry.end) return false
  for (let at = extensions.content; at < extensions.end; ) {
    const extension = elementAt(der, at, extensions.end)
    const id = extension?.tag === derTag.sequence ? elementAt(der, extension.content, extension.end) : undefined
    const next = extension && id?.tag === derTag.oid ? elementAt(der, id.end, extension.end) : undefined
    if (!extension || !id || !next) return false
    const critical = next.tag === derTag.boolean && der[next.content] !== 0
    if (issuers && isId(der, id, certificateIssuer)) {
      const value = next.tag === derTag.boolean ? elementAt(der, next.end, extension.end) : next
      if (!value || !issuers.begin(entry, value)) return false
    } else if (critical && !understood.some((oid) => isId(der, id, oid))) return false
    at = extension.end
  }
  return true
}

const isId = (der: Uint8Array, id: DerElement, oid: readonly number[]): boolean => id.end - id.content === oid.length && oid.every((octet, index) => der[id.content + index] === octet)

/** FNV-1a. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash >>> 0
}

/** Behind the zero octets that only keep the sign. */
function significantStart(der: Uint8Array, serial: DerElement): number {
  let at = serial.content
  while (at < serial.end - 1 && der[at] === 0) at++
  return at
}

/** A slot holds the offset of an entry, which is never 0. */
function place(der: Uint8Array, slots: Uint32Array, entry: DerElement, serial: DerElement): void {
  let slot = hashOf(der, significantStart(der, serial), serial.end) & (slots.length - 1)
  while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
  slots[slot] = entry.start
}

/** Of several entries for one serial number the first that revokes it. */
function find(der: Uint8Array, slots: Uint32Array, serialNumber: string, isMeant: (entry: DerElement) => boolean): RevokedEntry | undefined {
  const wanted = Buffer.from(serialNumber, "hex")
  let removed: RevokedEntry | undefined
  for (let slot = hashOf(wanted, 0, wanted.length) & (slots.length - 1); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
    const entry = elementAt(der, slots[slot] ?? 0, der.length)
    const serial = entry && elementAt(der, entry.content, entry.end)
    if (!entry || !serial || !wanted.equals(der.subarray(significantStart(der, serial), serial.end)) || !isMeant(entry)) continue
    const read = readEntry(wholeOf(der, entry))
    if (read.reason !== "removeFromCRL") return read
    removed ??= read
  }
  return removed
}

function readEntry(der: Uint8Array): RevokedEntry {
  try {
    const [, date, extensions] = sequenceItems(readAsn1(der), "entry")
    const reason = extensions?.items.find(({ items }) => oidText(items[0]) === reasonCode)?.items.at(-1)
    return { revokedAt: timeOf(date), reason: reason ? reasonName(readAsn1(reason.octets).octets) : "" }
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return { revokedAt: 0, reason: "" }
    throw error
  }
}
