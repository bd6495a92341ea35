/** The ARC sets (RFC 8617 §4.2) that a message carries, read for whoever adds the next one. Whether their signatures hold is not asked here. Pure. */
import { type RawField, unfoldedValue } from "../header.ts"
import { readTags } from "../dkim/tag-list.ts"

export interface ArcSet {
  readonly instance: number
  readonly results: RawField
  readonly messageSignature: RawField
  readonly seal: RawField
  /** `cv=` of the seal. */
  readonly validation: string
}

export type ArcChain =
  | { readonly kind: "none" }
  | { readonly kind: "sets"; /** In the order of their instances, at least one. */ readonly sets: readonly ArcSet[] }
  /** Not a chain: fields missing, doubled or without an instance. */
  | { readonly kind: "broken"; readonly highest: number }

const names = ["arc-authentication-results", "arc-message-signature", "arc-seal"] as const
/** RFC 8617 §4.2.1 */
export const maxInstance = 50

export function readChain(fields: readonly RawField[]): ArcChain {
  const found = fields.filter(({ name }) => (names as readonly string[]).includes(name))
  if (found.length === 0) return { kind: "none" }
  const byInstance = new Map<number, RawField[]>()
  for (const field of found) {
    const instance = instanceOf(field)
    const same = byInstance.get(instance)
    if (same) same.push(field)
    else byInstance.set(instance, [field])
  }
  const highest = Math.max(...byInstance.keys())
  const sets = Array.from({ length: Math.min(highest, maxInstance) }, (_, at) => setOf(at + 1, byInstance.get(at + 1) ?? []))
  const whole = sets.filter((set) => set !== undefined)
  return whole.length > 0 && whole.length === byInstance.size && whole.length === sets.length ? { kind: "sets", sets: whole } : { kind: "broken", highest }
}

/** 0 when it says none. */
const instanceOf = (field: RawField): number => {
  const digits = field.name === "arc-authentication-results" ? /^\s*i\s*=\s*(\d{1,3})\s*;/.exec(unfoldedValue(field))?.[1] : readTags(unfoldedValue(field))?.get("i")
  return digits !== undefined && /^\d{1,3}$/.test(digits) ? Number(digits) : 0
}

function setOf(instance: number, fields: readonly RawField[]): ArcSet | undefined {
  const [results, messageSignature, seal] = names.map((name) => fields.filter((field) => field.name === name)).map(([first, second]) => (second ? undefined : first))
  const validation = seal && readTags(unfoldedValue(seal))?.get("cv")
  return results && messageSignature && seal && validation !== undefined ? { instance, results, messageSignature, seal, validation } : undefined
}
