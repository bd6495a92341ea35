import { Asn1SyntaxError, readAsn1, sequenceItems } from "../asn1.ts"
import type { DistinguishedNameText } from "../certificate.ts"
import { derTag } from "../der.ts"
import { nameKey, nameText, readNameAttributes } from "../distinguished-name.ts"
import { directoryNames } from "../read-extensions.ts"
import type { DerElement } from "./der-walk.ts"

/**
 * Whose the entries of an indirect list are (RFC 5280 §5.3.3): the lister's own until an entry names an issuer, from there on that one's until another
 * does. Kept as the places where that changes. Names are compared by what they say (§7.1): a lister who writes one otherwise than the certificate
 * does must not turn revoked into good.
 */
export interface EntryIssuers {
  /** Entries come in their order. `value`: of the certificateIssuer extension of `entry`. False when it cannot be used. */
  begin(entry: DerElement, value: DerElement): boolean
  isOf(entry: DerElement, issuer: DistinguishedNameText): boolean
}

/** More authorities than any lister serves; each costs a name that is kept. */
const maxIssuers = 1_000
const maxNameNodes = 500

export function createEntryIssuers(der: Uint8Array, listerDer: Uint8Array): EntryIssuers {
  const known = new Map<string, readonly string[]>()
  const starts: number[] = []
  const names: (readonly string[])[] = []
  const lister = keysOf([listerDer])

  const read = (value: DerElement): readonly string[] | undefined => {
    const octets = Buffer.from(der.buffer, der.byteOffset + value.content, value.end - value.content)
    const key = octets.toString("latin1")
    const before = known.get(key)
    if (before) return before
    if (known.size >= maxIssuers) return undefined
    const keys = issuerKeys(octets)
    if (keys.length > 0) known.set(key, keys)
    return keys
  }

  return {
    begin(entry, value) {
      const keys = value.tag === derTag.octetString ? read(value) : undefined
      if (!keys || keys.length === 0) return false
      if (names.at(-1) !== keys) {
        starts.push(entry.start)
        names.push(keys)
      }
      return true
    },
    isOf: ({ start }, issuer) => (names[lastAtOrBefore(starts, start)] ?? lister).includes(nameKey(issuer)),
  }
}

/** Empty when there is no directory name that can be read. */
function issuerKeys(octets: Uint8Array): readonly string[] {
  try {
    return keysOf(directoryNames(sequenceItems(readAsn1(octets, maxNameNodes), "issuer of a certificate")))
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return []
    throw error
  }
}

const keysOf = (names: readonly Uint8Array[]): readonly string[] =>
  names.map((name) => {
    const node = readAsn1(name, maxNameNodes)
    return nameKey(nameText(node, readNameAttributes(node)))
  })

/** -1 when all are behind `offset`. */
function lastAtOrBefore(sorted: readonly number[], offset: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low - 1
}
