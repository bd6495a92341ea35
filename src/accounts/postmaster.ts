import type { Directory } from "./directory.ts"

/** The postmaster of a host's domain, or of the nearest domain above it that has one here; in the host's own where there is none. */
export function postmasterOf(directory: Pick<Directory, "resolve">, hostname: string, localPart = "postmaster"): string {
  const labels = hostname.split(".")
  for (let at = 0; at < labels.length; at++) {
    const address = `${localPart}@${labels.slice(at).join(".")}`
    const { kind } = directory.resolve(address)
    if (kind === "account" || kind === "group") return address
  }
  return `${localPart}@${hostname}`
}
