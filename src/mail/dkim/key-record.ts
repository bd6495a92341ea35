/** The TXT record of a DKIM key (RFC 6376 §3.6.1), written and compared. Pure. */
import type { DkimAlgorithm } from "./signing-key.ts"
import { readTags } from "./tag-list.ts"

export interface PublishedKey {
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
  readonly publicKey: Uint8Array
}

export const keyRecordName = ({ domain, selector }: Pick<PublishedKey, "domain" | "selector">): string => `${selector}._domainkey.${domain}`

const keyType = (algorithm: DkimAlgorithm): string => (algorithm === "rsa-sha256" ? "rsa" : "ed25519")

export const keyRecord = ({ algorithm, publicKey }: Pick<PublishedKey, "algorithm" | "publicKey">): string =>
  `v=DKIM1; k=${keyType(algorithm)}; p=${Buffer.from(publicKey).toString("base64")}`

/** Whether a record makes our signatures verify: the same key, no testing flag, no restriction that would exclude mail. */
export function recordFits(text: string, { algorithm, publicKey }: Pick<PublishedKey, "algorithm" | "publicKey">): boolean {
  const tags = readTags(text)
  if (!tags || (tags.has("v") && tags.get("v") !== "DKIM1")) return false
  const flags = (tags.get("t") ?? "").split(":").map((flag) => flag.trim())
  const services = (tags.get("s") ?? "*").split(":").map((service) => service.trim())
  const hashes = tags.get("h")?.split(":").map((hash) => hash.trim())
  return (
    (tags.get("k") ?? "rsa") === keyType(algorithm) &&
    (tags.get("p") ?? "").replace(/\s/g, "") === Buffer.from(publicKey).toString("base64") &&
    !flags.includes("y") && (services.includes("*") || services.includes("email")) && (hashes === undefined || hashes.includes("sha256"))
  )
}
