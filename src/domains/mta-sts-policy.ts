import { createHash } from "node:crypto"

/** What an MTA-STS policy says of one of our domains. */
export interface MtaStsSettings {
  readonly mode: "testing" | "enforce" | "none"
  readonly maxAgeSeconds: number
  /** MX hosts. */
  readonly hosts: readonly string[]
}

/** RFC 8461 §3.2: at most a year. */
const longestSeconds = 31_557_600

/** What is said of it: whole seconds, not more than are allowed. */
export const maxAgeOf = ({ maxAgeSeconds }: Pick<MtaStsSettings, "maxAgeSeconds">): number => Math.min(Math.max(Math.floor(maxAgeSeconds), 0), longestSeconds)

/** The policy as it is served (RFC 8461 §3.2). */
export const mtaStsPolicy = (settings: MtaStsSettings): string =>
  ["version: STSv1", `mode: ${settings.mode}`, ...settings.hosts.map((host) => `mx: ${host}`), `max_age: ${maxAgeOf(settings)}`, ""].join("\r\n")

const idCharacters = 20

/** RFC 8461 §3.1: whoever remembers the policy fetches it again when this changes; it changes exactly when the policy does. */
export const mtaStsId = (settings: MtaStsSettings): string => createHash("sha256").update(mtaStsPolicy(settings)).digest("hex").slice(0, idCharacters)

/** The domain whose policy a request to `mta-sts.DOMAIN` asks for; undefined for other hosts. A port does not count. */
export const policyDomain = (host: string): string | undefined => /^mta-sts\.([a-z0-9.-]{1,240}?)\.?(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase()
