import type { CertificatePair } from "./certificate-pair.ts"

/** How the server certificates stand, for whoever looks after them. Pure. */
export type CertificateHealth = { readonly kind: "good" | "warning" | "problem"; readonly detail: string }

const warningDays = 14
const day = 86_400_000

export function certificateHealth(pairs: readonly CertificatePair[], problems: readonly string[], now: number): CertificateHealth {
  const ended = pairs.filter(({ notAfter }) => notAfter <= now)
  const wrong = [...problems, ...ended.map((pair) => `the certificate of ${nameOf(pair)} ended on ${dateOf(pair)}`)]
  if (wrong.length > 0) return { kind: "problem", detail: wrong.join("; ") }
  const soon = pairs.filter(({ notAfter }) => notAfter - now <= warningDays * day)
  if (soon.length > 0) return { kind: "warning", detail: soon.map((pair) => `the certificate of ${nameOf(pair)} ends on ${dateOf(pair)}`).join("; ") }
  return { kind: "good", detail: pairs.map((pair) => `${nameOf(pair)} until ${dateOf(pair)}`).join(", ") }
}

const nameOf = ({ names, fingerprint }: CertificatePair): string => names[0] ?? fingerprint.slice(0, 16)

const dateOf = ({ notAfter }: CertificatePair): string => new Date(notAfter).toISOString().slice(0, 10)
