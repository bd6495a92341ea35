/** Destinations that an administrator has written down (`delivery.partners`): what their servers must prove, whatever the DNS says of them. */
import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls"
import { failed, ok, type Result } from "../base/result.ts"

export interface PartnerSetting {
  /** Lower case; `*.` stands for every domain below. */
  readonly domains: readonly string[]
  readonly require: "verified" | "pinned"
  /** PEM; "" for none. */
  readonly caFile: string
  /** Names, any of which a certificate must be for; empty: the recipient's domain and every name below it. */
  readonly names: readonly string[]
  readonly minVersion: "TLSv1.2" | "TLSv1.3"
}

export interface PartnerRule {
  readonly require: PartnerSetting["require"]
  /** As `PeerCheck` takes them. */
  readonly names: readonly string[]
  /** Authorities and versions of the handshake. */
  readonly context: SecureContext
}

/** The rule for a domain: one that names it wins over a wildcard, a longer wildcard over a shorter one. */
export type Partners = (domain: string) => PartnerRule | undefined

export const noPartners: Partners = () => undefined

/** Failure: one sentence about the first file that cannot be used. */
export async function openPartners(settings: readonly PartnerSetting[]): Promise<Result<Partners, string>> {
  const rules = new Map<string, PartnerRule>()
  for (const { domains, require, caFile, names, minVersion } of settings) {
    const authorities = caFile === "" ? ok([]) : await readAuthorities(caFile)
    if (!authorities.ok) return failed(`delivery.partners: ${caFile} ${authorities.failure}`)
    // made once: to read a hundred authorities anew for each handshake would hold everybody up
    const context = createSecureContext({ ca: [...(require === "verified" ? getCACertificates() : []), ...authorities.value], minVersion })
    for (const domain of domains) rules.set(domain, { require, names: names.map(reference), context })
  }
  return ok((domain) => {
    const name = domain.toLowerCase()
    const rule = candidates(name).flatMap((pattern) => rules.get(pattern) ?? [])[0]
    // RFC 5321 §5.1 takes hosts from a DNS that anybody may have forged: only the domain itself says whom its mail is for
    return rule && { ...rule, names: rule.names.length > 0 ? rule.names : [name, `.${name}`] }
  })
}

/** `*.x.example` is written `.x.example` where names are compared. */
const reference = (name: string): string => name.replace(/^\*\./, ".")

const candidates = (domain: string): readonly string[] => {
  const labels = domain.split(".")
  return [domain, ...labels.slice(1).map((_, at) => `*.${labels.slice(at + 1).join(".")}`)]
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

async function readAuthorities(file: string): Promise<Result<readonly string[], string>> {
  try {
    const blocks = (await readFile(file, "latin1")).match(pemBlock) ?? []
    if (blocks.length === 0) return failed("has no certificate in PEM in it")
    return ok(blocks.map((block) => new X509Certificate(block).toString()))
  } catch (error) {
    return failed(`cannot be used (${error instanceof Error ? error.message : String(error)})`)
  }
}
