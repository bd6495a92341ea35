import type { CertificatePair } from "./certificate-pair.ts"

/** Server certificates by how long they still are good, for whoever looks after them. Pure. */
export interface Standings {
  readonly ended: readonly Standing[]
  readonly ending: readonly Standing[]
  readonly good: readonly Standing[]
}

export interface Standing {
  readonly name: string
  /** When it ends, ms since the epoch. */
  readonly date: number
}

const warningMs = 14 * 86_400_000

export function certificateStandings(pairs: readonly CertificatePair[], now: number): Standings {
  const all = pairs.map(({ names, fingerprint, notAfter }) => ({ name: names[0] ?? fingerprint.slice(0, 16), date: notAfter }))
  const until = (from: number, to: number): readonly Standing[] => all.filter(({ date }) => date > from && date <= to)
  return { ended: until(-Infinity, now), ending: until(now, now + warningMs), good: until(now + warningMs, Infinity) }
}
