import type { Sealer } from "./sealing.ts"

/** Facts rest like contents do, sealed, and compressed when they are long: subjects are in them. JSON-safe data in, the same data out. */
const place = "policy-decision"
/** Facts of an unsigned message have 800 bytes; compressing them would save 300 and take half of the time that the decision takes. */
const worthCompressing = 1_500
/** Facts are bounded where they are gathered; this only keeps a damaged row from filling memory. */
const maxPlainBytes = 8 * 1024 * 1024

export const sealFacts = (sealer: Sealer, facts: object): Uint8Array => sealer.seal(Buffer.from(JSON.stringify(facts)), place, worthCompressing)

/** Throws when the bytes were changed or sealed with another key. */
export const openFacts = (sealer: Sealer, sealed: Uint8Array): unknown => JSON.parse(sealer.open(sealed, place, maxPlainBytes).toString("utf8"))
