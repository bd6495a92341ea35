import type { SearchKey } from "../grammar/search-keys.ts"
import type { MailboxIndex } from "../../store/mailbox-index.ts"

/** A search that asks for flags only, as two bit sets: those that must be set, those that must not. */
export interface FlagMask {
  readonly set: number
  readonly clear: number
}

const anything: FlagMask = { set: 0, clear: 0 }

/** UNSEEN, DELETED, KEYWORD x UNFLAGGED and their like, which mail clients ask all day; undefined for any other search, and for what no message can be. */
export function flagMask(key: SearchKey, index: Pick<MailboxIndex, "bitOf">): FlagMask | undefined {
  switch (key.kind) {
    case "all":
      return anything
    case "flag": {
      const bit = index.bitOf(key.name)
      return bit === undefined ? undefined : { set: (1 << bit) >>> 0, clear: 0 }
    }
    case "not": {
      if (key.key.kind !== "flag") return undefined
      const bit = index.bitOf(key.key.name)
      return bit === undefined ? anything : { set: 0, clear: (1 << bit) >>> 0 }
    }
    case "and": {
      let mask: FlagMask | undefined = anything
      for (const inner of key.keys) {
        const more: FlagMask | undefined = flagMask(inner, index)
        mask = mask && more && { set: (mask.set | more.set) >>> 0, clear: (mask.clear | more.clear) >>> 0 }
      }
      return mask && (mask.set & mask.clear) === 0 ? mask : undefined
    }
    default:
      return undefined
  }
}
