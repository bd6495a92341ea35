import type { Sealer } from "./sealing.ts"

/** Facts rest like contents do, compressed and sealed: subjects are in them. JSON-safe data in, the same data out. */
const place = "policy-decision"
/** Facts are bounded where they are gathered; this only keeps a damaged row from filling memory. */
const maxPlainBytes = 8 * 1024 * 1024

export const sealFacts = (sealer: Sealer, facts: object): Uint8Array => sealer.seal(Buffer.from(JSON.stringify(facts)), place)

/** Throws when the bytes were changed or sealed with another key. */
export const openFacts = (sealer: Sealer, sealed: Uint8Array): unknown => JSON.parse(sealer.open(sealed, place, maxPlainBytes).toString("utf8"))
